/** A curve in words and in few numbers, for whoever does not see it. */
import { formatFigure, plural } from '../format';

export interface CurveSummary {
  first: number;
  last: number;
  lowest: number;
  highest: number;
}

/** Undefined for a curve without a finite value. */
export function summariseCurve(values: readonly number[]): CurveSummary | undefined {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let first: number | undefined;
  let last = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    first ??= value;
    last = value;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return first === undefined ? undefined : { first, last, lowest, highest };
}

/** `Loss over 40 steps: from 3.2 to 0.84, lowest 0.81, highest 3.2.` */
export function describeCurve(
  name: string,
  values: readonly number[],
  over = 'step',
  count = values.length
): string {
  const summary = summariseCurve(values);
  if (!summary) return `${name}: no ${over} yet.`;
  const { first, last, lowest, highest } = summary;
  return `${name} over ${plural(count, over)}: from ${formatFigure(first)} to ${formatFigure(last)}, lowest ${formatFigure(lowest)}, highest ${formatFigure(highest)}.`;
}

/** At most `count` positions, spread evenly, the first and the last among them. */
export function samplePositions(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: count }, (_, index) => Math.round((index * (length - 1)) / (count - 1)));
}

/** An exponential moving average that starts unbiased, as Adam's moments are corrected. */
export function smooth(values: readonly number[], decay = 0.8): number[] {
  let average = 0;
  let weight = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return weight > 0 ? average / weight : value;
    average = decay * average + (1 - decay) * value;
    weight = decay * weight + (1 - decay);
    return average / weight;
  });
}
