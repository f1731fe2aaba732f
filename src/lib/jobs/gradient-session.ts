import type { Checkpoint } from '../formats/checkpoint';
import { TabtuneError } from '../errors';
import type { Device } from '../gpu/device';
import { GradientSketcher } from '../gpu/influence/gradient-sketcher';
import type { GradientSketches } from '../gpu/influence/sketches';
import type { AdapterLayout } from '../gpu/model/adapter';
import type { BaseModel } from '../gpu/model/base';
import type { DecoderConfig } from '../gpu/model/config';
import { parseDecoderConfig } from '../gpu/model/config';
import { checkpointAbsmaxForm, type LoadOptions } from '../gpu/model/load';
import type { AbsmaxForm } from '../gpu/nf4/layout';
import { BufferStore } from '../gpu/plan/buffers';
import { selfTest } from '../gpu/self-test';
import type { TrainingRow } from '../gpu/train/batch';
import { checkFits } from './fit';
import type { InfluenceMoment } from './moments';
import type { FinetuneOptions } from './options';
import { planRun, type RunPlan } from './plan-run';
import { traitsOf, uploadBase } from './session';
import type { SketchedRun } from './sketched-run';

/** A moment of a run whose adapter is not one of the run's options, or no moment at all. */
export class InfluenceMomentError extends TabtuneError {}

/** The sketch's signs. One seed for everybody, so that sketches of different runs compare. */
export const sketchSeed = 1;

/** A base that lies on the GPU already, of a chat, say. It must outlive the session, which leaves it where it is. */
export interface LoadedBase {
  readonly store: BufferStore;
  readonly base: BaseModel;
}

export interface GradientSessionOptions extends LoadOptions {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  /** Of the run. */
  readonly options: FinetuneOptions;
  /** Values of a layer's sketch, a power of two. */
  readonly width: number;
  /** Taken where its weights are stored as the run's are; else the base is uploaded for this session alone. */
  readonly loaded?: LoadedBase;
}

/** Rows between two readings from the GPU. */
const rowsAtATime = 64;

/** Rows that go through the model at once at most, and bytes of their gradients of one layer. */
const [mostExamples, exampleBytes] = [16, 32 * 2 ** 20];

/**
 * A base on the GPU with a place for an adapter on top: takes gradients of rows at any moment of a run. What is uploaded
 * and compiled serves all moments and all rows after.
 */
export class GradientSession {
  readonly config: DecoderConfig;
  /** Of the run's adapter. */
  readonly layout: AdapterLayout;
  readonly #options: GradientSessionOptions;
  readonly #form: AbsmaxForm;
  readonly #base: LoadedBase;
  readonly #ownsBase: boolean;
  #sketcher:
    { readonly length: number; readonly made: GradientSketcher; readonly store: BufferStore } | undefined;

  private constructor(
    options: GradientSessionOptions,
    form: AbsmaxForm,
    { config, layout }: RunPlan,
    base: LoadedBase,
    ownsBase: boolean
  ) {
    this.config = config;
    this.layout = layout;
    this.#options = options;
    this.#form = form;
    this.#base = base;
    this.#ownsBase = ownsBase;
  }

  /**
   * @throws UnsupportedModelError, InvalidOptionError, AdapterFitError, WrongNumbersError, OutOfGpuMemoryError, the abort
   * reason, and what the files throw
   */
  static async open(options: GradientSessionOptions): Promise<GradientSession> {
    const { device, checkpoint, loaded, signal } = options;
    const form = await checkpointAbsmaxForm(checkpoint, parseDecoderConfig(checkpoint.config), signal);
    const plan = planOf(options, 1, form);
    await selfTest(device);
    if (loaded && loaded.base.options.format === plan.base.options.format)
      return new GradientSession(options, form, plan, loaded, false);
    const store = await uploadBase(device, plan.base, checkpoint, options);
    return new GradientSession(options, form, plan, { store, base: plan.base }, true);
  }

