import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

it('stays out of the first download, and brings no ONNX runtime later', async () => {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      target: 'es2023',
      rolldownOptions: { input: 'src/lib/formats/tokenizer.ts', preserveEntrySignatures: 'strict' }
    }
  });
  const { output } = result as Rolldown.RolldownOutput;
  const chunks = output.filter((file) => file.type === 'chunk');
  const later = chunks.find((chunk) => chunk.name.startsWith('transformers'))!;
  expect(later.isDynamicEntry).toBe(true);
  expect(later.code.length).toBeGreaterThan(300_000);

  // The engine of templates comes later as well.
  const first = chunks.filter((chunk) => !chunk.isDynamicEntry);
  expect(first.some((chunk) => chunk.imports.includes(later.fileName))).toBe(false);
  expect(first.reduce((sum, chunk) => sum + chunk.code.length, 0)).toBeLessThan(20_000);

  // The runtime's WebAssembly would be emitted as files beside the chunks, its glue inside them.
  expect(output.map((file) => file.fileName).filter((name) => /wasm|ort/.test(name))).toEqual([]);
  expect(later.code).not.toContain('_OrtCreateSession');
}, 60_000);
