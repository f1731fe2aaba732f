/** A card that lies beside an adapter is somebody's: it is read for what it names, and in a bounded time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { writeModelCard, type ModelCard } from './model-card';
import { isNamedSo, readModelCard } from './model-card-reading';

const cardOf = (name: string, base: string, baseSha256?: string): ModelCard => ({
  ...{ name, data: [], contributors: [], claims: [], sha256: 'b'.repeat(64) },
  base: { name: base, ...(baseSha256 === undefined ? {} : { sha256: baseSha256 }) },
  lora: { rank: 16, alpha: 0.5, targets: ['q_proj', 'v_proj'], rsLora: true }
});

describe('a model card', () => {
  it('gives back what it was written of, whatever things are called', async () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom(
        'a/b',
        'owner/base-1.5',
        'x, rank 4, alpha 2',
        'base_model: "x"',
        '`',
        'a\nA LoRA adapter for b'
      )
    );
    await fc.assert(
      fc.asyncProperty(name, name, fc.boolean(), async (title, base, hashed) => {
        const sha256 = hashed ? '7'.repeat(64) : undefined;
        const names = readModelCard(await writeModelCard(cardOf(title, base, sha256)));
        expect(names).toMatchObject({ rank: '16', alpha: '0.5', rsLora: true, sha256: 'b'.repeat(64) });
        expect(names?.baseSha256).toBe(sha256);
        expect(isNamedSo(names!, base)).toBe(true);
        expect(isNamedSo(names!, `${base}another`)).toBe(false);
      }),
      fuzz(100)
    );
  });

  it('is none where its head names another base than its text, or either says a thing twice', async () => {
    const text = await writeModelCard(cardOf('Harbour', 'owner/base'));
    expect(text).toContain('base_model: "owner/base"');
    expect(readModelCard(text)).toBeDefined();
    for (const other of [
      text.replace('base_model: "owner/base"', 'base_model: "owner/other"'),
      text.replace('base_model: "owner/base"', 'base_model: owner/base'),
      text.replace('base_model: "owner/base"', 'base_model: "owner/base"\nbase_model: "owner/other"'),
      `${text}\nA LoRA adapter for something else`,
      `${text}\nThe SHA-256 of \`adapter_model.safetensors\` is \`${'c'.repeat(64)}\`.`,
      '# Harbour'
    ]) {
      expect(readModelCard(other)).toBeUndefined();
    }
  });

  it('made to be slow is read at once', () => {
    const begun = performance.now();
    const part = ', rank 1, alpha 1 (scaled by alpha / rank), on ';
    expect(readModelCard(`A LoRA adapter for ${part.repeat(20_000)}`)).toBeUndefined();
    expect(readModelCard(`A LoRA adapter for ${part.repeat(80)}\n`.repeat(250))).toBeUndefined();
    expect(readModelCard(`A LoRA adapter for ${part.repeat(80)}`)).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});
