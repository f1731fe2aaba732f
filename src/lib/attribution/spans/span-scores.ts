import { Pace, type PaceOptions } from '../../datanets/pace';
import { isChatRow, type Row } from '../../datanets/row';
import type { Scores } from '../scores';
import { SpanIndex } from './span-index';

/**
 * Scores of exact text spans: for each question and row, what the spans of the answer say (`MatchedSpan.bits`) that the row
 * has. The estimator that needs no model, and sees nothing that was learned in other words.
 * @throws the abort reason
 */
export async function spanScores(
  queries: readonly Row[],
  rows: readonly Row[],
  options: PaceOptions = {}
): Promise<Scores> {
  const { signal } = options;
  const index = await SpanIndex.build(rows, signal ? { signal } : {});
  const pace = new Pace(options);
  const values = new Float64Array(queries.length * rows.length);
  for (const [query, row] of queries.entries()) {
    for (const answer of answersOf(row)) {
      for (const { bits, rows: found } of index.match(answer)) {
        for (const at of found) values[query * rows.length + at] += bits;
      }
    }
    if (pace.due) await pace.breathe(query, queries.length);
  }
  pace.finish(queries.length);
  return { queries: queries.length, rows: rows.length, values };
}

/** What a model would have said: the assistant's turns, or all of running text. */
function answersOf(row: Row): string[] {
  if (!isChatRow(row)) return [row.text];
  return row.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content);
}
