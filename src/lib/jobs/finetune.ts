import { rowsSha256 } from '../datanets/canonical';
import { median } from '../datanets/median';
import type { Row } from '../datanets/row';
import type { Checkpoint } from '../formats/checkpoint';
import { sha256OfSource } from '../formats/digest';
import { writeAdapter, type Adapter } from '../formats/peft';
import { fromBytes } from '../formats/source';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import { BufferStore } from '../gpu/plan/buffers';
import { selfTest } from '../gpu/self-test';
import { Trainer, type OptimizerState } from '../gpu/train/trainer';
import type { TrainingRow } from '../gpu/train/batch';
import type { FinetuneOptions } from './options';
import type { RunPlan } from './plan-run';
import { baseMismatch } from './adapter-base';
import { fourBitNotice } from './four-bit';
import { positionsNotice } from './positions';
import { prepareRun, type PreparedRun } from './prepare';
import { heldOutLoss } from './held-out';
import { finalMoment, meanLearningRate, momentSteps, type InfluenceMoment } from './moments';
import type { RunRecord, StepRecord } from './run-record';
import { uploadBase } from './session';
import { software } from './software';
import { countSteps, fittedWarmup, startValues, trainingSteps } from './training-steps';

export type FinetunePhase = 'loading' | 'quantising' | 'compiling' | 'training' | 'evaluating';

/** What a run tells while it goes on. */
export type FinetuneEvent =
  | { readonly kind: 'phase'; readonly phase: FinetunePhase; readonly done?: number; readonly total?: number }
  | {
      readonly kind: 'plan';
      readonly plannedBytes: number;
      readonly dispatchesPerStep: number;
      readonly steps: number;
      readonly trainableParameters: number;
    }
  | ({ readonly kind: 'step'; readonly steps: number; readonly secondsLeft: number } & StepRecord)
  | {
      readonly kind: 'held-out';
      readonly moment: 'before' | 'after';
      readonly loss: number;
      readonly rows: number;
    }
  /** What the person should know of this run, in a sentence. */
  | { readonly kind: 'warning'; readonly message: string }
  /** Comes after the moment of the same step: who keeps it with the moments before it misses none when the run goes on. */
  | { readonly kind: 'checkpoint'; readonly state: TrainingState }
  | ({ readonly kind: 'moment'; readonly step: number } & InfluenceMoment);

/** Where a run stands, complete enough to go on in another process. */
export interface TrainingState extends OptimizerState {
  readonly steps: readonly StepRecord[];
}

export interface FinetuneJob {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: ChatTokenizer;
  readonly rows: readonly Row[];
  /** Rows that are measured before and after, never trained on. */
  readonly heldOut?: readonly Row[];
  readonly options: FinetuneOptions;
  /** An adapter to start from; its rank, alpha and targets must be the options'. */
  readonly adapter?: Adapter;
  readonly resume?: TrainingState;
  readonly signal?: AbortSignal;
  /** Asked before every step: undefined where the run goes on, else a promise that resolves when it may. */
  readonly pause?: () => Promise<void> | undefined;
  /** Steps between two `checkpoint` events; 0 or absent: none. A pause has one too, where steps were taken since the last. */
  readonly checkpointEvery?: number;
  /**
   * How many `moment` events the run has, evenly spread before its end (see `momentSteps`); 0 or absent: none. A run that ends
   * before the first has its final adapter as the only one. A resumed run does not repeat those before.
   */
  readonly moments?: number;
  onEvent?(event: FinetuneEvent): void;
}

export interface FinetuneResult {
  /** `diverged`: a loss or gradient was not finite; the adapter is the last one before. */
  readonly status: 'done' | 'stopped' | 'diverged';
  readonly adapter: Adapter;
  readonly record: RunRecord;
}

/**
 * Fine-tunes an adapter: encodes the rows, loads and quantises the base, trains, and returns the adapter with the record
 * of the run. A stop (`signal`) ends after the running step and still returns both.
 * @throws NothingToTrainError, UnsupportedModelError, AdapterFitError, WrongNumbersError, OutOfGpuMemoryError, DeviceLostError, and what the files throw
 */
