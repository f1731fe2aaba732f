import { expect, test } from 'vitest';
import { learningRateAt } from './schedule';

const options = { peak: 0.004, warmup: 5, steps: 20 };

test('warm-up starts at 0 and reaches the peak at its last step', () => {
  for (const scheduler of ['linear', 'cosine', 'constant'] as const) {
    expect(learningRateAt(0, { ...options, scheduler })).toBe(0);
    expect(learningRateAt(3, { ...options, scheduler })).toBeCloseTo(0.0024, 12);
    expect(learningRateAt(5, { ...options, scheduler })).toBe(0.004);
  }
});

test('then linear and cosine fall to 0 where the run ends, and constant stays', () => {
  expect(learningRateAt(20, { ...options, scheduler: 'linear' })).toBe(0);
  expect(learningRateAt(20, { ...options, scheduler: 'cosine' })).toBeCloseTo(0, 15);
  // transformers' get_cosine_schedule_with_warmup(5, 20) at step 9.
  expect(learningRateAt(8, { ...options, scheduler: 'cosine' })).toBeCloseTo(0.003618033988749895, 15);
  expect(learningRateAt(12, { ...options, scheduler: 'linear' })).toBeCloseTo((0.004 * 8) / 15, 15);
  expect(learningRateAt(19, { ...options, scheduler: 'constant' })).toBe(0.004);
});

test('without warm-up the first step runs at the peak', () => {
  expect(learningRateAt(0, { scheduler: 'linear', peak: 1, warmup: 0, steps: 4 })).toBe(1);
});
