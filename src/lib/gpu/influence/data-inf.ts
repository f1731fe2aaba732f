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
 * Time is n² for the products among the rows, and n² a query.
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
    const gram = gramOf(rows, squares);
    for (let query = 0; query < queries.rows; query++) {
      const products = rows.map((row) => dot(segmentOf(queries, query, segment), row));
      const weights = products.map((product, i) => product / (lambda + squares[i]));
      for (let k = 0; k < n; k++) {
        let correction = 0;
        for (let i = 0; i < n; i++) correction += weights[i] * gram[i * n + k];
        total.values[query * n + k] += (products[k] - correction / n) / lambda;
      }
    }
  }
  return total;
}

/** Inner products among rows, [n, n]; the diagonal is exact. */
function gramOf(rows: readonly Float32Array[], squares: readonly number[]): Float64Array {
  const n = rows.length;
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    gram[i * n + i] = squares[i];
    for (let k = 0; k < i; k++) gram[i * n + k] = gram[k * n + i] = dot(rows[i], rows[k]);
  }
  return gram;
}
