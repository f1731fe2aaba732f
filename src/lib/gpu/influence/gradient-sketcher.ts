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
 * row. One forward and backward pass a row; what is read back is read once for many rows.
 */
export class GradientSketcher {
  readonly #plan: InfluencePlan;
  readonly #built: BuiltPlan;
  readonly #options: SketcherOptions;
  readonly #shape: { segments: number; hidden: number; length: number };
  #iteration = 1;

  private constructor(
    plan: InfluencePlan,
    built: BuiltPlan,
    options: SketcherOptions,
    shape: { segments: number; hidden: number; length: number }
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
    const { headDim, ropeTheta, ropeScaling, layers, hidden } = base.config;
    built.write(
      plan.batch.ropeTable,
      ropeTable({ headDim, theta: ropeTheta, scaling: ropeScaling }, options.length)
    );
    return new GradientSketcher(plan, built, options, { segments: layers, hidden, length: layout.length });
  }

  /** Goes to a checkpoint of a run: its adapter, and for `adam` the moments as they were there. */
  restore(checkpoint: Pick<OptimizerState, 'values'> & Partial<OptimizerState>): void {
    const { values, gradients, m, v } = this.#plan.state;
    const zeros = new Float32Array(this.#shape.length);
    this.#built.write(values, checkpoint.values);
    // Gaps between factors are never written by a kernel, and the sketch runs over them.
    this.#built.write(gradients, zeros);
    if (!this.#options.adam) return;
    this.#built.write(m, checkpoint.m ?? zeros);
    this.#built.write(v, checkpoint.v ?? zeros);
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
      part.forEach((row, i) => this.#measure(row, i));
      const pairs = (await this.#built.read(this.#plan.sketches)) as Float32Array;
      for (let i = 0; i < part.length * segments * width; i++) {
        const at = first * segments * width + i;
        values[at] = pairs[2 * i];
        squares[Math.floor(at / width)] += pairs[2 * i + 1];
      }
      const means = (await this.#built.read(this.#plan.representations)) as Float32Array;
      representations.set(means.subarray(0, part.length * hidden), first * hidden);
      options.onProgress?.(first + part.length);
    }
    return { rows: rows.length, segments, width, values, squares, representations, hidden };
  }

  destroy(): void {
    this.#built.destroy();
  }

  /** Replays the plan for one row, into row `index` of what is collected. */
  #measure(row: TrainingRow, index: number): void {
    const packed = packBatch([row], this.#options.tokens);
    for (const name of ['ids', 'positions', 'spans', 'gather', 'targets', 'scatter'] as const)
      this.#built.write(this.#plan.batch[name], packed[name]);
    this.#built.replay({
      ...defaultStepScalars,
      tokens: packed.tokens,
      trained: packed.trained,
      lossWeight: 1 / Math.max(1, packed.trained),
      biasCorrection1: 1 - 0.9 ** this.#iteration,
      biasCorrection2: 1 - 0.999 ** this.#iteration,
      row: index
    });
  }
}
