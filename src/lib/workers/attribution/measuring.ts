/** Gradients of a run's rows and questions at its moments, measured once and kept. */
import { rowsSha256 } from '../../datanets/canonical';
import { StorageFullError } from '../../datanets/store/store-errors';
import type { InfluencePhase, InfluenceResult, SketchSink } from '../../jobs/influence';
import {
  keptMoments,
  keptSketches,
  sketchKeeper,
  type KeptMoment,
  type SketchesOf
} from '../../jobs/kept-influence';
import type { SketchedRun } from '../../jobs/sketched-run';
import type { OpenedRun } from './run-inputs';
import { onDevice, tellPhase, type AttributionTask } from './task';

/** What is known of a run's rows already. */
export interface Looked {
  readonly moments: readonly KeptMoment[];
  /** Steps whose moments are not there. */
  readonly missing: readonly number[];
  /** Where sketches are kept, and what they are of. */
  readonly of: SketchesOf;
  readonly sketched?: SketchedRun;
}

/** The moments of a run, and the sketches of its rows where they are kept. @throws NotStoredError */
export async function lookAt({ store }: Pick<AttributionTask, 'store'>, run: OpenedRun): Promise<Looked> {
  const { id, adapter, options, file, planned, checkpoint, data } = run;
  const { moments, missing } = await keptMoments(store, {
    ...{ id, adapter, steps: file.steps, planned, options },
    modelConfig: checkpoint.config
  });
  const of = { run: id, rowsSha256: rowsSha256(data.contributed).sha256, moments };
  const sketched = await keptSketches(store.attribution, of);
  return { moments, missing, of, ...(sketched ? { sketched } : {}) };
}

export interface MeasuredRun extends InfluenceResult {
  readonly moments: readonly KeptMoment[];
  readonly missing: readonly number[];
}

/**
 * Scores of a run's rows for its held-out questions by every estimator. Positions are among `data.contributed` and
 * `data.heldOut`.
 * @throws what `GpuJobs.measure` throws
 */
export async function measureRun(task: AttributionTask, run: OpenedRun): Promise<MeasuredRun> {
  const { jobs, signal } = task;
  const { checkpoint, tokenizer, options, data } = run;
  const { moments, missing, of, sketched } = await lookAt(task, run);
  const result = await onDevice(task, (device) =>
    jobs.measure({
      ...{ device, checkpoint, tokenizer, options, moments, signal },
      rows: data.contributed,
      queries: data.heldOut,
      ...(sketched ? { sketched } : { sink: keeping(task, of) }),
      onProgress: tellInfluence(task)
    })
  );
  return { ...result, moments, missing };
}

/** Keeps sketches. They only spare measuring again: where there is no room for them, the work goes on without. */
export function keeping({ store }: Pick<AttributionTask, 'store'>, of: SketchesOf): SketchSink {
  const keep = sketchKeeper(store.attribution, of);
  let full = false;
  return async (sketches, moment, index) => {
    if (full) return;
    try {
      await keep(sketches, moment, index);
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error;
      full = true;
      await store.attribution.deleteSketches(of.run);
    }
  };
}

export function tellInfluence(
  task: Pick<AttributionTask, 'tell'>
): (phase: InfluencePhase, done: number, total: number) => void {
  return (phase, done, total) => tellPhase(task, phase, done, total);
}
