import { payoutOf, releasedOf } from '$lib/attribution/payouts/amounts';
import type { Payee } from '$lib/attribution/payouts/payees';
import type { PayoutEngine } from './engines';

/** What a payout comes to, in smallest units. */
export interface Reckoning {
  /** What is paid in. */
  paid: bigint;
  /** What stays with the payer, as those whom it belongs to have no address. */
  left: bigint;
  /** By checksummed address. */
  amounts: ReadonlyMap<string, bigint>;
  /** Units that cannot be divided, and stay in the contract for the next payment. */
  rest: bigint;
}

/** What each is paid of an amount for all of the shares: to the last unit, as the contract reckons. */
export function reckon(total: bigint, payees: readonly Payee[], engine: PayoutEngine): Reckoning {
  const { amounts, paid, left } = payoutOf(total, payees);
  const exact = engine === 'merkle-distributor' ? amounts : releasedOf(paid, payees);
  return {
    ...{ paid, left },
    amounts: new Map(payees.map(({ address }, index) => [address, exact[index]])),
    rest: paid - exact.reduce((a, b) => a + b, 0n)
  };
}
