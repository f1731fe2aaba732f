import { expect, test } from 'vitest';
import { baseMismatch } from './adapter-base';

const [own, other] = ['a'.repeat(64), 'b'.repeat(64)];
const model = (name: string, hash = own) => ({ name, sha256: () => Promise.resolve(hash) });
const adapter = (baseModel: string) => ({
  config: { baseModel, rank: 4, alpha: 8, dropout: 0, targetModules: ['q_proj'], rsLora: false }
});

test('a base of another hash is told, whatever its name and shape', async () => {
  expect(await baseMismatch(adapter('acme/tide-1b'), model('acme/tide-1b'), own)).toBeUndefined();
  expect(await baseMismatch(adapter('acme/tide-1b'), model('renamed'), own)).toBeUndefined();
  expect(await baseMismatch(adapter('acme/tide-1b'), model('acme/tide-1b', other), own)).toMatch(
    /trained on another base: its record has acme\/tide-1b with SHA-256 a{16}…, and acme\/tide-1b has b{16}…/
  );
});

test.each([
  ['meta-llama/Llama-3.2-1B', '/home/me/Llama-3.2-1B/', undefined],
  ['meta-llama/Llama-3.2-1B', 'llama-3.2-1b-q4_k_m', undefined],
  ['unsloth/llama-3.2-1b-bnb-4bit', 'Llama-3.2-1B', undefined],
  ['', 'anything', undefined],
  ['acme/tide-1b', 'acme/dune-1b', 'The adapter names acme/tide-1b as its base, and this is acme/dune-1b.']
])('without a hash the names are compared: %s on %s', async (named, given, notice) => {
  const told = await baseMismatch(adapter(named), model(given), undefined);
  if (notice === undefined) expect(told).toBeUndefined();
  else expect(told).toContain(notice);
});
