import { Pace } from '../../datanets/pace';
import { Random } from '../../datanets/random';
import { totals, type AttributedRows, type Scores } from '../scores';
import { quantile, sharesOfTotals } from '../shares';
import type { BootstrapOptions } from './estimate';

export interface Interval {
  readonly contributor: string;
  readonly low: number;
  readonly high: number;
}

export interface ShareBootstrapOptions extends BootstrapOptions {
  /** Whether rows are drawn, besides questions and moments. */
  readonly drawRows?: boolean;
}

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const BOOTSTRAP_STREAM = 11;

/**
 * Percentile intervals of shares (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): the questions
 * and the moments of the run are drawn anew, with replacement, and the shares computed again. They say how far the shares
 * hang on which questions were asked and when was looked. With `drawRows` they say, too, how far they hang on which rows
 * people happened to bring: rewards are drawn, one for rows that are nearly the same.
 * @param checkpoints scores at each moment, whose sum is what the shares are made of
 */
export async function bootstrapShares(
  checkpoints: readonly Scores[],
  rows: AttributedRows,
  { seed, samples = 1000, confidence = 0.95, drawRows = false, ...pacing }: ShareBootstrapOptions
): Promise<Interval[]> {
  const random = new Random(seed, BOOTSTRAP_STREAM);
  const pace = new Pace(pacing);
  const { queries, rows: count } = checkpoints[0];
  const groups = 1 + Array.from(rows.groups).reduce((most, group) => Math.max(most, group), 0);
  const drawn = new Map<string, Float64Array>();
  for (let sample = 0; sample < samples; sample++) {
    const moments = draws(random, checkpoints.length);
    const asked = draws(random, queries);
    const influence = new Float64Array(count);
    checkpoints.forEach((scores, moment) => {
      if (moments[moment] === 0) return;
      totals(scores, asked).forEach((sum, row) => (influence[row] += moments[moment] * sum));
    });
    const counted = drawRows ? draws(random, groups) : undefined;
    for (const { contributor, share } of sharesOfTotals(influence, rows, counted)) {
      if (!drawn.has(contributor)) drawn.set(contributor, new Float64Array(samples));
      drawn.get(contributor)![sample] = share;
    }
    if (pace.due) await pace.breathe(sample, samples);
  }
  pace.finish(samples);
  const tail = (1 - confidence) / 2;
  return [...drawn].map(([contributor, shares]) => {
    const sorted = shares.sort();
    return { contributor, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
  });
}

/** How often each of `count` things is drawn in `count` draws. */
function draws(random: Random, count: number): Uint32Array {
  const times = new Uint32Array(count);
  for (let i = 0; i < count; i++) times[random.below(count)] += 1;
  return times;
}
