import type { Row } from '../datanets/row';
import { encodeRows, type EncodedRows } from '../datanets/statistics';
import type { Checkpoint } from '../formats/checkpoint';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import type { GradientSketches } from '../gpu/influence/sketches';
import { parseDecoderConfig } from '../gpu/model/config';
import type { TrainingRow } from '../gpu/train/batch';
import { checkMoments, GradientSession, type LoadedBase } from './gradient-session';
import { Comparison, estimators, type Estimator, type EstimatorScores } from './influence-scores';
import type { InfluenceMoment } from './moments';
import type { FinetuneOptions } from './options';
import { widthFor, withoutRepresentations, type RowSketches, type SketchedRun } from './sketched-run';

export type InfluencePhase = 'loading' | 'compiling' | 'measuring' | 'comparing';

/** What looking at a run takes. */
export interface MeasuringJob {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: ChatTokenizer;
  /** Of the run. */
  readonly options: FinetuneOptions;
  /** In the order of the run. */
  readonly moments: readonly InfluenceMoment[];
  /** A base on the GPU that may be used; without one it is uploaded. */
  readonly loaded?: LoadedBase;
  readonly signal?: AbortSignal;
  onProgress?(phase: InfluencePhase, done: number, total: number): void;
}

/** Takes the sketches of a moment (from 0), to keep them: they are not held here. Awaited before the next is measured. */
export type SketchSink = (sketches: RowSketches, moment: number, index: readonly number[]) => Promise<void>;

export interface SketchJob extends MeasuringJob {
  /** Trained on in the run. */
  readonly rows: readonly Row[];
  readonly sink: SketchSink;
}

export interface InfluenceJob extends MeasuringJob {
  /** Trained on in the run. */
  readonly rows: readonly Row[];
  /** Their sketches, where they were measured before: they are not measured again. */
  readonly sketched?: SketchedRun;
  /** Whose answers are to be explained. */
  readonly queries: readonly Row[];
  /** Where sketches of the rows go, once they are measured. */
  readonly sink?: SketchSink;
}

export interface SketchResult {
  /** Positions of the measured rows among those given: what leaves nothing to train on is not measured. */
  readonly index: readonly number[];
  /** Values of a layer's sketch. */
  readonly width: number;
  /** For each moment, how long the gradients of all train rows took; nothing where they were measured before. */
  readonly passMilliseconds: readonly number[];
}

export interface InfluenceResult extends SketchResult {
  readonly queryIndex: readonly number[];
  readonly estimators: Readonly<Record<Estimator, EstimatorScores>>;
}

/**
 * Measures the gradients of a run's rows at its moments, through one upload of the base, and hands them out moment by
 * moment: thousands of rows in tens of megabytes. `keptSketches` and `Explainer` take it from there.
 *
 * Rows are sketched as plain gradients for every estimator, so one pass serves all. LESS takes AdamW's direction of the rows
 * for its cosine: on the starter, summed over steps 8, 24, 48 and 72, that put the right contributor first for 78 of 80
 * questions (area 0.988) where plain gradients did for all. One run and few questions: it says that the second pass buys
 * nothing here, not why, nor that it never does.
 * @throws InfluenceMomentError, NothingToTrainError, UnsupportedModelError, AdapterFitError, WrongNumbersError,
 * OutOfGpuMemoryError, DeviceLostError, the abort reason, and what files and sink throw
 */
export async function sketchRows(job: SketchJob): Promise<SketchResult> {
  tell(job, 'loading');
  const train = await encode(job, job.rows);
  const measured = await measureMoments(job, train, undefined, ({ trained }, moment) =>
    job.sink(trained, moment, train.index)
  );
  return { index: train.index, ...measured };
}

/**
 * Measures what training rows did for queries: gradients of both at the run's moments, and what each estimator makes of
 * them. Sketches of one moment are held at a time.
 * @throws as `sketchRows`
 */
