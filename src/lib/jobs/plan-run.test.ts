import { describe, expect, test } from 'vitest';
import { AdapterFitError, checkFits, findFittingChange } from './fit';
import { completeOptions } from './options';
import { planRun } from './plan-run';

const llama1b = {
  model_type: 'llama',
  hidden_size: 2048,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  intermediate_size: 8192,
  vocab_size: 128256,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  tie_word_embeddings: true
};
const gpu = { style: 'cooperative' as const, maxTensorBytes: 2 ** 30 };

test('a 4-bit base takes 4.13 bits a weight, and 16 bits take four times that', () => {
  const bytes = (method: 'qlora' | 'lora') =>
    planRun(llama1b, completeOptions({ method }), gpu).parts.find((p) => p.name === 'base model')!.bytes;
  const vocabulary = 128256 * 2048 * 2;
  const weights = 16 * (2 * 2048 * 2048 + 2 * 512 * 2048 + 3 * 8192 * 2048);
  expect(((bytes('qlora') - vocabulary) * 8) / weights).toBeCloseTo(4.13, 2);
  expect(((bytes('lora') - vocabulary) * 8) / weights).toBeCloseTo(16, 1);
});

test('the parts add up to the figure that the person sees', () => {
  const plan = planRun(llama1b, completeOptions({}), gpu);
  expect(plan.parts.reduce((sum, p) => sum + p.bytes, 0)).toBe(plan.plannedBytes);
});

test('at most 30 dispatches a decoder layer, forward and backward with checkpointing together', () => {
  const count = (layers: number) =>
    planRun(
      { ...llama1b, num_hidden_layers: layers },
      completeOptions({ checkpointing: 'on', batchSize: 1 }),
      gpu
    ).dispatchesPerStep;
  expect(count(3) - count(2)).toBeLessThanOrEqual(30);
});

test('checkpointing is chosen when kept activations would be large, and takes less', () => {
  const options = completeOptions({ batchSize: 8, maxLength: 512 });
  expect(planRun(llama1b, options, gpu).training.checkpointing).toBe(true);
  expect(planRun(llama1b, completeOptions({ batchSize: 1, maxLength: 32 }), gpu).training.checkpointing).toBe(
    false
  );
  const kept = planRun(llama1b, { ...options, checkpointing: 'off' }, gpu).plannedBytes;
  expect(planRun(llama1b, options, gpu).plannedBytes).toBeLessThan(kept / 2);
});

describe('a run that does not fit', { timeout: 60_000 }, () => {
  const small = { style: 'cooperative' as const, maxTensorBytes: 128 * 2 ** 20 };
  /** What does not fit is in every layer alike, and two are planned in no time. */
  const llama = { ...llama1b, num_hidden_layers: 2 };
  const wide = { ...llama, hidden_size: 4096, intermediate_size: 14336, vocab_size: 4096 };
  const textOf = (
    config: unknown,
    given: Parameters<typeof completeOptions>[0],
    mebibytes = 128,
    longest?: number
  ) =>
    findFittingChange(
      config,
      completeOptions(given),
      { ...small, maxTensorBytes: mebibytes * 2 ** 20 },
      longest
    )?.text;

  test('is refused with what is short and what would fit', () => {
    const options = completeOptions({ batchSize: 16, maxLength: 2048 });
    const plan = planRun(llama, options, small);
    expect(() => checkFits(llama, options, plan, small)).toThrow(AdapterFitError);
    expect(() => checkFits(llama, options, plan, small)).toThrow(
      /needs \d+ MiB in one piece; this GPU allows 128 MiB, \d+ MiB short\. It would fit with: length \d+\.$/
    );
  });

  test('is told the least that fits: length, batch, rank, checkpointing, quantisation, in that order', () => {
    expect(textOf(llama, { batchSize: 16, maxLength: 2048 })).toBe('length 128');
    // Of rows that are shorter anyway, a length helps that cuts them.
    expect(textOf(llama, { batchSize: 16, maxLength: 2048 }, 128, 136)).toBe('length 64');
    // Where no length is enough, the batch is; a step sees as many rows as before.
    expect(textOf(llama, { batchSize: 256, maxLength: 64, gradAccum: 2 }, 32)).toBe(
      'batch size 8 with accumulation 64'
    );
    expect(textOf(wide, { batchSize: 1, maxLength: 32, rank: 256 })).toBe('rank 128 with alpha 16');
    expect(textOf(wide, { batchSize: 1, maxLength: 32, rank: 8, method: 'lora' })).toBe('QLoRA');
  });

  test('is told several changes where none is enough, and nothing where all are not', () => {
    const text = textOf(wide, { batchSize: 32, maxLength: 1024, rank: 256, method: 'lora' });
    expect(text).toBe('length 32, rank 128 with alpha 16, QLoRA');
    expect(textOf(wide, {}, 1)).toBeUndefined();
  });

  test('fits with what it is told', () => {
    const options = completeOptions({ batchSize: 32, maxLength: 4096, rank: 64 });
    const change = findFittingChange(wide, options, small)!;
    expect(planRun(wide, { ...options, ...change.options }, small).tooLarge).toBeUndefined();
  });
});
