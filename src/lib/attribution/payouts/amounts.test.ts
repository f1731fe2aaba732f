/** Money is divided to the last unit, by shares alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { apportion, payoutOf, releasedOf } from './amounts';
import type { Payee } from './payees';

const sumOf = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);
const total = fc.bigInt({ min: 0n, max: 10n ** 27n });
const share = fc.bigInt({ min: 0n, max: 1_000_000n });
const shares = fc.array(share, { minLength: 1, maxLength: 40 }).filter((all) => sumOf(all) > 0n);
const payee = (share: number): Payee => ({ address: `0x${'1'.repeat(40)}`, share, contributors: [] });

describe('apportion', () => {
  it('gives what is left over to those who were cut most, of equals to the earlier', () => {
    expect(apportion(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
    expect(apportion(10n, [10n, 25n, 65n])).toEqual([1n, 3n, 6n]);
    expect(apportion(2n, [1n, 1n, 2n])).toEqual([1n, 0n, 1n]);
    expect(apportion(7n, [0n, 5n])).toEqual([0n, 7n]);
    expect(apportion(7n, [0n, 0n])).toEqual([0n, 0n]);
  });

  it('sums exactly, and gives nobody less than the share rounded down or more than it rounded up', () => {
    fc.assert(
      fc.property(total, shares, (total, shares) => {
        const amounts = apportion(total, shares);
        const sum = sumOf(shares);
        expect(sumOf(amounts)).toBe(total);
        amounts.forEach((amount, index) => {
          const floor = (total * shares[index]) / sum;
          const exact = floor * sum === total * shares[index];
          expect(amount === floor || (!exact && amount === floor + 1n)).toBe(true);
        });
      }),
      fuzz(100)
    );
  });

  it('gives who has more no less', () => {
    fc.assert(
      fc.property(total, fc.uniqueArray(share, { minLength: 2, maxLength: 20 }), (total, shares) => {
        const sorted = [...shares].sort((a, b) => (a < b ? -1 : 1));
        const amounts = apportion(total, sorted);
        amounts.slice(1).forEach((amount, index) => expect(amount).toBeGreaterThanOrEqual(amounts[index]));
      }),
      fuzz(100)
    );
  });
});

describe('a payout', () => {
  it('leaves the part of those without a wallet unpaid, and gives it to nobody else', () => {
    expect(payoutOf(1001n, [payee(500_000), payee(250_000)])).toEqual({
      amounts: [500n, 250n],
      paid: 750n,
      left: 251n
    });
    fc.assert(
      fc.property(
        total,
        fc.array(fc.integer({ min: 1, max: 25_000 }), { maxLength: 40 }),
        (total, shares) => {
          const { amounts, paid, left } = payoutOf(total, shares.map(payee));
          expect(paid + left).toBe(total);
          expect(sumOf(amounts)).toBe(paid);
          amounts.forEach((amount, index) => {
            expect(amount * 1_000_000n).toBeLessThanOrEqual(total * BigInt(shares[index]) + 1_000_000n);
          });
        }
      ),
      fuzz(100)
    );
  });

  it('through a splitter is never more than was paid in, and short of it by less than a unit each', () => {
    fc.assert(
      fc.property(total, fc.array(fc.integer({ min: 1, max: 25_000 }), { minLength: 1 }), (total, shares) => {
        const released = sumOf(releasedOf(total, shares.map(payee)));
        expect(released).toBeLessThanOrEqual(total);
        expect(total - released).toBeLessThan(BigInt(shares.length));
      }),
      fuzz(100)
    );
  });
});
