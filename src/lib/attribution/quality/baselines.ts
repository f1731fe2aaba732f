import { jaccard, Shingler } from '../../datanets/checks/near/shingles';
import { Pace, type PaceOptions } from '../../datanets/pace';
import { Random } from '../../datanets/random';
import type { Row } from '../../datanets/row';
import type { Scores } from '../scores';

/** What an estimator has to beat to be worth its time. */

/** Jaccard similarity of word shingles: how alike question and row are as text, whatever a model learned. */
export async function textSimilarity(
  queries: readonly Row[],
  rows: readonly Row[],
  options: PaceOptions = {}
): Promise<Scores> {
  const pace = new Pace(options);
  const shingler = new Shingler();
  const known = rows.map((row) => shingler.of(row));
  const values = new Float64Array(queries.length * rows.length);
  for (const [query, row] of queries.entries()) {
    const asked = shingler.of(row);
    known.forEach((shingles, i) => (values[query * rows.length + i] = jaccard(asked, shingles)));
    if (pace.due) await pace.breathe(query, queries.length);
  }
  pace.finish(queries.length);
  return { queries: queries.length, rows: rows.length, values };
}

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const BASELINE_STREAM = 12;

/** Scores drawn at random, uniform in [-1, 1): what knows nothing. */
export function randomScores(queries: number, rows: number, seed: number): Scores {
  const random = new Random(seed, BASELINE_STREAM);
  const values = Float64Array.from({ length: queries * rows }, () => random.next() / 2 ** 31 - 1);
  return { queries, rows, values };
}
