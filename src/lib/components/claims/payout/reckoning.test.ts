/** What is shown before a payout is what it comes to: nothing is lost, and nobody gains by another's part. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Payee } from '$lib/attribution/payouts/payees';
import { fuzz } from '../../../../../tests/support/fuzz';
import type { PayoutEngine } from './engines';
import { reckon } from './reckoning';

const payee = (share: number, index: number): Payee => ({
  address: `0x${String(index).padStart(40, '0')}`,
  share,
  contributors: []
});
const engines: PayoutEngine[] = ['payment-splitter', 'merkle-distributor', 'splits-v2'];

describe('a payout', () => {
  it('comes to the amount, whatever the shares', () => {
    const shares = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(
        shares,
        fc.bigInt({ min: 1n, max: 10n ** 30n }),
        fc.constantFrom(...engines),
        (all, total, engine) => {
          const { amounts, paid, left, rest } = reckon(total, all.map(payee), engine);
          const sum = [...amounts.values()].reduce((a, b) => a + b, 0n);
          expect(sum + rest).toBe(paid);
          expect(paid + left).toBe(total);
          expect(rest < BigInt(all.length)).toBe(true);
          if (engine === 'merkle-distributor') expect(rest).toBe(0n);
          for (const [index, share] of all.entries()) {
            // Each gets its share of the whole, within a unit, however many others have no address.
            const exact = (total * BigInt(share)) / 1_000_000n;
            const got = amounts.get(payee(share, index).address)!;
            expect(got >= exact - 1n && got <= exact + 1n).toBe(true);
          }
        }
      ),
      fuzz(100)
    );
  });
});
