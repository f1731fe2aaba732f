import { describe, expect, test } from 'vitest';
import { checkFits, AdapterFitError } from './fit';
import { completeOptions } from './options';
import { findFittingChange, planRun } from './plan-run';

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
  const options = completeOptions({ batchSize: 16, maxLength: 2048 });

  test('is refused with what is short and what would fit', () => {
    const plan = planRun(llama1b, options, small);
    expect(() => checkFits(llama1b, options, plan, small)).toThrow(AdapterFitError);
    expect(() => checkFits(llama1b, options, plan, small)).toThrow(
      /needs \d+ MiB in one piece; this GPU allows 128 MiB, \d+ MiB short\. It would fit with: Batch size \d+ with accumulation/
    );
  });

  test('finds a change that keeps the rows of a step', () => {
    const change = findFittingChange(llama1b, options, small, Infinity)!;
    expect(change.options.batchSize! * change.options.gradAccum!).toBe(16);
    expect(findFittingChange(llama1b, options, small, 1)).toBeUndefined();
  });
});
