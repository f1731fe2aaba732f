import { totals, type AttributedRows, type Scores } from './scores';

/**
 * Which rules `sharesOf` follows, as signed receipts name them: other rules are another number. 1 paid each group for its sum
 * over all questions.
 */
export const SHARE_RULES = 2;

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

/** How many groups of rows one question pays, at most. */
export const PAID_GROUPS = 5;

/** What a row must have done, as a part of what the best did, to be paid anything. */
const LEAST_PART = 0.5;

/**
 * Shares of contributors from what their rows did, in the order of their first rows:
 *
 * - Rows that are copies of each other (one group, see `rewardGroups`) are one row, the first of them, and that one is paid: a
 *   copy teaches nothing that was not there, whoever makes it, and takes nothing from who was first. So rows have to come in
 *   the order in which they were contributed.
 * - Every question pays the groups that helped it most, `PAID_GROUPS` at most, each for how much more it helped than the
 *   best that is not paid and than half of what the best did. Where rows are paid for whatever little they help, as a sum over
 *   rows pays them, more rows are more money: paraphrases, noise and padding all help a little. That the nearest rows alone
 *   count is from nearest-neighbour valuation (Jia et al. 2019, arXiv 1908.08619); that payoffs must hold against
 *   replication, from Han et al. 2022 (arXiv 2006.14583). Paying what is above a bar keeps rewards from jumping where a row
 *   just comes in, and pays little where no row stands out.
 * - A row that hurt a question earns nothing of it. That is said of each row alone, so nobody gains by keeping rows that hurt
 *   under another name.
 * - Rewards over all questions above their outer fence, Q3 + 3 (Q3 - Q1), count as the fence (Tukey, Exploratory Data
 *   Analysis, 1977, section 2D: values that are "far out").
 * - A contributor's share is the sum over the rewards. A sum does not know names: whoever comes under ten gains nothing.
 */
export function sharesOf(scores: Scores, rows: AttributedRows): ContributorShare[] {
  const people = new Map<string, { -readonly [key in keyof ContributorShare]: ContributorShare[key] }>();
  const influence = totals(scores);
  rows.contributors.forEach((contributor, row) => {
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
  const { shares, capped } = divide(creditsOf(scores, rows.groups), rows.contributors);
  for (const [contributor, share] of shares) people.get(contributor)!.share = share;
  for (const row of capped) people.get(rows.contributors[row])!.capped += 1;
  return [...people.values()];
}

/** What a question pays: rows, each the first of its group, and how much, in units of the estimator. */
export interface Credit {
  readonly rows: readonly number[];
  readonly amounts: readonly number[];
}

/** What each question pays; nothing where no row helped it more than others. */
export function creditsOf({ queries, rows, values }: Scores, groups: ArrayLike<number>): Credit[] {
  const firsts = firstRows(groups, rows);
  return Array.from({ length: queries }, (_, query) => {
    const score = (row: number) => values[query * rows + row];
    // Of equals the first contributed.
    const helped = firsts.filter((row) => score(row) > 0).sort((a, b) => score(b) - score(a) || a - b);
    if (helped.length === 0) return { rows: [], amounts: [] };
    const unpaid = helped.length > PAID_GROUPS ? score(helped[PAID_GROUPS]) : 0;
    const bar = Math.max(unpaid, LEAST_PART * score(helped[0]));
    const paid = helped.slice(0, PAID_GROUPS).filter((row) => score(row) > bar);
    return { rows: paid, amounts: paid.map((row) => score(row) - bar) };
  });
}

/** How often each question, and each row that is the first of its group, counts; once where absent. */
export interface Counted {
  /** [questions] */
  readonly questions?: ArrayLike<number>;
  /** [rows] */
  readonly rows?: ArrayLike<number>;
}

/** Shares of what questions pay, by contributor, and the rows whose reward was capped. Empty where nothing was paid. */
export function divide(
  credits: readonly Credit[],
  contributors: readonly string[],
  counted: Counted = {}
): { readonly shares: ReadonlyMap<string, number>; readonly capped: readonly number[] } {
  const rewards = new Map<number, number>();
  credits.forEach(({ rows, amounts }, query) => {
    const times = counted.questions ? counted.questions[query] : 1;
    if (times === 0) return;
    rows.forEach((row, i) => rewards.set(row, (rewards.get(row) ?? 0) + times * amounts[i]));
  });
  const fence = outerFence([...rewards.values()]);
  const sums = new Map<string, number>();
  const capped: number[] = [];
  let paid = 0;
  for (const [row, reward] of rewards) {
    if (reward > fence) capped.push(row);
    const earned = Math.min(reward, fence) * (counted.rows ? counted.rows[row] : 1);
    sums.set(contributors[row], (sums.get(contributors[row]) ?? 0) + earned);
    paid += earned;
  }
  // Rows that earn may not have been counted.
  if (!(paid > 0)) return { shares: new Map(), capped };
  return { shares: new Map([...sums].map(([contributor, sum]) => [contributor, sum / paid])), capped };
}

/** The first row of each group, ascending. */
function firstRows(groups: ArrayLike<number>, rows: number): number[] {
  const seen = new Set<number>();
  return Array.from({ length: rows }, (_, row) => row).filter((row) => {
    if (seen.has(groups[row])) return false;
    seen.add(groups[row]);
    return true;
  });
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
