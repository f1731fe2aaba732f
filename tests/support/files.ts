/** Reads committed files in Node and in the browser alike. */

/**
 * The bytes of a file, named by its path from the repository's root (`tests/goldens/llama.json`).
 * In the browser Vite hands them out as they are, code and files without an extension excepted.
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof process !== 'undefined' && process.versions?.node) {
    const { readFile } = await import('node:fs/promises');
    return new Uint8Array(await readFile(new URL(`../../${path}`, import.meta.url)));
  }
  const response = await fetch(`/${path}`);
  // For a file that is not there, Vite answers with its page.
  if (!response.ok || response.headers.get('content-type')?.startsWith('text/html')) {
    throw new Error(`${path}: not found (${response.status})`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** A committed text file. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

/** A committed JSON file, as what the test says it is. */
export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readText(path)) as T;
}
