/** Whose rows made a model: shares, how far they can be trusted, and what each estimator says. */
import { bootstrapShares } from '../../attribution/quality/bootstrap';
import { spearman } from '../../attribution/quality/ranks';
import type { Scores } from '../../attribution/scores';
import { SHARE_RULES } from '../../attribution/shares';
import { rowsSha256 } from '../../datanets/canonical';
import { sketchSeed } from '../../jobs/gradient-session';
import { defaultEstimator, estimators, type Estimator } from '../../jobs/influence';
import { measureRun, type MeasuredRun } from './measuring';
import { peopleRows, peopleShares, takenScores, type PeopleRows, type PersonShare } from './people';
import type { Attribution, ContributorResult, RunRef } from './protocol';
import { openRun, requireQuestions, type OpenedRun } from './run-inputs';
import { tellPhase, type AttributionTask } from './task';

/** Chance that an interval is to hold the share. */
const confidence = 0.9;

/** Draws of the bootstrap: as many as stay within about two seconds, and enough for the tails. */
const [mostSamples, leastSamples, sampledScores] = [1000, 200, 2e9];

/** A measured run, with what shares of people are made of. */
export interface ScoredRun {
  readonly run: OpenedRun;
  readonly measured: MeasuredRun;
  readonly people: PeopleRows;
  /** Of rows as they were taken. */
  readonly scores: Readonly<Record<Estimator, Scores>>;
}

/**
 * Measures a run that was opened, and keeps the result under it.
 * @throws NoQuestionsError, NotStoredError where the run was deleted meanwhile, StorageFullError, and what measuring throws
 */
export async function attribute(task: AttributionTask, ref: RunRef): Promise<Attribution> {
  const started = performance.now();
  const run = await openRun(task, ref);
  const scored = await scoreRun(task, run);
  const attribution: Attribution = {
    ...(await attributionOf(task, scored)),
    milliseconds: performance.now() - started
  };
  // What retraining has shown of this run stays true.
  const before = await task.store.attribution.result<Attribution>(run.id);
  const kept = before?.retraining ? { ...attribution, retraining: before.retraining } : attribution;
  await task.store.attribution.setResult(kept);
  return kept;
}

/** @throws NoQuestionsError, and what measuring throws */
export async function scoreRun(task: AttributionTask, run: OpenedRun): Promise<ScoredRun> {
  requireQuestions(run);
  const measured = await measureRun(task, run);
  const people = await peopleRows(run.data, measured.index, pacing(task));
  const scores = Object.fromEntries(
    estimators.map((name) => [name, takenScores(measured.estimators[name].scores, people)])
  ) as Record<Estimator, Scores>;
  return { run, measured, people, scores };
}

/** What is said of a scored run, the time apart that it took. @throws the abort reason */
export async function attributionOf(
  task: Pick<AttributionTask, 'tell' | 'signal'>,
  scored: ScoredRun
): Promise<Omit<Attribution, 'milliseconds'>> {
  const { run, measured, people, scores } = scored;
  const shares = peopleShares(scores[defaultEstimator], people);
  const asked = measured.queryIndex.map((i) => run.data.heldOut[i]);
  return {
    run: run.id,
    created: Date.now(),
    estimator: defaultEstimator,
    rules: SHARE_RULES,
    moments: measured.moments.map(({ step, learningRate }) => ({ step, learningRate })),
    ...(measured.missing.length > 0 ? { missing: [...measured.missing] } : {}),
    sketch: { width: measured.width, seed: sketchSeed },
    rows: measured.index.length,
    questions: { count: asked.length, sha256: rowsSha256(asked).sha256 },
    contributors: await withIntervals(task, scored, shares),
    estimators: estimators.map((name) => {
      const other = peopleShares(scores[name], people).map(({ share }) => share);
      const agreement = spearman(
        other,
        shares.map(({ share }) => share)
      );
      return { name, shares: other, agreement: name === defaultEstimator ? 1 : agreement };
    })
  };
}

async function withIntervals(
  task: Pick<AttributionTask, 'tell' | 'signal'>,
  { run, measured, people }: ScoredRun,
  shares: readonly PersonShare[]
): Promise<ContributorResult[]> {
  const moments = measured.estimators[defaultEstimator].moments.map((each) => takenScores(each, people));
  const size = moments.reduce((sum, { values }) => sum + values.length, 0);
  const intervals = await bootstrapShares(moments, people, {
    ...pacing(task),
    ...{ seed: run.options.seed, confidence, drawRows: true },
    samples: Math.round(Math.min(mostSamples, Math.max(leastSamples, sampledScores / size)))
  });
  const byContributor = new Map(intervals.map((interval) => [interval.contributor, interval]));
  return shares.map(({ contributor: id, ...share }) => {
    const { low, high } = byContributor.get(id)!;
    return { id, ...share, low, high };
  });
}

function pacing(task: Pick<AttributionTask, 'tell' | 'signal'>) {
  return {
    signal: task.signal,
    onProgress: (done: number, total: number) => tellPhase(task, 'comparing', done, total)
  };
}
