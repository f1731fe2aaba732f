/** What somebody types is read as what they mean, wherever they come from, or not at all. */
import { describe, expect, it } from 'vitest';
import { readDecimal, readWhole } from './read-number';

describe('a number that was typed', () => {
  it.each([
    ['0.5', 0.5],
    ['0,5', 0.5],
    [' 12,25 ', 12.25],
    ['0,002', 0.002],
    ['2e-4', 2e-4],
    ['1.', 1],
    [',5', 0.5],
    ['٠٫٥', 0.5],
    ['۱۲', 12],
    ['１２．５'.replace('．', '.'), 12.5]
  ])('%s is %d', (text, expected) => {
    expect(readDecimal(text)).toBe(expected);
  });

  it.each(['', ' ', '1,000', '-2,500', '1,2,3', '1.2.3', '0x10', 'Infinity', '1 000', 'e5'])(
    '%j is none, or could be two',
    (text) => {
      expect(readDecimal(text)).toBeNaN();
    }
  );

  it('is whole only in digits', () => {
    expect([' 512', '٤٢', '0', '', '1e3', '-1', '2.0', '1,000', '0x10'].map(readWhole)).toEqual([
      512,
      42,
      0,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined
    ]);
  });
});
