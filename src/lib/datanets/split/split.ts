import { TabtuneError } from '../../errors';
import { SPLITS, type Split } from '../datanet';
import { Random } from '../random';

/** Shares that are no shares. */
export class SplitSharesError extends TabtuneError {}

/** Purpose of the seed, beside those of `order.ts`, so that a split and an epoch do not share a sequence. */
const GROUP_STREAM = 3;

/**
 * Splits rows so that no group is on two sides. Groups come in an order that the seed shuffles, large ones first; each
 * goes whole to the side that is furthest from its share, counted in rows. So sides meet their shares within half of the
 * largest group, and exactly where groups are single rows.
 * @param groups of each row, as `groupRows` gives them.
 * @param shares of all rows; what they sum to is the whole.
 * @returns the side of each row, as its place in `SPLITS`.
 * @throws SplitSharesError where a share is negative, or none is more than 0.
 */
export function splitByShares(groups: Uint32Array, shares: Record<Split, number>, seed: number): Uint8Array {
  const wanted = targets(shares, groups.length);
  const sizes = sizesOf(groups);
  const sides = new Uint8Array(sizes.length);
  const filled = SPLITS.map(() => 0);
  for (const group of drawOrder(sizes, seed)) {
    const side = emptiest(wanted, filled);
    sides[group] = side;
    filled[side] += sizes[group];
  }
  return Uint8Array.from(groups, (group) => sides[group]);
}

/** Rows that each side should have. */
function targets(shares: Record<Split, number>, count: number): number[] {
  const given = SPLITS.map((split) => shares[split]);
  const sum = given.reduce((a, b) => a + b, 0);
  if (!given.every((share) => Number.isFinite(share) && share >= 0) || !(sum > 0) || !Number.isFinite(sum)) {
    throw new SplitSharesError(
      `Cannot split by ${given.join(', ')}: shares are numbers from 0, and one of them must be more.`,
      { details: { shares } }
    );
  }
  return given.map((share) => (share / sum) * count);
}

function sizesOf(groups: Uint32Array): Uint32Array {
  const sizes = new Uint32Array(groups.reduce((most, group) => Math.max(most, group + 1), 0));
  for (const group of groups) sizes[group] += 1;
  return sizes;
}

/** Groups by size, the largest first, at random among equals. */
function drawOrder(sizes: Uint32Array, seed: number): Uint32Array {
  const shuffled = new Random(seed, GROUP_STREAM).shuffle(Uint32Array.from(sizes, (_, i) => i));
  // Stable, so that equals stay as they were shuffled.
  return shuffled.sort((a, b) => sizes[b] - sizes[a]);
}

/** The side that lacks most rows; a side that nothing is wanted of never gets any. */
function emptiest(wanted: readonly number[], filled: readonly number[]): number {
  let best = -1;
  for (let side = 0; side < wanted.length; side += 1) {
    if (wanted[side] === 0) continue;
    if (best < 0 || wanted[side] - filled[side] > wanted[best] - filled[best]) best = side;
  }
  return best;
}
