import { totals, type AttributedRows, type Scores } from './scores';

/** Which rules `sharesOf` follows, as signed receipts name them: other rules are another number. */
export const SHARE_RULES = 1;

/** What one contributor's rows did for a set of questions. */
export interface ContributorShare {
  readonly contributor: string;
  readonly rows: number;
  /** In [0, 1]; all of them sum to 1, or are 0 where no row helped. */
  readonly share: number;
  /** What rows that helped and rows that hurt add up to, before caps, in units of the estimator. */
  readonly helped: number;
  readonly hurt: number;
  /** Rewards that the cap made smaller. */
  readonly capped: number;
}

/**
 * Shares of contributors from what their rows did, in the order of their first rows:
 *
 * - A row's influence is its sum over the questions. Rows that are nearly the same (one group) have one reward, the mean
 *   of theirs, and it goes to the first of them: a copy teaches nothing that was not there, so rows have to come in
 *   the order in which they were contributed.
 * - A reward below zero earns nothing. That is said of each row alone, so nobody gains by keeping rows that hurt under
 *   another name.
 * - A reward above the outer fence of all rewards that earn, Q3 + 3 (Q3 - Q1), counts as the fence (Tukey, Exploratory Data
 *   Analysis, 1977, section 2D: values that are "far out").
 * - A contributor's share is the sum over the rewards. A sum does not know names: whoever comes under ten gains nothing.
 */
export function sharesOf(scores: Scores, rows: AttributedRows): ContributorShare[] {
  return sharesOfTotals(totals(scores), rows);
}

/**
 * @param influence [rows], as `totals` sums it
 * @param counted [groups] how often the reward of each group counts; once where absent
 */
export function sharesOfTotals(
  influence: Float64Array,
  { contributors, groups }: AttributedRows,
  counted?: ArrayLike<number>
): ContributorShare[] {
  const rewards = rewardsOf(influence, groups);
  const fence = outerFence(rewards.map(({ reward }) => reward).filter((reward) => reward > 0));
  const people = new Map<string, { -readonly [key in keyof ContributorShare]: ContributorShare[key] }>();
  contributors.forEach((contributor, row) => {
    const person = people.get(contributor) ?? {
      contributor,
      rows: 0,
      share: 0,
      helped: 0,
      hurt: 0,
      capped: 0
    };
    person.rows += 1;
    if (influence[row] > 0) person.helped += influence[row];
    else person.hurt += influence[row];
    people.set(contributor, person);
  });
  let paid = 0;
  for (const { first, reward } of rewards) {
    if (!(reward > 0)) continue;
    const person = people.get(contributors[first])!;
    const earned = Math.min(reward, fence) * (counted ? counted[groups[first]] : 1);
    person.share += earned;
    paid += earned;
    if (fence < reward) person.capped += 1;
  }
  if (paid > 0) for (const person of people.values()) person.share /= paid;
  return [...people.values()];
}

/** One reward for each group. */
function rewardsOf(influence: Float64Array, groups: ArrayLike<number>): { first: number; reward: number }[] {
  const found = new Map<number, { first: number; sum: number; rows: number }>();
  influence.forEach((value, row) => {
    const group = found.get(groups[row]) ?? { first: row, sum: 0, rows: 0 };
    group.sum += value;
    group.rows += 1;
    found.set(groups[row], group);
  });
  return [...found.values()].map(({ first, sum, rows }) => ({ first, reward: sum / rows }));
}

/** Q3 + 3 (Q3 - Q1). Of fewer than four values none can be told to be far out. */
function outerFence(values: readonly number[]): number {
  if (values.length < 4) return Infinity;
  const sorted = [...values].sort((a, b) => a - b);
  const [q1, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  return q3 + 3 * (q3 - q1);
}

/** Between the neighbours where it falls between them (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: ArrayLike<number>, at: number): number {
  const place = at * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
