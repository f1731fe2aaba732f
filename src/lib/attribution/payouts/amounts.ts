import { MILLION, type Payee } from './payees';

/** How an amount falls to those who are paid. */
export interface Payout {
  /** Smallest unit (wei of a coin), in the order of the payees. */
  amounts: bigint[];
  /** What they sum to. */
  paid: bigint;
  /** Of the total, what belongs to those who are not paid. */
  left: bigint;
}

/**
 * Divides a whole amount by shares: each gets its share rounded down, and what is left over goes, a unit each, to those
 * whose share was cut the most; of equals, to the earlier (largest remainder, Hamilton's method). Sums exactly.
 * @param total not negative
 * @param shares not negative; all zero divides nothing
 */
export function apportion(total: bigint, shares: readonly bigint[]): bigint[] {
  const sum = shares.reduce((a, b) => a + b, 0n);
  if (sum === 0n) return shares.map(() => 0n);
  const amounts = shares.map((share) => (total * share) / sum);
  const over = total - amounts.reduce((a, b) => a + b, 0n);
  const cut = (index: number) => (total * shares[index]) % sum;
  const most = shares
    .map((_, index) => index)
    .sort((a, b) => (cut(a) === cut(b) ? a - b : cut(a) > cut(b) ? -1 : 1));
  for (const index of most.slice(0, Number(over))) amounts[index] += 1n;
  return amounts;
}

/**
 * What each payee gets of an amount. The part of those who are not among them stays unpaid: nobody gains by another's
 * having no wallet.
 * @param total in the smallest unit
 * @param payees with shares in millionths of the whole
 */
export function payoutOf(total: bigint, payees: readonly Payee[]): Payout {
  const shares = payees.map(({ share }) => BigInt(share));
  const paid = (total * shares.reduce((a, b) => a + b, 0n)) / MILLION;
  return { amounts: apportion(paid, shares), paid, left: total - paid };
}

/**
 * What OpenZeppelin's PaymentSplitter releases to each of what was paid into it, in all: its share rounded down. The
 * units that are left over stay in the contract, for the next payment.
 */
export function releasedOf(paid: bigint, payees: readonly Payee[]): bigint[] {
  const shares = payees.map(({ share }) => BigInt(share));
  const sum = shares.reduce((a, b) => a + b, 0n);
  return shares.map((share) => (sum === 0n ? 0n : (paid * share) / sum));
}
