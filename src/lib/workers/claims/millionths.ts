/** All of something, as claims count shares. */
export const WHOLE = 1_000_000;

/**
 * Shares as whole millionths that add up to a million, by largest remainder: each is rounded down, and what is left goes
 * to those who lost most, of equals to the earlier. Where nobody has anything, all are zero.
 * @param shares not negative; they need not add up to 1
 */
export function millionthsOf(shares: readonly number[]): number[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!(sum > 0) || !Number.isFinite(sum)) return shares.map(() => 0);
  const exact = shares.map((share) => (share / sum) * WHOLE);
  const whole = exact.map(Math.floor);
  const left = WHOLE - whole.reduce((total, share) => total + share, 0);
  const order = exact
    .map((share, i) => ({ i, rest: share - whole[i] }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of order.slice(0, left)) whole[i] += 1;
  return whole;
}

/** A correlation in thousandths, -1000 to 1000. */
export function thousandths(value: number): number {
  return Math.min(1000, Math.max(-1000, Math.round(value * 1000)));
}
