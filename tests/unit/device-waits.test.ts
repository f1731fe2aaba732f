/** Everything that waits for the GPU stands behind the guard that tells a lost one in our words. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const waits =
  /await\s+[\w.#?!\s]+\.(mapAsync|onSubmittedWorkDone|popErrorScope|getCompilationInfo|createComputePipelineAsync)\(/g;

it('no code waits for a device by itself', async () => {
  const entries = await readdir('src', { recursive: true, withFileTypes: true });
  const files = entries
    .filter(({ name }) => /(?<!\.test)\.(ts|svelte)$/.test(name))
    .map(({ parentPath, name }) => join(parentPath, name));
  const faults: string[] = [];
  let guarded = 0;
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    for (const [call] of text.matchAll(waits)) faults.push(`${file}: ${call}`);
    guarded +=
      text.match(/nswer\(\s*[\w.#]+\.(mapAsync|onSubmittedWorkDone|getCompilationInfo|create)/g)?.length ?? 0;
  }
  expect(faults).toEqual([]);
  expect(guarded).toBeGreaterThan(5);
});
