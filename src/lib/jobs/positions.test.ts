import { expect, test } from 'vitest';
import { positionsNotice } from './positions';
import { fittedWarmup, trainingSteps } from './training-steps';
import { defaultOptions } from './options';

const rows = (...lengths: number[]) => lengths.map((length) => ({ tokens: new Uint32Array(length) }));

test('rows beyond the positions of the model are counted, with the longest', () => {
  expect(positionsNotice(rows(256, 12), 256)).toBeUndefined();
  expect(positionsNotice(rows(257, 12, 900), 256)).toBe(
    '2 of 3 rows are longer than the 256 tokens that the model was made for (the longest has 900). Set the length to 256 or less, or split the rows.'
  );
});

test('a warm-up as long as the run is shortened to a fifth of it, and only that', () => {
  expect([0, 1, 3, 5, 6, 11].map((steps) => fittedWarmup(5, steps))).toEqual([0, 0, 0, 1, 5, 5]);
  expect(fittedWarmup(10, 10)).toBe(2);
});

test('a short run reaches its learning rate with the defaults', () => {
  const rates = (options: Partial<typeof defaultOptions>) =>
    [...trainingSteps(7, { ...defaultOptions, ...options })].map((step) => step.options.learningRate);
  expect(Math.max(...rates({}))).toBe(defaultOptions.learningRate);
  expect(rates({ maxSteps: 1 })).toEqual([defaultOptions.learningRate]);
});