export async function measureInfluence(job: InfluenceJob): Promise<InfluenceResult> {
  tell(job, 'loading');
  const { sketched, sink, signal } = job;
  const train = sketched ?? (await encode(job, job.rows));
  const queries = await encode(job, job.queries);
  let comparison: Comparison | undefined;
  const measured = await measureMoments(
    job,
    train,
    queries,
    async ({ trained, asked, parameters }, moment) => {
      if (!sketched) await sink?.(trained, moment, train.index);
      comparison ??= new Comparison({ parameters, estimators });
      await comparison.add(
        { learningRate: trained.learningRate, train: trained.train, queries: asked! },
        moment === job.moments.length - 1,
        { ...(signal ? { signal } : {}), onProgress: (done, total) => tell(job, 'comparing', done, total) }
      );
    }
  );
  return {
    index: train.index,
    queryIndex: queries.index,
    estimators: Object.fromEntries(estimators.map((name) => [name, comparison!.result(name)])) as Record<
      Estimator,
      EstimatorScores
    >,
    ...measured
  };
}

interface MeasuredMoment {
  readonly trained: RowSketches;
  /** Of the queries, where there are some. */
  readonly asked?: GradientSketches;
  /** Of a layer's adapter. */
  readonly parameters: number;
}

/** Opens the base, and goes through the run's moments. */
async function measureMoments(
  job: MeasuringJob,
  train: EncodedRows | SketchedRun,
  queries: EncodedRows | undefined,
  take: (measured: MeasuredMoment, moment: number) => Promise<void>
): Promise<Pick<SketchResult, 'width' | 'passMilliseconds'>> {
  const { checkpoint, moments, signal } = job;
  const known = 'moments' in train ? train : undefined;
  checkMoments(moments, known);
  const rows = 'encoded' in train ? train.encoded : [];
  const asked = queries?.encoded ?? [];
  const { layers, hidden } = parseDecoderConfig(checkpoint.config);
  const width =
    known?.moments[0].train.width ?? widthFor({ rows: rows.length, layers, hidden, moments: moments.length });
  const session = await GradientSession.open({
    ...job,
    width,
    onProgress: (done, total) => tell(job, 'loading', done, total)
  });
  try {
    session.checkValues(moments);
    tell(job, 'compiling');
    const longest = [...rows, ...asked].reduce((most, { tokens }) => Math.max(most, tokens.length), 1);
    await session.prepare(longest, job.options.batchSize);
    const passMilliseconds: number[] = [];
    const all = rows.length + asked.length;
    for (const [at, moment] of moments.entries()) {
      const measure = (part: readonly TrainingRow[], before: number) =>
        session.sketch(part, moment, {
          ...(signal ? { signal } : {}),
          onProgress: (done) => tell(job, 'measuring', at * all + before + done, moments.length * all)
        });
      let trained = known?.moments[at];
      if (!trained) {
        const started = performance.now();
        const sketches = await measure(rows, 0);
        passMilliseconds.push(performance.now() - started);
        trained = {
          learningRate: moment.learningRate,
          train: at === moments.length - 1 ? sketches : withoutRepresentations(sketches)
        };
      }
      const parameters = session.layout.length / layers;
      await take(
        { trained, parameters, ...(queries ? { asked: await measure(asked, rows.length) } : {}) },
        at
      );
    }
    return { width, passMilliseconds };
  } finally {
    session.destroy();
  }
}

function encode({ tokenizer, options, signal }: MeasuringJob, rows: readonly Row[]): Promise<EncodedRows> {
  const { maxLength, trainOn, date } = options;
  return encodeRows(rows, tokenizer, { maxLength, trainOn, date, ...(signal ? { signal } : {}) });
}

function tell(job: MeasuringJob, phase: InfluencePhase, done = 0, total = 0): void {
  job.onProgress?.(phase, done, total);
}

export { InfluenceMomentError } from './gradient-session';
export { defaultEstimator, estimators, type Estimator, type EstimatorScores } from './influence-scores';
export { momentsOf, type InfluenceMoment } from './moments';
