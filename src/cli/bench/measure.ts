import { TabtuneError } from '../../lib/errors';
import type { Device } from '../../lib/gpu/device';
import { AdapterLayout } from '../../lib/gpu/model/adapter';
import { baseTensors, describeBase, type BaseFormat, type BaseModel } from '../../lib/gpu/model/base';
import { loadBase } from '../../lib/gpu/model/load';
import { projections } from '../../lib/gpu/model/weights';
import { BufferStore } from '../../lib/gpu/plan/buffers';
import { defaultStepScalars } from '../../lib/gpu/plan/kernel';
import type { Plan } from '../../lib/gpu/plan/plan';
import { tensorBytes } from '../../lib/gpu/plan/tensor';
import { Trainer } from '../../lib/gpu/train/trainer';
import { recordTraining, type TrainingPlanOptions } from '../../lib/gpu/train/training-plan';
import { countDevice } from './device-counter';
import { timeKernels, type KernelTime } from './kernel-times';
import { hyperparameters, presets, type Preset } from './presets';
import { randomModel } from './random-model';

/** No preset has the name that was asked for. */
export class UnknownPresetError extends TabtuneError {}

export interface BenchRequest {
  readonly preset: string;
  /** Steady steps to measure, after two that are not. */
  readonly steps: number;
  readonly base: BaseFormat;
  /** Instead of the preset's or the device's own choice. */
  readonly checkpointing?: boolean;
  readonly scratch?: boolean;
  /** Measure each kernel alone, too. */
  readonly kernels: boolean;
}

/** All times in milliseconds, all sizes in bytes. */
export interface BenchResult {
  readonly preset: string;
  readonly device: { readonly vendor: string; readonly architecture: string; readonly description: string };
  readonly settings: {
    readonly base: BaseFormat;
    readonly style: string;
    readonly scratch: boolean;
    readonly checkpointing: boolean;
    readonly activations: string;
    readonly batch: number;
    readonly length: number;
    readonly rank: number;
  };
  /** Trained tokens in the median step. */
  readonly tokensPerSecond: number;
  readonly millisecondsPerStep: {
    readonly median: number;
    readonly min: number;
    readonly max: number;
    readonly steps: number;
  };
  /** From making the plan to the end of the first step, compiling included; the weights are on the GPU before. */
  readonly firstStepMilliseconds: number;
  readonly dispatchesPerStep: number;
  /** Forward and backward of one decoder layer, as measured and with checkpointing on. */
  readonly dispatchesPerLayer: { readonly here: number; readonly checkpointing: number };
  readonly plannedBytes: number;
  readonly peakBytes: number;
  /** peakBytes over plannedBytes. */
  readonly peakToPlanned: number;
  /** Buffers, bind groups, pipelines and shaders made after the first step. */
  readonly allocationsAfterFirstStep: number;
  readonly gflopPerStep: number;
  readonly gflops: number;
  readonly losses: readonly number[];
  readonly kernels: readonly KernelTime[];
}

/**
 * Trains a preset's random model on the device and measures it. The device is the caller's; all that is made on it
 * here is destroyed.
 * @throws UnknownPresetError, and what the engine throws
 */
