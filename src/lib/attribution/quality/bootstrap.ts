import { Pace } from '../../datanets/pace';
import { Random } from '../../datanets/random';
import type { AttributedRows, Scores } from '../scores';
import { creditsOf, divide, quantile, type Credit } from '../shares';
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
  const { queries } = checkpoints[0];
  const { contributors, groups } = rows;
  const numbers = [...new Set(Array.from(groups))];
  const place = new Map(numbers.map((group, i) => [group, i]));
  const drawn = new Map(contributors.map((contributor) => [contributor, new Float64Array(samples)]));
  // Of few moments few mixtures are drawn: what questions pay is computed once for each.
  const known = new Map<string, Credit[]>();
  for (let sample = 0; sample < samples; sample++) {
    const moments = draws(random, checkpoints.length);
    const mixture = moments.join();
    const credits = known.get(mixture) ?? creditsOf(mixed(checkpoints, moments), groups);
    known.set(mixture, credits);
    const questions = draws(random, queries);
    const counted = drawRows ? draws(random, numbers.length) : undefined;
    const { shares } = divide(credits, contributors, {
      questions,
      ...(counted ? { rows: Uint32Array.from(groups, (group) => counted[place.get(group)!]) } : {})
    });
    for (const [contributor, share] of shares) drawn.get(contributor)![sample] = share;
    if (pace.due) await pace.breathe(sample, samples);
  }
  pace.finish(samples);
  const tail = (1 - confidence) / 2;
  return [...drawn].map(([contributor, shares]) => {
    const sorted = shares.sort();
    return { contributor, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
  });
}

/** Scores of moments added up, each as often as it was drawn. */
function mixed(checkpoints: readonly Scores[], times: ArrayLike<number>): Scores {
  const values = new Float64Array(checkpoints[0].values.length);
  checkpoints.forEach((scores, moment) => {
    if (times[moment] === 0) return;
    for (let i = 0; i < values.length; i++) values[i] += times[moment] * scores.values[i];
  });
  return { ...checkpoints[0], values };
}

/** How often each of `count` things is drawn in `count` draws. */
function draws(random: Random, count: number): Uint32Array {
  const times = new Uint32Array(count);
  for (let i = 0; i < count; i++) times[random.below(count)] += 1;
  return times;
}
