import { dot, scoreAll, type Checkpoint, type GradientSketches, type InfluenceScores } from './sketches';

/**
 * Gradient dot products over checkpoints: sum over c of eta_c <g_c(query), g_c(row)>. TracInCP of Pruthi et al. 2020
 * (arXiv 2002.08484, equation 3). Exact but for the sketches.
 * @param checkpoints at least one, all with the same rows and queries
 */
export function tracIn(checkpoints: readonly Checkpoint[]): InfluenceScores {
  return overCheckpoints(checkpoints, () => 1);
}

/**
 * Gradient cosines over checkpoints: sum over c of eta_c cos(g_c(query), g_c(row)). LESS of Xia et al. 2024 (arXiv
 * 2402.04333, definition 3.1), whose rows are sketched as AdamW's directions (`moments` of the sketcher) and whose norms keep
 * short rows, with their large gradients, from winning.
 */
export function gradientCosine(checkpoints: readonly Checkpoint[]): InfluenceScores {
  const norms = new Map<GradientSketches, Float64Array>();
  for (const { train, queries } of checkpoints) {
    for (const each of [train, queries]) norms.set(each, normsOf(each));
  }
  return overCheckpoints(checkpoints, ({ train, queries }, query, row) => {
    const product = norms.get(queries)![query] * norms.get(train)![row];
    return product > 0 ? 1 / product : 0;
  });
}

/** Cosine of the mean final hidden states: how alike the model finds two rows (RepSim: Pezeshkpour et al. 2021, arXiv 2104.04128). */
export function representationSimilarity({ train, queries }: Checkpoint): InfluenceScores {
  const unit = (sketches: GradientSketches) =>
    Array.from({ length: sketches.rows }, (_, row) => {
      const { hidden, representations } = sketches;
      const vector = representations.subarray(row * hidden, (row + 1) * hidden);
      const norm = Math.sqrt(dot(vector, vector));
      return vector.map((x) => (norm > 0 ? x / norm : 0));
    });
  const [rows, asked] = [unit(train), unit(queries)];
  return scoreAll(queries.rows, train.rows, (query, row) => dot(asked[query], rows[row]));
}

function overCheckpoints(
  checkpoints: readonly Checkpoint[],
  weight: (checkpoint: Checkpoint, query: number, row: number) => number
): InfluenceScores {
  const [{ train, queries }] = checkpoints;
  return scoreAll(queries.rows, train.rows, (query, row) =>
    checkpoints.reduce((sum, checkpoint) => {
      const [asked, trained] = [rowOf(checkpoint.queries, query), rowOf(checkpoint.train, row)];
      return sum + checkpoint.learningRate * weight(checkpoint, query, row) * dot(asked, trained);
    }, 0)
  );
}

/** All of a row's sketch: a view. */
function rowOf({ values, segments, width }: GradientSketches, row: number): Float32Array {
  return values.subarray(row * segments * width, (row + 1) * segments * width);
}

/** Norms of the whole gradients, exact. */
function normsOf({ rows, segments, squares }: GradientSketches): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let segment = 0; segment < segments; segment++) sum += squares[row * segments + segment];
    return Math.sqrt(sum);
  });
}