export async function measure(device: Device, request: BenchRequest): Promise<BenchResult> {
  const preset = findPreset(request.preset);
  const { batch, length, rank } = preset;
  const { base, layout, options } = describeTraining(device, preset, request);
  const plannedBytes = planBytes(base, recordTraining(base, layout, options).plan);

  const counts = countDevice(device.raw);
  const store = new BufferStore(device);
  let trainer: Trainer | undefined;
  try {
    const model = randomModel(preset);
    await loadBase(store, base, model.source);
    await device.answer(device.raw.queue.onSubmittedWorkDone());
    const adapter = model.adapter(layout);

    const losses: number[] = [];
    const times: number[] = [];
    const started = performance.now();
    trainer = await Trainer.create(store, base, layout, options);
    trainer.restore({ values: adapter });
    const step = async () => {
      const { loss } = await trainer!.step([model.rows], { ...hyperparameters, seed: 1 });
      losses.push(loss);
    };
    await step();
    const firstStepMilliseconds = performance.now() - started;
    const madeByFirst = counts().made;
    for (let n = 0; n <= request.steps; n++) {
      const begun = performance.now();
      await step();
      if (n > 0) times.push(performance.now() - begun);
    }
    const { made, peakBytes } = counts();

    const { plan } = trainer.plan;
    const median = medianOf(times);
    const tokens = batch * length;
    const scalars = {
      ...defaultStepScalars,
      tokens: options.tokens,
      trained: tokens,
      lossWeight: 1 / tokens
    };
    return {
      preset: preset.name,
      device: deviceNames(device),
      settings: {
        base: request.base,
        style: device.style,
        scratch: options.scratch,
        checkpointing: options.checkpointing,
        activations: options.activations,
        batch,
        length,
        rank
      },
      tokensPerSecond: (tokens / median) * 1000,
      millisecondsPerStep: { median, min: Math.min(...times), max: Math.max(...times), steps: times.length },
      firstStepMilliseconds,
      dispatchesPerStep: plan.dispatchCount(),
      dispatchesPerLayer: {
        here: countDispatchesPerLayer(preset, request.base, options),
        checkpointing: countDispatchesPerLayer(preset, request.base, { ...options, checkpointing: true })
      },
      plannedBytes,
      peakBytes,
      peakToPlanned: peakBytes / plannedBytes,
      allocationsAfterFirstStep: made - madeByFirst,
      gflopPerStep: plan.flops() / 1e9,
      gflops: plan.flops() / median / 1e6,
      losses,
      kernels: request.kernels ? await timeKernels(store, plan, scalars) : []
    };
  } finally {
    trainer?.destroy();
    store.destroy();
  }
}

/** The base, the adapter and the plan's options that a request means on a device. Allocates nothing. */
export function describeTraining(
  device: Device,
  preset: Preset,
  request: BenchRequest
): { base: BaseModel; layout: AdapterLayout; options: TrainingPlanOptions } {
  const { config, rank, batch, length } = preset;
  const { maxStorageBufferBindingSize, maxBufferSize } = device.raw.limits;
  const base = describeBase(config, {
    format: request.base,
    vocabularyFormat: preset.vocabularyFormat,
    maxTensorBytes: Math.min(maxStorageBufferBindingSize, maxBufferSize)
  });
  const layout = new AdapterLayout(config, { rank, alpha: 2 * rank, rsLora: false, targets: projections });
  const options: TrainingPlanOptions = {
    tokens: batch * (length + 1),
    length: length + 1,
    style: device.style,
    checkpointing: request.checkpointing ?? preset.checkpointing,
    scratch: request.scratch ?? (device.style === 'serial' && request.base === 'nf4'),
    activations: device.f16 && device.style === 'cooperative' ? 'f16' : 'f32',
    dropout: 0
  };
  return { base, layout, options };
}

export function findPreset(name: string): Preset {
  const preset = presets.find((p) => p.name === name);
  if (preset) return preset;
  throw new UnknownPresetError(
    `There is no preset "${name}". Choose one of ${presets.map((p) => p.name).join(', ')}.`,
    { details: { preset: name } }
  );
}

/** Bytes of a base, and of a plan over it, counted once where the plan uses the base's own; the figures' 16 on top. */
export function planBytes(base: BaseModel, plan: Plan): number {
  const owned = new Set([...baseTensors(base), ...plan.ownedTensors()]);
  const { transientBytes, uniformBytes } = plan.memory();
  return [...owned].reduce((sum, tensor) => sum + tensorBytes(tensor), transientBytes + uniformBytes + 16);
}

/** What one more layer adds to a step. */
export function countDispatchesPerLayer(
  preset: Preset,
  format: BaseFormat,
  options: TrainingPlanOptions
): number {
  const count = (layers: number) => {
    const config = { ...preset.config, layers };
    const base = describeBase(config, {
      format,
      vocabularyFormat: preset.vocabularyFormat,
      maxTensorBytes: 2 ** 30
    });
    const layout = new AdapterLayout(config, {
      rank: preset.rank,
      alpha: preset.rank,
      rsLora: false,
      targets: projections
    });
    return recordTraining(base, layout, options).plan.dispatchCount('micro');
  };
  return count(3) - count(2);
}

function deviceNames(device: Device): BenchResult['device'] {
  const { vendor, architecture, description } = device.description;
  return { vendor, architecture, description };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
