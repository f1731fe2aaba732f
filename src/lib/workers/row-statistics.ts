import { ROW_WARNINGS, type RowWarning } from '../datanets/answers';
import type { EncodedRow } from '../datanets/encode';
import { describeRows, type RowRefusal } from '../datanets/statistics';
import type { RowStatistics } from './protocol';

/** The most bars that a small histogram can show. */
const maxBars = 24;

/** Statistics for the page; `undefined` stands for a row that could not be encoded. */
export function summariseRows(
  encoded: readonly (EncodedRow | undefined)[],
  refusals: readonly RowRefusal[],
  longestHeldOut = 0
): RowStatistics {
  const { rows, tokens, trainedTokens, longest, cutRows, cutTokens, untrainable, warnings } =
    describeRows(encoded);
  const lengths = encoded
    .flatMap((row) => (row ? [row.tokens.length + row.truncated] : []))
    .sort((a, b) => a - b);
  return {
    rows,
    tokens,
    trainedTokens,
    longest,
    longestWhole: lengths.at(-1) ?? 0,
    longestHeldOut,
    median: lengths[Math.floor(lengths.length / 2)] ?? 0,
    cutRows: cutRows.length,
    cutTokens,
    emptyRows: untrainable.length,
    refusedRows: refusals.length,
    firstRefusal: refusals[0]?.reason,
    warnings: Object.entries(warnings).map(([warning, found]) => ({
      text: ROW_WARNINGS[warning as RowWarning],
      rows: found.length
    })),
    histogram: histogram(lengths)
  };
}

/** Counts per length, uncut, in bars of one round width. */
export function histogram(sortedLengths: readonly number[]): RowStatistics['histogram'] {
  const longest = sortedLengths.at(-1) ?? 0;
  const width = roundUp(longest / maxBars);
  const bars = Math.max(1, Math.ceil(longest / width));
  const counts = new Array<number>(bars).fill(0);
  for (const length of sortedLengths) counts[Math.max(0, Math.ceil(length / width) - 1)] += 1;
  return { edges: counts.map((_, bar) => (bar + 1) * width), counts };
}

/** The next of 1, 2, 5, 10, 20, 50… */
function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value) ?? 10 * power;
}
