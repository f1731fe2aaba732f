import { expect, it } from 'vitest';
import { inspectImport } from './inspect';
import { golden, importAll } from './testing';

// The page's content security policy allows no code made at run time. Here it would pass unseen, in a browser it throws.
it('no reader compiles WebAssembly', async () => {
  const real = globalThis.WebAssembly;
  const compiled: string[] = [];
  globalThis.WebAssembly = new Proxy(real, {
    get(target, key) {
      compiled.push(String(key));
      return Reflect.get(target, key) as unknown;
    }
  });
  try {
    for (const name of ['chats-snappy', 'chats-zstd', 'pairs-gzip', 'pairs-brotli', 'pairs-lz4']) {
      const input = { kind: 'file', file: golden(`${name}.parquet`) } as const;
      const { mapping } = await inspectImport(input);
      expect((await importAll(input, mapping)).rows.length).toBeGreaterThan(40);
    }
    for (const name of ['two-columns.pdf', 'handbook.docx']) {
      await inspectImport({ kind: 'file', file: golden(name) });
    }
  } finally {
    globalThis.WebAssembly = real;
  }
  // Node itself compiles and instantiates to load modules; packages with code inside make a `Module` of it.
  expect(compiled).not.toContain('Module');
});
