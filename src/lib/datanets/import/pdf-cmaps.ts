/** The maps from codes to characters that fonts of East Asian PDFs name and do not bring (Adobe's CMap resources). */

/** A character map that pdf.js asks for. */
export interface PackedCMap {
  cMapData: Uint8Array<ArrayBuffer>;
  isCompressed: true;
}

/**
 * A source of maps for one document. pdf.js drops the text of a font whose map it cannot have, so those are remembered.
 */
export class CMapSource {
  /** Names of maps that were asked for in vain since the last `takeMissing`. */
  #missing = new Set<string>();

  /** What pdf.js makes a reader of, by `new` and without a word to it. */
  get Factory(): new () => { fetch(map: { name: string }): Promise<PackedCMap> } {
    const missing = this.#missing;
    return class {
      async fetch({ name }: { name: string }): Promise<PackedCMap> {
        try {
          return { cMapData: await readCMap(name), isCompressed: true };
        } catch (cause) {
          missing.add(name);
          throw cause;
        }
      }
    };
  }

  takeMissing(): string[] {
    const names = [...this.#missing];
    this.#missing.clear();
    return names;
  }
}

/** Reads a map from pdf.js' own package: over the site where it was built, from the disk in Node. */
async function readCMap(name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!/^[\w-]{1,60}$/.test(name)) throw new Error(`no map is called ${name.slice(0, 60)}`);
  // In this form a bundler brings all of them along as files of their own, each fetched when it is asked for.
  const url = new URL(`../../../../node_modules/pdfjs-dist/cmaps/${name}.bcmap`, import.meta.url);
  if (url.protocol === 'file:') {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
