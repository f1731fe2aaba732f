import { describe, expect, it } from 'vitest';
import { readBytes, readJson, readText } from './files';

// A GPU test by name only: it must hold in Node and in the browser.
describe('reading committed files', () => {
  it('reads text, JSON and bytes by their path from the root', async () => {
    expect(await readText('README.md')).toContain('# Tabtune');
    expect((await readJson<{ name: string }>('package.json')).name).toBe('tabtune');
    const bytes = await readBytes('tests/goldens/models/llama-tied/model.safetensors');
    const headerBytes = new DataView(bytes.buffer).getBigUint64(0, true);
    expect(bytes.length).toBeGreaterThan(Number(headerBytes) + 8);
  });

  it('fails for a file that is not there', async () => {
    await expect(readBytes('tests/goldens/nothing.json')).rejects.toThrow();
  });
});
