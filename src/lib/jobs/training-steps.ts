/** What a run does, step by step: which rows, at which learning rate, with which seed. All of it follows from the options. */
import { batches, batchesPerEpoch } from '../datanets/order';
import { Random } from '../datanets/random';
import type { Adapter } from '../formats/peft';
import type { AdapterLayout } from '../gpu/model/adapter';
import { learningRateAt } from '../gpu/train/schedule';
import type { StepOptions } from '../gpu/train/trainer';
import type { FinetuneOptions } from './options';

export interface TrainingStep {
  /** From 0. */
  readonly step: number;
  /** From 0. */
  readonly epoch: number;
  /** Positions of the rows of each micro-batch. */
  readonly batches: readonly Uint32Array[];
  readonly options: StepOptions;
}

/** Optimizer steps of a run. An epoch's last step may have fewer batches; steps never span epochs. */
export function countSteps(
  rows: number,
  options: Pick<FinetuneOptions, 'batchSize' | 'gradAccum' | 'epochs' | 'maxSteps'>
): number {
  const perEpoch = Math.ceil(batchesPerEpoch(rows, options.batchSize) / options.gradAccum);
  const all = Math.max(1, Math.round(perEpoch * options.epochs));
  return options.maxSteps > 0 ? Math.min(all, options.maxSteps) : all;
}

/**
 * The warm-up that a run has: as set, where the run is longer; else a fifth of the run, since one that ends within its
 * warm-up never reaches the learning rate it was given.
 */
export function fittedWarmup(warmup: number, steps: number): number {
  return warmup < steps ? warmup : Math.floor(steps / 5);
}

/** The steps of a run over `rows` rows, in their order. Each can be taken without those before having been. */
export function* trainingSteps(rows: number, options: FinetuneOptions): Generator<TrainingStep> {
  const { scheduler, learningRate: peak, weightDecay, maxGradNorm, seed } = options;
  const steps = countSteps(rows, options);
  const warmup = fittedWarmup(options.warmupSteps, steps);
  let step = 0;
  for (const { epoch, batches } of stepBatches(rows, options)) {
    if (step === steps) return;
    yield {
      step,
      epoch,
      batches,
      options: {
        learningRate: learningRateAt(step, { scheduler, peak, warmup, steps }),
        weightDecay,
        maxGradNorm,
        seed: (seed ^ Math.imul(step + 1, 0x85ebca6b)) >>> 0
      }
    };
    step += 1;
  }
}

/** Purpose of the seed, beside those of datanets/order.ts. */
const adapterStream = 3;

/** What a run begins with: the adapter that it goes on from, else one that its seed draws. @throws AdapterMismatchError */
export function startValues(
  layout: AdapterLayout,
  { adapter, options }: { adapter?: Adapter; options: Pick<FinetuneOptions, 'seed'> }
): Float32Array<ArrayBuffer> {
  return adapter ? layout.pack(adapter.tensors, adapter.config.only) : freshAdapter(layout, options.seed);
}

function freshAdapter(layout: AdapterLayout, seed: number): Float32Array<ArrayBuffer> {
  const random = new Random(seed, adapterStream);
  return layout.initial(() => random.next() / 2 ** 32);
}

/** Batches of each optimizer step, epoch after epoch. */
function* stepBatches(
  rows: number,
  options: FinetuneOptions
): Generator<{ epoch: number; batches: Uint32Array[] }> {
  let pending: { epoch: number; batches: Uint32Array[] } | undefined;
  for (const batch of batches(rows, {
    seed: options.seed,
    shuffle: options.shuffle,
    batchSize: options.batchSize,
    epochs: Math.ceil(options.epochs)
  })) {
    if (pending && (pending.epoch !== batch.epoch || pending.batches.length === options.gradAccum)) {
      yield pending;
      pending = undefined;
    }
    pending ??= { epoch: batch.epoch, batches: [] };
    pending.batches.push(batch.rows);
  }
  if (pending) yield pending;
}
