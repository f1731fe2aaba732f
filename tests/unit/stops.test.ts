/** An end that was asked for is known by our own reason, never by the name that browsers give to other failures, too. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /(?<!\.test)\.(ts|svelte)$/.test(entry.name))
    .filter((entry) => !entry.name.startsWith('testing'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Where the name stands for a failure of its own: IndexedDB gives it to transactions that went with their connection. */
const NAMED_FAILURES = ['src/lib/datanets/store/database.ts'];

it('is told from a failure by its class: no code asks for the name AbortError, and no signal ends without our reason', async () => {
  const faults: string[] = [];
  for (const file of await sources('src')) {
    const text = await readFile(file, 'utf8');
    const named = /['"`]AbortError|ABORT_ERR/.test(text) && !NAMED_FAILURES.includes(file);
    if (named) faults.push(`${file}: asks for the name AbortError`);
    for (const [call] of text.matchAll(/\b(?!transaction)\w+\??\.abort\(\)/g))
      faults.push(`${file}: ${call}`);
  }
  expect(faults).toEqual([]);
});
