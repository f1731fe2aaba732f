import type { Device } from '../device';
import { ropeTable } from '../kernels/rope/rope-table';
import { statsFields } from '../kernels/reduce/stats';
import type { AdapterLayout, AdapterTensors } from '../model/adapter';
import type { BaseModel } from '../model/base';
import type { BufferStore } from '../plan/buffers';
import type { BuiltPlan } from '../plan/built-plan';
import { defaultStepScalars } from '../plan/kernel';
import { packBatch, type TrainingRow } from './batch';
import {
  recordTraining,
  type AdapterState,
  type TrainingPlan,
  type TrainingPlanOptions
} from './training-plan';

export interface StepOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** 0: no clipping. */
  readonly maxGradNorm: number;
  readonly beta1?: number;
  readonly beta2?: number;
  /** Seed of this step's dropout masks. */
  readonly seed: number;
}

export interface StepMetrics {
  /** Mean negative log-likelihood over the step's trained tokens, in nats. */
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly gradNorm: number;
  readonly tokens: number;
  readonly trainedTokens: number;
}

/** All that a run needs to go on later: the adapter, its optimizer moments, and the number of steps taken. */
export interface OptimizerState {
  readonly iteration: number;
  readonly values: Float32Array<ArrayBuffer>;
  readonly m: Float32Array<ArrayBuffer>;
  readonly v: Float32Array<ArrayBuffer>;
}

/**
 * Trains an adapter over a loaded base. Every buffer, pipeline and bind group is made in {@link Trainer.create}; a step
 * writes tokens and scalars, replays the plan, and reads sixteen bytes of figures back.
 */
export class Trainer {
  readonly layout: AdapterLayout;
  readonly plan: TrainingPlan;
  readonly #built: BuiltPlan;
  readonly #device: Device;
  readonly #capacity: number;
  readonly #vocabulary: number;
  readonly #readback: GPUBuffer;
  #iteration = 0;

  private constructor(
    device: Device,
    layout: AdapterLayout,
    plan: TrainingPlan,
    built: BuiltPlan,
    capacity: number,
    vocabulary: number
  ) {
    this.#device = device;
    this.layout = layout;
    this.plan = plan;
    this.#built = built;
    this.#capacity = capacity;
    this.#vocabulary = vocabulary;
    this.#readback = device.raw.createBuffer({
      label: 'figures',
      size: 16,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    });
  }

  /**
   * @param store holds the base's weights; the adapter and its optimizer state are added to it
   * @throws OutOfGpuMemoryError, TensorTooLargeError, KernelCompileError, DeviceLostError
   */
  static async create(
    store: BufferStore,
    base: BaseModel,
    layout: AdapterLayout,
    options: TrainingPlanOptions
  ): Promise<Trainer> {
    const plan = recordTraining(base, layout, options);
    const built = await plan.plan.build(store.device, store);
    const { headDim, ropeTheta, ropeScaling } = base.config;
    built.write(
      plan.batch.ropeTable,
      ropeTable({ headDim, theta: ropeTheta, scaling: ropeScaling }, options.length)
    );
    return new Trainer(store.device, layout, plan, built, options.tokens, base.config.vocabulary);
  }

  /** Optimizer steps taken. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Bytes of the plan's own buffers: transients, uniforms. The store's come on top. */
  get planBytes(): number {
    return this.#built.bytes + this.#readback.size;
  }

  /** Sets the adapter and clears the optimizer, or restores all of an earlier run. */
  restore(state: Pick<OptimizerState, 'values'> & Partial<OptimizerState>): void {
    const zeros = new Float32Array(this.layout.length);
    const { values, m, v, gradients } = this.plan.state;
    this.#built.write(values, state.values);
    this.#built.write(m, state.m ?? zeros);
    this.#built.write(v, state.v ?? zeros);
    // Gaps between factors are never written by a kernel, and the norm runs over them.
    this.#built.write(gradients, zeros);
    this.#iteration = state.iteration ?? 0;
  }

  /**
   * One optimizer step over micro-batches, whose gradients add up: the loss is the mean over the trained tokens of all
   * of them together, as transformers' Trainer counts since 4.46.
   */
  async step(microBatches: readonly (readonly TrainingRow[])[], options: StepOptions): Promise<StepMetrics> {
    const started = performance.now();
    const packed = microBatches
      .map((rows) => packBatch(rows, this.#capacity, this.#vocabulary))
      .filter((b) => b.trained > 0);
    const trainedTokens = packed.reduce((sum, b) => sum + b.trained, 0);
    const tokens = packed.reduce((sum, b) => sum + b.tokens, 0);
    const { beta1 = 0.9, beta2 = 0.999 } = options;
    const iteration = this.#iteration + 1;
    const scalars = {
      ...defaultStepScalars,
      iteration,
      lossWeight: 1 / Math.max(1, trainedTokens),
      learningRate: options.learningRate,
      weightDecay: options.weightDecay,
      maxGradNorm: options.maxGradNorm,
      biasCorrection1: 1 - beta1 ** iteration,
      biasCorrection2: 1 - beta2 ** iteration
    };
    const { batch, stats } = this.plan;
    packed.forEach((micro, n) => {
      for (const name of ['ids', 'positions', 'spans', 'gather', 'targets', 'scatter'] as const)
        this.#built.write(batch[name], micro[name]);
      this.#built.replay(
        {
          ...scalars,
          tokens: micro.tokens,
          trained: micro.trained,
          accumulate: n ? 1 : 0,
          seed: (options.seed + n * 0x9e3779b9) >>> 0
        },
        'micro'
      );
    });
    this.#built.replay(scalars, 'update');
    const figures = await this.#read(this.#built.buffer(stats));
    const norm = figures[statsFields.norm];
    const loss = figures[statsFields.loss] / Math.max(1, trainedTokens);
    this.#built.observe((performance.now() - started) / Math.max(1, packed.length), 'micro');
    if (Number.isFinite(norm) && Number.isFinite(loss)) this.#iteration = iteration;
    return { loss, gradNorm: norm, tokens, trainedTokens };
  }

  /** The adapter and optimizer as they are now. */
  async state(): Promise<OptimizerState> {
    const read = async (name: keyof AdapterState) =>
      (await this.#built.read(this.plan.state[name])) as Float32Array<ArrayBuffer>;
    return {
      iteration: this.#iteration,
      values: await read('values'),
      m: await read('m'),
      v: await read('v')
    };
  }

  /** The adapter as it is now, as the layout has it. */
  async values(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#built.read(this.plan.state.values)) as Float32Array<ArrayBuffer>;
  }

  async adapter(): Promise<AdapterTensors> {
    return this.layout.unpack(await this.values());
  }

  /** Gradients of the last step's micro-batches, by PEFT's names; for tests and attribution. */
  async gradients(): Promise<AdapterTensors> {
    return this.layout.unpack((await this.#built.read(this.plan.state.gradients)) as Float32Array);
  }

  destroy(): void {
    this.#built.destroy();
    this.#readback.destroy();
  }

  async #read(source: GPUBuffer): Promise<Float32Array> {
    const encoder = this.#device.raw.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, this.#readback, 0, 16);
    this.#device.raw.queue.submit([encoder.finish()]);
    await this.#device.answer(this.#readback.mapAsync(GPUMapMode.READ));
    const values = new Float32Array(this.#readback.getMappedRange().slice(0));
    this.#readback.unmap();
    return values;
  }
}
