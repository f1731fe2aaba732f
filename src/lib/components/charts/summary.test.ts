import { describe, expect, it } from 'vitest';
import { describeCurve, samplePositions, smooth, summariseCurve } from './summary';

describe('a curve in words', () => {
  it('names where it began, where it is and how far it went', () => {
    expect(describeCurve('Loss', [3.2, 1, 0.81, 0.84])).toBe(
      'Loss over 4 steps: from 3.2 to 0.84, lowest 0.81, highest 3.2.'
    );
    expect(describeCurve('Loss', [])).toBe('Loss: no step yet.');
    expect(describeCurve('Loss', [2])).toContain('over 1 step:');
    expect(describeCurve('Words', [2, 9], 'row', 5000)).toContain('Words over 5,000 rows: from 2 to 9');
  });

  it('leaves out what is not a number', () => {
    expect(summariseCurve([Number.NaN, 2, Number.POSITIVE_INFINITY, 1])).toEqual({
      first: 2,
      last: 1,
      lowest: 1,
      highest: 2
    });
    expect(summariseCurve([Number.NaN])).toBeUndefined();
  });

  it('samples evenly with both ends', () => {
    expect(samplePositions(3, 10)).toEqual([0, 1, 2]);
    expect(samplePositions(101, 5)).toEqual([0, 25, 50, 75, 100]);
  });

  it('smooths without a bias towards zero at the start', () => {
    expect(smooth([5, 5, 5])).toEqual([5, 5, 5].map((value) => expect.closeTo(value, 10)));
    const wave = smooth([0, 10, 0, 10, 0, 10]);
    expect(Math.max(...wave)).toBeLessThan(8);
    expect(smooth([1, Number.NaN, 1])[1]).toBeCloseTo(1);
  });
});
