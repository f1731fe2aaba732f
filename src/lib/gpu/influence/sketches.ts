/** What is kept of rows to measure their influence: gradients as sketches, and how the model represents them. */

/**
 * Sketched gradients of rows at one checkpoint. All sketches of one run share shape and seed, so that any two rows can be
 * compared, trained on or not.
 */
export interface GradientSketches {
  readonly rows: number;
  /** Layers, sketched apart: DataInf needs their gradients apart, the others add them up. */
  readonly segments: number;
  /** Values of a layer's sketch. */
  readonly width: number;
  /** f32 [rows, segments, width] */
  readonly values: Float32Array;
  /** f32 [rows, segments]: squared norms of the gradients themselves, not of their sketches. */
  readonly squares: Float32Array;
  /** f32 [rows, hidden]: mean final hidden state over the row's trained tokens. */
  readonly representations: Float32Array;
  readonly hidden: number;
}

/** Sketches of one moment of a run, for rows that were trained on and for queries. */
export interface Checkpoint {
  /** Learning rate there: how much a gradient moved the adapter (eta in TracIn). */
  readonly learningRate: number;
  readonly train: GradientSketches;
  readonly queries: GradientSketches;
}

/** Scores [queries, train rows]: positive where training on the row lowers the loss of the query. */
export interface InfluenceScores {
  readonly queries: number;
  readonly rows: number;
  /** f64, row-major. */
  readonly values: Float64Array;
}

/** A row's sketch of one segment: a view. */
export function segmentOf(sketches: GradientSketches, row: number, segment: number): Float32Array {
  const at = (row * sketches.segments + segment) * sketches.width;
  return sketches.values.subarray(at, at + sketches.width);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Calls `score` for each query and row. */
export function scoreAll(
  queries: number,
  rows: number,
  score: (query: number, row: number) => number
): InfluenceScores {
  const values = new Float64Array(queries * rows);
  for (let query = 0; query < queries; query++) {
    for (let row = 0; row < rows; row++) values[query * rows + row] = score(query, row);
  }
  return { queries, rows, values };
}
