import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { meanLearningRate, momentsOf, momentSteps } from './moments';

describe('the steps at which a run is looked at', () => {
  it('are a quarter of the run apart where three are asked for', () => {
    expect(momentSteps(99, 3)).toEqual([25, 50, 75]);
    expect(momentSteps(100, 3)).toEqual([25, 50, 75]);
    expect(momentSteps(5, 3)).toEqual([2, 4]);
    expect(momentSteps(1, 3)).toEqual([]);
    expect(momentSteps(99, 0)).toEqual([]);
  });

  it('are evenly apart, before the end, and never more than asked for, whatever the run', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 20 }), (steps, count) => {
        const at = momentSteps(steps, count);
        expect(at.length).toBeLessThanOrEqual(count);
        expect(at.length).toBeGreaterThanOrEqual(Math.min(1, steps - 1));
        at.forEach((step, i) => expect(step).toBe((i + 1) * at[0]));
        if (at.length > 0) {
          expect(at.at(-1)).toBeLessThan(steps);
          expect(at.at(-1)! + at[0]).toBeGreaterThanOrEqual(steps);
        }
      }),
      fuzz(100)
    );
  });
});

describe('what a moment stands for', () => {
  const steps = [1, 2, 3, 4, 5].map((learningRate) => ({ learningRate }));

  it('is the mean learning rate of the steps since the moment before', () => {
    expect(meanLearningRate(steps, 0, 2)).toBe(1.5);
    expect(meanLearningRate(steps, 2, 5)).toBe(4);
  });

  it('is the same whether moments are kept by the run or made of its checkpoints', () => {
    const state = (count: number) => ({
      values: Float32Array.of(count),
      steps: steps.slice(0, count) as never
    });
    expect(momentsOf([state(2), state(5)])).toEqual([
      { values: Float32Array.of(2), learningRate: 1.5 },
      { values: Float32Array.of(5), learningRate: 4 }
    ]);
  });
});
