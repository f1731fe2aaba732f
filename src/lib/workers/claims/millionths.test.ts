import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { millionthsOf } from './millionths';

describe('millionths', () => {
  it('add up to the whole, each within one of its share, and equals get no less than those after them', () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(shares, (list) => {
        const sum = list.reduce((a, b) => a + b, 0);
        fc.pre(sum > 1e-300);
        const found = millionthsOf(list);
        expect(found.reduce((a, b) => a + b, 0)).toBe(1_000_000);
        found.forEach((share, i) => {
          expect(Math.abs(share - (list[i] / sum) * 1_000_000)).toBeLessThanOrEqual(1.000001);
          if (i > 0 && list[i] === list[i - 1]) expect(share).toBeLessThanOrEqual(found[i - 1]);
        });
      }),
      fuzz(100)
    );
  });

  it('are all zero where nobody has anything', () => {
    expect(millionthsOf([0, 0])).toEqual([0, 0]);
    expect(millionthsOf([])).toEqual([]);
    expect(millionthsOf([NaN])).toEqual([0]);
  });
});
