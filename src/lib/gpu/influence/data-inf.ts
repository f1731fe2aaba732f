import { dot, scoreAll, segmentOf, type Checkpoint, type InfluenceScores } from './sketches';

/**
 * DataInf of Kwon et al. 2024 (arXiv 2310.00902, equation 5): the influence function whose Hessian, layer by layer, is
 * lambda_l I plus the mean of the rows' gradient outer products, with the inverse of the mean taken as the mean of the
 * inverses, for each of which Sherman and Morrison have a closed form. For a query gradient v of layer l,
 *
 *     score(k) = sum over l of 1 / (n lambda_l) sum over i of ( v.g_k - (v.g_i)(g_i.g_k) / (lambda_l + |g_i|²) )
 *
 * with lambda_l = mean over i of |g_i|² / (damping d_l), d_l parameters in the layer: the authors' choice is damping 10.
 * All of it needs inner products only, which sketches keep; norms are exact. Positive is helpful, where the authors' published
 * code has the opposite sign.
 *
 * The inner sum is g_k . sum over i of w_i g_i with w_i = (v.g_i) / (lambda_l + |g_i|²), so a query takes time in n times
 * the width of a sketch, and no product among the rows is kept.
 * @param parameters of a layer's adapter (d_l)
 */
export function dataInf({ train, queries }: Checkpoint, parameters: number, damping = 10): InfluenceScores {
  const n = train.rows;
  const total = scoreAll(queries.rows, n, () => 0);
  for (let segment = 0; segment < train.segments; segment++) {
    const rows = Array.from({ length: n }, (_, row) => segmentOf(train, row, segment));
    const squares = rows.map((_, row) => train.squares[row * train.segments + segment]);
    const lambda = squares.reduce((sum, square) => sum + square, 0) / n / parameters / damping;
    // A layer without any gradient has no say.
    if (!(lambda > 0)) continue;
    for (let query = 0; query < queries.rows; query++) {
      const products = rows.map((row) => dot(segmentOf(queries, query, segment), row));
      const weights = products.map((product, i) => product / (lambda + squares[i]));
      const sum = weightedSum(rows, weights);
      for (let k = 0; k < n; k++) {
        // A row's product with itself is known exactly; its sketch only estimates it.
        const own = weights[k] * (squares[k] - dot(rows[k], rows[k]));
        const correction = dot(sum, rows[k]) + own;
        total.values[query * n + k] += (products[k] - correction / n) / lambda;
      }
    }
  }
  return total;
}

function weightedSum(rows: readonly Float32Array[], weights: readonly number[]): Float64Array {
  const sum = new Float64Array(rows[0].length);
  rows.forEach((row, i) => {
    const weight = weights[i];
    for (let j = 0; j < row.length; j++) sum[j] += weight * row[j];
  });
  return sum;
}
