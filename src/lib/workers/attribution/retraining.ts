/** The truth where it is affordable: models without somebody, and on halves of the rows, against what scores say. */
import { randomScores, textSimilarity } from '../../attribution/quality/baselines';
import { linearDatamodelingScore, type Retrained } from '../../attribution/quality/lds';
import { spearman } from '../../attribution/quality/ranks';
import type { Scores } from '../../attribution/scores';
import { Random } from '../../datanets/random';
import type { Device } from '../../gpu/device';
import type { Losses } from '../../jobs/part-trainer';
import { estimators } from '../../jobs/influence';
import type { RetrainPart } from '../../jobs/retrain';
import { loadAdapter } from '../stored-adapter';
import { attributionOf, scoreRun, type ScoredRun } from './attributing';
import { contributorOf, peopleShares, takenScores } from './people';
import type { Attribution, RetrainingReport, RunRef } from './protocol';
import { openRun } from './run-inputs';
import { onDevice, type AttributionTask } from './task';

/** Rank correlations over fewer than this are chance. */
const leastRanked = 3;

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const HALF_STREAM = 13;

/** What a model was trained on. */
type Trial =
  | { readonly of: 'all' }
  | { readonly of: 'without'; readonly id: string; readonly name: string }
  /** `rows`: positions among the scored rows. */
  | { readonly of: 'half'; readonly rows: readonly number[] };

interface Finished {
  readonly trial: Trial;
  readonly losses: Losses;
}

/**
 * Trains a run again with everybody, without each contributor in turn (those with the largest shares first) and on random
 * halves of the rows. The report is kept with the attribution after every model, so that what is finished stays where the
 * rest is stopped.
 * @param halves models on halves of the rows
 * @throws NoQuestionsError, the abort reason, and what measuring and training throw
 */
export async function retrainRun(
  task: AttributionTask,
  ref: RunRef,
  halves: number
): Promise<RetrainingReport> {
  const { store, jobs, signal } = task;
  const started = performance.now();
  const run = await openRun(task, ref);
  const scored = await scoreRun(task, run);
  const known = await store.attribution.result<Attribution>(run.id);
  const attribution = known ?? {
    ...(await attributionOf(task, scored)),
    milliseconds: performance.now() - started
  };
  const trials = trialsOf(scored, halves);
  const baselines = await baselinesOf(task, scored);
  const { request, options, file, data, checkpoint, tokenizer } = run;
  const finished: Finished[] = [];
  let report: RetrainingReport | undefined;
  const adapter = request.adapter === undefined ? {} : { adapter: await loadAdapter(store, request.adapter) };
  const train = (device: Device) =>
    jobs.retrain({
      ...{ device, checkpoint, tokenizer, options, signal, ...adapter },
      rows: data.rows,
      questions: data.heldOut,
      ...(file.status === 'done' ? {} : { steps: file.steps.length }),
      parts: trials.map((trial) => partOf(trial, scored)),
      finished: finished.length,
      onProgress: (progress) => task.tell(progress),
      onModel: async (number, losses) => {
        finished.push({ trial: trials[number], losses });
        report = reportOf(scored, baselines, finished, performance.now() - started);
        const kept: Attribution = { ...attribution, retraining: report };
        await store.attribution.setResult(kept);
      }
    });
  await onDevice(task, train, {
    progress: () => finished.length,
    again: () => `Going on with model ${finished.length + 1} of ${trials.length}`
  });
  return report!;
}

function trialsOf({ run, measured, people, scores }: ScoredRun, halves: number): Trial[] {
  const ranked = [...peopleShares(scores.cosine, people)].sort((a, b) => b.share - a.share);
  const rows = measured.index.length;
  return [
    { of: 'all' },
    // Without the only one there is nothing to train on.
    ...(ranked.length > 1
      ? ranked.map(({ contributor: id, name }) => ({ of: 'without', id, name }) as const)
      : []),
    ...Array.from({ length: halves }, (_, number) => {
      const order = Uint32Array.from({ length: rows }, (_, i) => i);
      new Random(run.options.seed, HALF_STREAM, number).shuffle(order);
      const half = [...order.subarray(0, Math.ceil(rows / 2))].sort((a, b) => a - b);
      return { of: 'half', rows: half } as const;
    })
  ];
}

/** The rows of a trial in the run's own order, where a row may stand several times. */
function partOf(trial: Trial, { run, measured }: ScoredRun): RetrainPart {
  const { rows, contributed } = run.data;
  const positions = (keep: (row: (typeof rows)[number]) => boolean) =>
    [...rows.keys()].filter((i) => keep(rows[i]));
  switch (trial.of) {
    case 'all':
      return { name: 'With everybody', rows: [...rows.keys()] };
    case 'without':
      return { name: `Without ${trial.name}`, rows: positions((row) => contributorOf(row) !== trial.id) };
    case 'half': {
      const half = new Set(trial.rows.map((i) => contributed[measured.index[i]]));
      return { name: 'On half of the rows', rows: positions((row) => half.has(row)) };
    }
  }
}

type NamedScores = { readonly name: RetrainingReport['scores'][number]['name']; readonly scores: Scores };

/** What knows nothing of the model: how alike the texts are, and chance. */
async function baselinesOf({ signal }: AttributionTask, scored: ScoredRun): Promise<NamedScores[]> {
  const { run, measured, people } = scored;
  const rows = measured.index.map((i) => run.data.contributed[i]);
  const questions = measured.queryIndex.map((i) => run.data.heldOut[i]);
  const similar = await textSimilarity(questions, rows, { signal });
  return [
    { name: 'text similarity', scores: takenScores(similar, people) },
    { name: 'random', scores: randomScores(questions.length, rows.length, run.options.seed) }
  ];
}

function reportOf(
  scored: ScoredRun,
  baselines: readonly NamedScores[],
  finished: readonly Finished[],
  milliseconds: number
): RetrainingReport {
  const { measured, people, scores } = scored;
  const whole = finished.find(({ trial }) => trial.of === 'all')!.losses;
  const leaveOneOut = finished.flatMap(({ trial, losses: { loss } }) =>
    trial.of === 'without' ? [{ id: trial.id, name: trial.name, loss, cost: loss - whole.loss }] : []
  );
  const models = finished.flatMap(({ trial, losses }): Retrained[] =>
    trial.of === 'half'
      ? [{ rows: trial.rows, outputs: measured.queryIndex.map((question) => -losses.questions[question]) }]
      : []
  );
  const all: NamedScores[] = [...estimators.map((name) => ({ name, scores: scores[name] })), ...baselines];
  return {
    leaveOneOut,
    loss: whole.loss,
    models: models.length,
    scores: all.map(({ name, scores: each }) => {
      const shares = new Map(
        peopleShares(each, people).map(({ contributor, share }) => [contributor, share])
      );
      return {
        name,
        ...(models.length < leastRanked ? {} : { lds: linearDatamodelingScore(each, models) }),
        ...(leaveOneOut.length < leastRanked
          ? {}
          : {
              leaveOneOut: spearman(
                leaveOneOut.map(({ id }) => shares.get(id)!),
                leaveOneOut.map(({ cost }) => cost)
              )
            })
      };
    }),
    milliseconds
  };
}
