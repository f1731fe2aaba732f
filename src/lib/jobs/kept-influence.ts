/** Moments and sketches of a run between jobs: what the store keeps of them, as the engine takes it. */
import type { MomentRecord, SketchRecord } from '../datanets/store/attribution-schema';
import type { AttributionStore } from '../datanets/store/attribution-store';
import type { Store } from '../datanets/store/store';
import { AdapterLayout } from '../gpu/model/adapter';
import { parseDecoderConfig } from '../gpu/model/config';
import { sketchSeed } from './gradient-session';
import type { SketchSink } from './influence';
import { finalMoment, momentSteps, momentsPerRun, type InfluenceMoment } from './moments';
import { parseTargets, type FinetuneOptions } from './options';
import type { StepRecord } from './run-record';
import type { SketchedRun } from './sketched-run';

export interface KeptMoment extends InfluenceMoment {
  /** Optimizer steps taken. */
  readonly step: number;
}

/**
 * The moments of a run that ended; its final adapter as the only one, where it kept none.
 * @param run what is known of it: `steps` that it took, of `planned`
 * @returns `missing`: steps after which the run was to be looked at, and is not known
 * @throws NotStoredError where the adapter is needed and was deleted
 */
export async function keptMoments(
  store: Store,
  run: {
    readonly id: string;
    readonly adapter: string;
    readonly steps: readonly StepRecord[];
    readonly planned: number;
    /** The object of the base's config.json. */
    readonly modelConfig: unknown;
    readonly options: FinetuneOptions;
  }
): Promise<{ moments: KeptMoment[]; missing: number[] }> {
  const kept = await store.attribution.moments(run.id);
  const missing = momentSteps(run.planned, momentsPerRun).filter(
    (step) => step <= run.steps.length && !kept.some((moment) => moment.step === step)
  );
  if (kept.length > 0 || run.steps.length === 0) return { moments: kept.map(momentOf), missing };
  const { rank, alpha, rsLora, targets } = run.options;
  const layout = new AdapterLayout(parseDecoderConfig(run.modelConfig), {
    ...{ rank, alpha, rsLora },
    targets: parseTargets(targets)
  });
  const values = layout.pack(await store.adapterTensors(run.adapter));
  return { moments: [{ step: run.steps.length, ...finalMoment(values, run.steps) }], missing };
}

function momentOf({ step, values, learningRate }: MomentRecord): KeptMoment {
  return { step, learningRate, values: new Float32Array(values) };
}

/** What sketches are of. Anything else is stale. */
export interface SketchesOf {
  readonly run: string;
  /** Of the run's rows, as `rowsSha256` forms it. */
  readonly rowsSha256: string;
  readonly moments: readonly Pick<KeptMoment, 'step' | 'learningRate'>[];
}

/** The sketches of a run's rows, or undefined where they are not there, or are of other rows or moments. */
export async function keptSketches(
  store: AttributionStore,
  { run, rowsSha256, moments }: SketchesOf
): Promise<SketchedRun | undefined> {
  const records: SketchRecord[] = [];
  for (const [at, { step }] of moments.entries()) {
    const record = await store.sketches(run, at);
    if (!record || record.step !== step || record.rowsSha256 !== rowsSha256) return undefined;
    if (record.seed !== sketchSeed || record.width !== (records[0] ?? record).width) return undefined;
    records.push(record);
  }
  if (records.length === 0) return undefined;
  return {
    index: [...records[0].index],
    moments: records.map(({ learningRate, rows, segments, width, hidden, ...record }) => ({
      learningRate,
      train: {
        ...{ rows, segments, width, hidden },
        values: new Float32Array(record.values),
        squares: new Float32Array(record.squares),
        representations: new Float32Array(record.representations)
      }
    }))
  };
}

/**
 * Keeps what `sketchRows` and `measureInfluence` measure. Sketches that were there before go as the first moment comes.
 * @throws through the sink: StorageFullError, NotStoredError where the run was deleted
 */
export function sketchKeeper(store: AttributionStore, { run, rowsSha256, moments }: SketchesOf): SketchSink {
  return async ({ learningRate, train }, moment, index) => {
    if (moment === 0) await store.deleteSketches(run);
    const { rows, segments, width, hidden, values, squares, representations } = train;
    await store.setSketches({
      ...{ run, moment, step: moments[moment].step, learningRate, rows, segments, width, hidden, rowsSha256 },
      seed: sketchSeed,
      values: bufferOf(values),
      squares: bufferOf(squares),
      representations: bufferOf(representations),
      index: Uint32Array.from(index)
    });
  };
}

/** Of a typed array that has a buffer to itself. */
function bufferOf(values: Float32Array): ArrayBuffer {
  return values.buffer as ArrayBuffer;
}
