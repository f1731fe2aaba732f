/** What each estimator makes of sketches: of rows that were trained on, and of the questions. On the processor alone. */
import { Pace } from '../datanets/pace';
import { dataInf } from '../gpu/influence/data-inf';
import { gradientCosine, representationSimilarity, tracIn } from '../gpu/influence/estimators';
import type {
  Checkpoint as SketchedMoment,
  GradientSketches,
  InfluenceScores
} from '../gpu/influence/sketches';

export const estimators = ['cosine', 'tracIn', 'dataInf', 'representation'] as const;

export type Estimator = (typeof estimators)[number];

/** The estimator that shares and sources are made of: it finds the right rows most often (README, "Measured"). */
export const defaultEstimator: Estimator = 'cosine';

export interface EstimatorScores {
  /** Sum over the moments. */
  readonly scores: InfluenceScores;
  /** What each moment adds. `dataInf` and `representation` look at the last one only, as their papers do. */
  readonly moments: readonly InfluenceScores[];
  /** Time on the processor, the gradients apart. */
  readonly milliseconds: number;
}

type Measure = (part: SketchedMoment) => InfluenceScores;

export interface ComparisonOptions {
  /** Of a layer's adapter: DataInf's damping is by their number. */
  readonly parameters: number;
  readonly estimators: readonly Estimator[];
}

/** Collects the scores of estimators, moment after moment; each is held only as long as it is added. */
export class Comparison {
  readonly #parameters: number;
  readonly #parts: ReadonlyMap<Estimator, { moments: InfluenceScores[]; milliseconds: number }>;

  constructor({ parameters, estimators }: ComparisonOptions) {
    this.#parameters = parameters;
    this.#parts = new Map(estimators.map((name) => [name, { moments: [], milliseconds: 0 }]));
  }

  /**
   * @param last whether it is the last of the run
   * @throws the abort reason
   */
  async add(
    moment: SketchedMoment,
    last: boolean,
    options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {}
  ): Promise<void> {
    for (const [name, part] of this.#parts) {
      const measure = this.#measureOf(name, last);
      if (!measure) continue;
      const started = performance.now();
      part.moments.push(await queryByQuery(moment, measure, options));
      part.milliseconds += performance.now() - started;
    }
  }

  /** After at least one moment, the last of which was added as such. */
  result(name: Estimator): EstimatorScores {
    const { moments, milliseconds } = this.#parts.get(name)!;
    const values = new Float64Array(moments[0].values.length);
    for (const each of moments) each.values.forEach((score, i) => (values[i] += score));
    return { scores: { ...moments[0], values }, moments, milliseconds };
  }

  #measureOf(name: Estimator, last: boolean): Measure | undefined {
    switch (name) {
      case 'cosine':
        return (part) => gradientCosine([part]);
      case 'tracIn':
        return (part) => tracIn([part]);
      case 'dataInf':
        return last ? (part) => dataInf(part, this.#parameters) : undefined;
      case 'representation':
        return last ? representationSimilarity : undefined;
    }
  }
}

/** Runs an estimator on one query after another, so that the thread is not held up. */
async function queryByQuery(
  { queries, ...moment }: SketchedMoment,
  measure: Measure,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void }
): Promise<InfluenceScores> {
  const pace = new Pace({ ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  const rows = moment.train.rows;
  const values = new Float64Array(queries.rows * rows);
  for (let query = 0; query < queries.rows; query++) {
    values.set(measure({ ...moment, queries: only(queries, query) }).values, query * rows);
    if (pace.due) await pace.breathe(query, queries.rows);
  }
  pace.finish(queries.rows);
  return { queries: queries.rows, rows, values };
}

/** One row of sketches: views. */
function only({ segments, width, hidden, ...sketches }: GradientSketches, row: number): GradientSketches {
  const part = (values: Float32Array, size: number) => values.subarray(row * size, (row + 1) * size);
  return {
    segments,
    width,
    hidden,
    rows: 1,
    values: part(sketches.values, segments * width),
    squares: part(sketches.squares, segments),
    representations: part(sketches.representations, hidden)
  };
}
