import type { Row } from '../datanets/row';
import { trainedTokens } from '../datanets/statistics';
import type { Adapter } from '../formats/peft';
import { Scorer } from '../gpu/generate/scorer';
import { BufferStore } from '../gpu/plan/buffers';
import { selfTest } from '../gpu/self-test';
import { Trainer } from '../gpu/train/trainer';
import type { LoadedBase } from './gradient-session';
import { prepareRun, type PreparedRun, type RunInputs } from './prepare';
import { uploadBase } from './session';
import { startValues, trainingSteps } from './training-steps';

export interface PartTrainerJob extends RunInputs {
  readonly questions: readonly Row[];
  /** An adapter that every model starts from; its rank, alpha and targets must be the options'. */
  readonly adapter?: Adapter;
  onProgress?(phase: 'loading' | 'quantising' | 'compiling', done: number, total: number): void;
}

/** How well a model answers, in nats. */
export interface Losses {
  /** Mean negative log-likelihood over the trained tokens of all questions. */
  readonly loss: number;
  /** [questions] The same of each question; NaN for one of which nothing is trained on. */
  readonly questions: Float64Array;
}

export interface PartOptions {
  /** Optimizer steps at most: a run that was stopped took fewer than its options say. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  /** After each step. */
  onStep?(milliseconds: number): void;
}

/**
 * Trains one model after another on parts of the same rows and measures each on the same questions. The base is uploaded
 * and the kernels are compiled once; a model leaves nothing behind but its losses.
 */
export class PartTrainer {
  readonly #job: PartTrainerJob;
  readonly #prepared: PreparedRun;
  readonly #base: BufferStore;
  readonly #session: BufferStore;
  readonly #trainer: Trainer;
  readonly #scorer: Scorer;
  /** The adapter that every model starts from, as the layout has it. */
  readonly start: Float32Array<ArrayBuffer>;

  private constructor(
    job: PartTrainerJob,
    prepared: PreparedRun,
    gpu: { base: BufferStore; session: BufferStore; trainer: Trainer; scorer: Scorer }
  ) {
    const { layout } = prepared.plan;
    this.#job = job;
    this.#prepared = prepared;
    this.#base = gpu.base;
    this.#session = gpu.session;
    this.#trainer = gpu.trainer;
    this.#scorer = gpu.scorer;
    this.start = startValues(layout, job);
  }

  /**
   * @throws NothingToTrainError, UnsupportedModelError, AdapterFitError, AdapterMismatchError, WrongNumbersError,
   * OutOfGpuMemoryError, DeviceLostError, the abort reason, and what the files throw
   */
  static async open(job: PartTrainerJob): Promise<PartTrainer> {
    const { device, checkpoint, signal } = job;
    job.onProgress?.('loading', 0, 0);
    const prepared = await prepareRun(job);
    const { plan } = prepared;
    await selfTest(device);
    const base = await uploadBase(device, plan.base, checkpoint, {
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => job.onProgress?.('quantising', done, total)
    });
    const session = new BufferStore(device, base);
    let trainer: Trainer | undefined;
    let scorer: Scorer | undefined;
    try {
      job.onProgress?.('compiling', 0, 0);
      trainer = await Trainer.create(session, plan.base, plan.layout, plan.training);
      // It reads the very vector that is trained.
      const adapter = { layout: plan.layout, values: trainer.plan.state.values };
      scorer = await Scorer.create(session, plan.base, { ...plan.training, adapter });
      return new PartTrainer(job, prepared, { base, session, trainer, scorer });
    } catch (error) {
      scorer?.destroy();
      trainer?.destroy();
      session.destroy();
      base.destroy();
      throw error;
    }
  }

  /** The base on the GPU, for others to use beside this and not longer. */
  get loaded(): LoadedBase {
    return { store: this.#base, base: this.#prepared.plan.base };
  }

  /** What every model is before it is trained. */
  async measureStart(): Promise<Losses> {
    this.#trainer.restore({ values: this.start });
    return this.#measure();
  }

  /** Steps that `train` takes with so many of the rows. */
  stepsOf(part: readonly number[], most = Infinity): number {
    const rows = this.#partOf(part).length;
    return rows === 0 ? 0 : Math.min(most, [...trainingSteps(rows, this.#job.options)].length);
  }

  /**
   * Trains a model from the start, with the run's own options, on some of the rows, and measures it. A model whose loss is
   * no longer a number is measured as it was before, as a run keeps it.
   * @param part positions among the rows of the job, ascending
   * @throws DeviceLostError, the abort reason
   */
  async train(
    part: readonly number[],
    { steps = Infinity, signal, onStep }: PartOptions = {}
  ): Promise<Losses> {
    const rows = this.#partOf(part);
    this.#trainer.restore({ values: this.start });
    if (rows.length > 0) {
      for (const { step, batches, options } of trainingSteps(rows.length, this.#job.options)) {
        signal?.throwIfAborted();
        if (step >= steps) break;
        const started = performance.now();
        const microBatches = batches.map((batch) => Array.from(batch, (row) => rows[row]));
        const { loss, gradNorm } = await this.#trainer.step(microBatches, options);
        onStep?.(performance.now() - started);
        if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) break;
      }
    }
    signal?.throwIfAborted();
    return this.#measure();
  }

  destroy(): void {
    this.#scorer.destroy();
    this.#trainer.destroy();
    this.#session.destroy();
    this.#base.destroy();
  }

  /** The encoded rows of a part: what leaves nothing to train on is not among them. */
  #partOf(part: readonly number[]) {
    const { encoded, index } = this.#prepared.rows;
    const wanted = new Set(part);
    return encoded.filter((_, i) => wanted.has(index[i]));
  }

  async #measure(): Promise<Losses> {
    const { encoded, index } = this.#prepared.questions;
    const sums = await this.#scorer.score(encoded);
    const questions = new Float64Array(this.#job.questions.length).fill(NaN);
    let tokens = 0;
    encoded.forEach((row, i) => {
      questions[index[i]] = sums[i] / trainedTokens(row);
      tokens += trainedTokens(row);
    });
    return { loss: sums.reduce((sum, each) => sum + each, 0) / tokens, questions };
  }
}
