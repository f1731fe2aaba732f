import { Pace, type PaceOptions } from '../../datanets/pace';
import { Random } from '../../datanets/random';
import { quantile } from '../shares';

/** A figure with a percentile interval around it. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions extends PaceOptions {
  readonly seed: number;
  /** How often it is drawn. */
  readonly samples?: number;
  /** Chance that an interval is to hold the figure. */
  readonly confidence?: number;
}

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const ESTIMATE_STREAM = 15;

/**
 * A figure and its percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): what it is
 * made of is drawn anew, with replacement, and it is computed again. A draw that has no figure (NaN) is left out.
 * @param sizes of what is drawn, such as [questions] or [questions, models]
 * @param figure of positions in each of them; first called with each position once
 * @throws the abort reason
 */
export async function bootstrapEstimate(
  sizes: readonly number[],
  figure: (drawn: readonly Uint32Array[]) => number,
  { seed, samples = 1000, confidence = 0.95, ...pacing }: BootstrapOptions
): Promise<Estimate> {
  const random = new Random(seed, ESTIMATE_STREAM);
  const pace = new Pace(pacing);
  const value = figure(sizes.map((size) => Uint32Array.from({ length: size }, (_, i) => i)));
  const figures: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const drawn = figure(sizes.map((size) => Uint32Array.from({ length: size }, () => random.below(size))));
    if (!Number.isNaN(drawn)) figures.push(drawn);
    if (pace.due) await pace.breathe(sample, samples);
  }
  pace.finish(samples);
  if (figures.length === 0) return { value, low: NaN, high: NaN };
  const sorted = figures.sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  return { value, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

/** The mean of figures, one for each question, and its interval over questions. */
export function bootstrapMean(figures: ArrayLike<number>, options: BootstrapOptions): Promise<Estimate> {
  return bootstrapEstimate(
    [figures.length],
    ([drawn]) => drawn.reduce((sum, i) => sum + figures[i], 0) / drawn.length,
    options
  );
}