  /** @throws InfluenceMomentError where one is not of the run's options */
  checkValues(moments: readonly Pick<InfluenceMoment, 'values'>[]): void {
    const odd = moments.findIndex(({ values }) => values.length !== this.layout.length);
    if (odd < 0) return;
    throw new InfluenceMomentError(
      `Moment ${odd + 1} of the run has ${moments[odd].values.length} adapter values, its options make ${this.layout.length}. Give the options that the run had.`,
      { details: { moment: odd, values: moments[odd].values.length, expected: this.layout.length } }
    );
  }

  /**
   * Makes what takes gradients of rows of up to `length` tokens, `batchSize` of such at once, unless it is there. Called
   * before `sketch`, so that the time of compiling can be told from that of measuring.
   * @throws AdapterFitError, OutOfGpuMemoryError, KernelCompileError
   */
  async prepare(length: number, batchSize: number): Promise<void> {
    if (this.#sketcher && this.#sketcher.length >= length) return;
    const { device, checkpoint, options, width } = this.#options;
    const sized = { ...options, batchSize };
    const plan = planOf({ ...this.#options, options: sized }, length, this.#form);
    checkFits(checkpoint.config, sized, plan, traitsOf(device), length);
    const layerBytes = (4 * plan.layout.length) / plan.config.layers;
    this.#dropSketcher();
    const store = new BufferStore(device, this.#base.store);
    try {
      const made = await GradientSketcher.create(store, this.#base.base, plan.layout, {
        ...plan.training,
        examples: Math.max(1, Math.min(mostExamples, Math.floor(exampleBytes / layerBytes))),
        rows: rowsAtATime,
        width,
        seed: sketchSeed,
        adam: false
      });
      this.#sketcher = { length, made, store };
    } catch (error) {
      store.destroy();
      throw error;
    }
  }

  /**
   * Sketches of the gradients of rows (of each row's mean loss) at a moment of the run.
   * @throws InfluenceMomentError, BatchTooLargeError, DeviceLostError, the abort reason, and what `prepare` throws
   */
  async sketch(
    rows: readonly TrainingRow[],
    moment: Pick<InfluenceMoment, 'values'>,
    { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number) => void } = {}
  ): Promise<GradientSketches> {
    const longest = rows.reduce((most, { tokens }) => Math.max(most, tokens.length), 1);
    await this.prepare(longest, Math.min(rows.length, this.#options.options.batchSize));
    this.checkValues([moment]);
    const { made } = this.#sketcher!;
    made.restore(moment);
    return made.sketch(rows, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  }

  destroy(): void {
    this.#dropSketcher();
    if (this.#ownsBase) this.#base.store.destroy();
  }

  #dropSketcher(): void {
    this.#sketcher?.made.destroy();
    this.#sketcher?.store.destroy();
    this.#sketcher = undefined;
  }
}

/** @throws InfluenceMomentError where there is no moment, or rows were sketched at others */
export function checkMoments(moments: readonly InfluenceMoment[], sketched?: SketchedRun): void {
  if (moments.length === 0)
    throw new InfluenceMomentError(
      'There is no moment of the run to measure influence at. Keep checkpoints.'
    );
  if (!sketched || sketched.moments.length === moments.length) return;
  throw new InfluenceMomentError(
    `The run has ${moments.length} moments, and its rows were sketched at ${sketched.moments.length}. Sketch them again.`,
    { details: { moments: moments.length, sketched: sketched.moments.length } }
  );
}

function planOf(
  { device, checkpoint, options }: Pick<GradientSessionOptions, 'device' | 'checkpoint' | 'options'>,
  length: number,
  form: AbsmaxForm
): RunPlan {
  // An answer may be longer than the run's rows were.
  const sized = { ...options, dropout: 0, maxLength: Math.max(options.maxLength, length) };
  return planRun(checkpoint.config, sized, traitsOf(device), length, form);
}
