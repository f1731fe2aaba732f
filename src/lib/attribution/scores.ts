/**
 * How much each row of a Datanet did for each question, by one estimator: positive where training on the row helps. Plain
 * numbers, wherever they are from, so that what follows from them can be computed and checked without a GPU.
 */
export interface Scores {
  readonly queries: number;
  readonly rows: number;
  /** [queries, rows], row-major. */
  readonly values: ArrayLike<number>;
}

/** The rows that scores are about, and whose they are. */
export interface AttributedRows {
  /** [rows] Who is paid for a row. */
  readonly contributors: readonly string[];
  /** [rows] Which rows are paid as one, as `rewardGroups` numbers them. */
  readonly groups: ArrayLike<number>;
}

/** Scores of one question: [rows]. */
export function scoresOf({ rows, values }: Scores, query: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => values[query * rows + row]);
}

/** Sum over questions: what each row did for all of them. */
export function totals({ queries, rows, values }: Scores): Float64Array {
  const sums = new Float64Array(rows);
  for (let query = 0; query < queries; query++) {
    for (let row = 0; row < rows; row++) sums[row] += values[query * rows + row];
  }
  return sums;
}