export async function finetune(job: FinetuneJob): Promise<FinetuneResult> {
  const { device, checkpoint, options } = job;
  // A run that goes on has something to keep: stopped while it is opened, it still gives its adapter.
  const loading = job.signal && !job.resume ? { signal: job.signal } : {};
  const emit = (event: FinetuneEvent) => job.onEvent?.(event);
  emit({ kind: 'phase', phase: 'loading' });
  const prepared = await prepareRun({
    ...{ device, checkpoint, options, rows: job.rows, tokenizer: job.tokenizer },
    ...loading,
    ...(job.heldOut?.length ? { questions: job.heldOut } : {})
  });
  const { plan } = prepared;
  const { encoded } = prepared.rows;
  const heldOut = prepared.questions.encoded;
  const steps = countSteps(encoded.length, options);
  emit({
    kind: 'plan',
    plannedBytes: plan.plannedBytes,
    dispatchesPerStep: plan.dispatchesPerStep,
    steps,
    trainableParameters: plan.layout.parameterCount
  });
  for (const message of await runWarnings(job, prepared, steps)) emit({ kind: 'warning', message });

  await selfTest(device);
  const store = await uploadBase(device, plan.base, checkpoint, {
    ...loading,
    onProgress: (done, total) => emit({ kind: 'phase', phase: 'quantising', done, total })
  });
  // The adapter, its optimizer and the batch lie on top of the base, and go with the trainer.
  const session = new BufferStore(device, store);
  let trainer: Trainer | undefined;
  try {
    let measured: RunRecord['heldOut'];
    const measure = async (moment: 'before' | 'after', values: Float32Array<ArrayBuffer>) => {
      if (heldOut.length === 0) return;
      emit({ kind: 'phase', phase: 'evaluating' });
      const loss = await heldOutLoss(store, plan, values, heldOut);
      measured = { ...measured, rows: heldOut.length, [moment]: loss };
      emit({ kind: 'held-out', moment, loss, rows: heldOut.length });
    };
    const start = startState(job, plan);
    if (!job.resume) await measure('before', start.values);
    emit({ kind: 'phase', phase: 'compiling' });
    const started = performance.now();
    trainer = await Trainer.create(session, plan.base, plan.layout, plan.training);
    const compileMilliseconds = performance.now() - started;
    trainer.restore(start);
    const peakBytes = store.bytes + session.bytes + trainer.planBytes;
    emit({ kind: 'phase', phase: 'training', done: trainer.iteration, total: steps });
    const run = await trainSteps({ job, trainer, encoded, steps, emit, compileMilliseconds });
    const values = await trainer.values();
    const taken = trainer.iteration;
    if (job.moments && taken > 0 && taken < (momentSteps(steps, job.moments)[0] ?? Infinity))
      emit({ kind: 'moment', step: taken, ...finalMoment(values, run.records.slice(0, taken)) });
    trainer.destroy();
    trainer = undefined;
    session.destroy();
    // Who stops a run wants it to end.
    if (run.status === 'done') await measure('after', values);
    const adapter: Adapter = {
      config: {
        baseModel: checkpoint.name,
        rank: options.rank,
        alpha: options.alpha,
        dropout: options.dropout,
        targetModules: plan.layout.settings.targets,
        rsLora: options.rsLora
      },
      tensors: plan.layout.unpack(values)
    };
    const weights = writeAdapter(adapter).find((f) => f.name === 'adapter_model.safetensors')!;
    const record: RunRecord = {
      config: { ...options, model: checkpoint.name, rows: encoded.length },
      sha256: {
        base: await checkpoint.sha256(),
        data: rowsSha256(job.rows).sha256,
        adapter: await sha256OfSource(fromBytes(weights.name, weights.bytes))
      },
      device: deviceRecord(device),
      ...(measured ? { heldOut: measured } : {}),
      software,
      memory: { plannedBytes: plan.plannedBytes, peakBytes },
      dispatchesPerStep: plan.dispatchesPerStep,
      firstStepMilliseconds: run.firstStepMilliseconds,
      status: run.status,
      steps: run.records
    };
    return { status: run.status, adapter, record };
  } finally {
    trainer?.destroy();
    session.destroy();
    store.destroy();
  }
}

