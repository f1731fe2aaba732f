import { ropeTable } from '../kernels/rope/rope-table';
import type { AdapterLayout } from '../model/adapter';
import type { BaseModel } from '../model/base';
import type { BufferStore } from '../plan/buffers';
import type { BuiltPlan } from '../plan/built-plan';
import { defaultStepScalars } from '../plan/kernel';
import { packBatch, type TrainingRow } from '../train/batch';
import type { OptimizerState } from '../train/trainer';
import { recordInfluence, type InfluencePlan, type InfluencePlanOptions } from './influence-plan';
import type { GradientSketches } from './sketches';

export type SketcherOptions = InfluencePlanOptions;

/**
 * Takes the gradient of each row alone, through the kernels that train, and keeps its sketch: a few thousand numbers a
 * row. Rows go through in batches, as in training, and what is read back is read once for many. A row's sketch is the same
 * whichever rows are beside it, but for rounding.
 */
export class GradientSketcher {
  readonly #plan: InfluencePlan;
  readonly #built: BuiltPlan;
  readonly #options: SketcherOptions;
  readonly #shape: { segments: number; hidden: number; length: number; vocabulary: number };
  #iteration = 1;

  private constructor(
    plan: InfluencePlan,
    built: BuiltPlan,
    options: SketcherOptions,
    shape: { segments: number; hidden: number; length: number; vocabulary: number }
  ) {
    this.#plan = plan;
    this.#built = built;
    this.#options = options;
    this.#shape = shape;
  }

  /**
   * @param store holds the base's weights; the adapter is added to it
   * @throws SketchWidthError, OutOfGpuMemoryError, TensorTooLargeError, KernelCompileError
   */
  static async create(
    store: BufferStore,
    base: BaseModel,
    layout: AdapterLayout,
    options: SketcherOptions
  ): Promise<GradientSketcher> {
    const plan = recordInfluence(base, layout, options);
    const built = await plan.plan.build(store.device, store);
    const { headDim, ropeTheta, ropeScaling, layers, hidden, vocabulary } = base.config;
    built.write(
      plan.batch.ropeTable,
      ropeTable({ headDim, theta: ropeTheta, scaling: ropeScaling }, options.length)
    );
    return new GradientSketcher(plan, built, options, {
      ...{ segments: layers, hidden, length: layout.length, vocabulary }
    });
  }

  /** Goes to a checkpoint of a run: its adapter, and for `adam` the moments as they were there. */
  restore(checkpoint: Pick<OptimizerState, 'values'> & Partial<OptimizerState>): void {
    const { values, moments } = this.#plan;
    this.#built.write(values, checkpoint.values);
    if (!moments) return;
    const zeros = new Float32Array(this.#shape.length);
    this.#built.write(moments.m, checkpoint.m ?? zeros);
    this.#built.write(moments.v, checkpoint.v ?? zeros);
    this.#iteration = (checkpoint.iteration ?? 0) + 1;
  }

  /**
   * Sketches of the gradients of each row's mean loss over its trained tokens. A row without any has a gradient of zero.
   * @throws BatchTooLargeError, and the abort reason
   */
  async sketch(
    rows: readonly TrainingRow[],
    options: { signal?: AbortSignal; onProgress?: (done: number) => void } = {}
  ): Promise<GradientSketches> {
    const { segments, hidden } = this.#shape;
    const { width } = this.#options;
    const values = new Float32Array(rows.length * segments * width);
    const squares = new Float32Array(rows.length * segments);
    const representations = new Float32Array(rows.length * hidden);
    for (let first = 0; first < rows.length; first += this.#options.rows) {
      options.signal?.throwIfAborted();
      const part = rows.slice(first, first + this.#options.rows);
      const started = performance.now();
      let replays = 0;
      for (let at = 0; at < part.length; replays++) {
        const batch = this.#batchAt(part, at);
        this.#measure(batch, at);
        at += batch.length;
      }
      const pairs = (await this.#built.read(this.#plan.sketches)) as Float32Array;
      for (let i = 0; i < part.length * segments * width; i++) {
        const at = first * segments * width + i;
        values[at] = pairs[2 * i];
        squares[Math.floor(at / width)] += pairs[2 * i + 1];
      }
      const means = (await this.#built.read(this.#plan.representations)) as Float32Array;
      representations.set(means.subarray(0, part.length * hidden), first * hidden);
      this.#built.observe((performance.now() - started) / replays);
      options.onProgress?.(first + part.length);
    }
    return { rows: rows.length, segments, width, values, squares, representations, hidden };
  }

  destroy(): void {
    this.#built.destroy();
  }

  /** As many rows as go through at once, at least one. */
  #batchAt(rows: readonly TrainingRow[], first: number): readonly TrainingRow[] {
    const { examples, tokens: capacity } = this.#options;
    let tokens = rows[first].tokens.length;
    let end = first + 1;
    while (end < rows.length && end - first < examples && tokens + rows[end].tokens.length <= capacity)
      tokens += rows[end++].tokens.length;
    return rows.slice(first, end);
  }

  /** Replays the plan for a batch, whose first row goes into row `index` of what is collected. */
  #measure(rows: readonly TrainingRow[], index: number): void {
    const packed = packBatch(rows, this.#options.tokens, this.#shape.vocabulary);
    for (const name of ['ids', 'positions', 'spans', 'gather', 'targets', 'scatter'] as const)
      this.#built.write(this.#plan.batch[name], packed[name]);
    this.#built.write(this.#plan.table, tableOf(rows, this.#options.examples));
    this.#built.replay({
      ...defaultStepScalars,
      tokens: packed.tokens,
      trained: packed.trained,
      // Each example's own mean is taken as its gradients are written.
      lossWeight: 1,
      biasCorrection1: 1 - 0.9 ** this.#iteration,
      biasCorrection2: 1 - 0.999 ** this.#iteration,
      row: index
    });
  }
}

/** Where rows lie in their batch, as `Examples` wants it: `packBatch` lays them one behind another. */
function tableOf(rows: readonly TrainingRow[], examples: number): Uint32Array {
  const table = new Uint32Array(4 * examples);
  let [token, target] = [0, 0];
  rows.forEach(({ tokens, trained }, i) => {
    const targets = trained.reduce((sum, flag, t) => sum + (t > 0 ? flag : 0), 0);
    table.set([token, token + tokens.length, target, target + targets], 4 * i);
    token += tokens.length;
    target += targets;
  });
  return table;
}
