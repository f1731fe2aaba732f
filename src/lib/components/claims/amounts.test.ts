/** Amounts of money are exact to the last digit, whatever their size. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { coins, parseCoins } from './amounts';

describe('amounts', () => {
  it('are exact decimal numbers', () => {
    expect(coins(0n, 18)).toBe('0');
    expect(coins(1n, 18)).toBe('0.000000000000000001');
    expect(coins(1_234_500_000_000_000_000_000n, 18)).toBe('1,234.5');
    expect(coins(12n, 0)).toBe('12');
  });

  it('are read as they are written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n }), fc.nat({ max: 30 }), (units, decimals) => {
        const written = coins(units, decimals);
        // One comma and no point: to some that is a decimal number.
        const once = /^\d+,\d+$/.test(written);
        expect(parseCoins(once ? `${written}.` : written, decimals)).toBe(units);
      }),
      fuzz(100)
    );
    expect(parseCoins('1,234,567', 0)).toBe(1_234_567n);
    expect(parseCoins('٢٫٥'.replace('٫', '.'), 1)).toBe(25n);
    expect(parseCoins(' .5 ', 18)).toBe(5n * 10n ** 17n);
    expect(parseCoins('2.', 6)).toBe(2_000_000n);
  });

  it('that are none, or finer than the coin, are refused', () => {
    for (const text of ['', '.', ' ', '-1', '1e3', '0x10', '1.2.3', ',5', '0.0000001', '9'.repeat(200)]) {
      expect(parseCoins(text, 6)).toBeUndefined();
    }
  });

  it('with a comma that may be one of decimals are refused, never taken for thousands', () => {
    for (const text of ['0,5', '12,50', '1,500', '1,5000', '1,23,456', '1.234,56']) {
      expect(parseCoins(text, 6)).toBeUndefined();
    }
  });
});