/** What speaks against a run as it is set, before its first step. */
async function runWarnings(
  { checkpoint, options, adapter, signal }: FinetuneJob,
  { plan, rows, questions }: PreparedRun,
  steps: number
): Promise<string[]> {
  const fitted = fittedWarmup(options.warmupSteps, steps);
  const all = [
    fitted < options.warmupSteps
      ? `The warm-up of ${options.warmupSteps} steps is longer than the run, which has ${steps}: it is shortened to ${fitted}, so that the run reaches its learning rate.`
      : undefined,
    positionsNotice([...rows.encoded, ...questions.encoded], plan.config.maxPositions),
    options.method === 'qlora' ? await fourBitNotice(checkpoint, signal) : undefined,
    adapter ? await baseMismatch(adapter, checkpoint, adapter.trainedOn, signal) : undefined
  ];
  return all.filter((message) => message !== undefined);
}

function startState(
  job: FinetuneJob,
  plan: RunPlan
): Pick<OptimizerState, 'values'> & Partial<OptimizerState> {
  return job.resume ?? { values: startValues(plan.layout, job) };
}

async function trainSteps(args: {
  readonly job: FinetuneJob;
  readonly trainer: Trainer;
  readonly encoded: readonly TrainingRow[];
  readonly steps: number;
  emit(event: FinetuneEvent): void;
  readonly compileMilliseconds: number;
}): Promise<{ status: FinetuneResult['status']; records: StepRecord[]; firstStepMilliseconds: number }> {
  const { job, trainer, encoded, steps, emit } = args;
  const { options, signal } = job;
  const records: StepRecord[] = [...(job.resume?.steps ?? [])];
  let firstStepMilliseconds = 0;
  const moments = momentSteps(steps, job.moments ?? 0);
  let saved = trainer.iteration;
  const save = async () => {
    if (!job.checkpointEvery || saved === trainer.iteration) return;
    saved = trainer.iteration;
    emit({ kind: 'checkpoint', state: { ...(await trainer.state()), steps: [...records] } });
  };
  for (const { step, epoch, batches, options: how } of trainingSteps(encoded.length, options)) {
    if (step < trainer.iteration) continue;
    const pause = job.pause?.();
    if (pause) {
      await save();
      await pause;
    }
    if (signal?.aborted) return { status: 'stopped', records, firstStepMilliseconds };
    const started = performance.now();
    const microBatches = batches.map((rows) => Array.from(rows, (r) => encoded[r]));
    const metrics = await trainer.step(microBatches, how);
    const milliseconds = performance.now() - started;
    if (firstStepMilliseconds === 0) firstStepMilliseconds = args.compileMilliseconds + milliseconds;
    const { learningRate } = how;
    const record: StepRecord = { step: step + 1, epoch, learningRate, milliseconds, ...metrics };
    records.push(record);
    emit({ kind: 'step', ...record, steps, secondsLeft: secondsLeft(records, steps) });
    if (!Number.isFinite(metrics.loss) || !Number.isFinite(metrics.gradNorm))
      return { status: 'diverged', records, firstStepMilliseconds };
    // The moment first: a run that goes on from the checkpoint of the same step does not come by it again.
    const moment = moments.indexOf(step + 1);
    if (moment >= 0) {
      const learningRate = meanLearningRate(records, moments[moment - 1] ?? 0, step + 1);
      emit({ kind: 'moment', step: step + 1, values: await trainer.values(), learningRate });
    }
    if (job.checkpointEvery && (step + 1) % job.checkpointEvery === 0 && step + 1 < steps) await save();
  }
  return { status: 'done', records, firstStepMilliseconds };
}

/** From the median of the last steps, which a single stall does not move. */
function secondsLeft(records: readonly StepRecord[], steps: number): number {
  const recent = records.slice(-9).map(({ milliseconds }) => milliseconds);
  return ((steps - records.length) * median(recent)) / 1000;
}

function deviceRecord(device: Device): RunRecord['device'] {
  const { vendor, architecture, description, features, limits } = device.description;
  return {
    name: description || [vendor, architecture].filter(Boolean).join(' '),
    vendor,
    architecture,
    features,
    limits
  };
}

export { countSteps } from './training-steps';
