/** What figures of attribution mean, in words. */
import type { Estimator } from '$lib/jobs/influence';
import type { Attribution, ContributorResult } from '$lib/workers/attribution/protocol';
import type { RunSummary } from '$lib/workers/protocol';

export type ScoredName = Estimator | 'text similarity' | 'random';

/** What each estimator is called, and what it looks at. */
export const estimatorWords: Record<ScoredName, { name: string; about: string }> = {
  cosine: {
    name: 'Gradient cosine',
    about: 'whether a row and the question pull the adapter in the same direction, whatever the force'
  },
  tracIn: {
    name: 'TracIn',
    about: 'direction and force: what a step on the row does to the loss of the question'
  },
  dataInf: {
    name: 'DataInf',
    about: 'what the loss would be had the row been left out, by a closed form'
  },
  representation: {
    name: 'Representation similarity',
    about: 'whether the model reads row and question alike'
  },
  'text similarity': { name: 'Text similarity', about: 'common words; no model is asked' },
  random: { name: 'Random', about: 'chance: what has to be beaten' }
};

/** Rank correlation in words. */
export function agreementWords(correlation: number): string {
  if (!Number.isFinite(correlation)) return 'cannot be compared';
  if (correlation >= 0.9) return 'agrees closely';
  if (correlation >= 0.7) return 'agrees in the main';
  if (correlation >= 0.4) return 'agrees in part';
  if (correlation > -0.4) return 'does not agree';
  return 'says the opposite';
}

/** How far the estimators' shares agree with those of the default, in a sentence. */
export function agreementSentence({ estimator, estimators }: Attribution): string {
  const others = estimators.filter(({ name, agreement }) => name !== estimator && Number.isFinite(agreement));
  if (others.length === 0) return 'There is no other estimator to compare with.';
  const near = others.filter(({ agreement }) => agreement >= 0.7).length;
  if (near === others.length) return 'All estimators rank the contributors alike, or nearly so.';
  if (near === 0) return 'No other estimator ranks the contributors alike: take the shares with care.';
  return `${near} of ${others.length} other estimators rank the contributors alike, or nearly so.`;
}

/** Who pushed the other way with some of their rows, in a sentence; undefined where nobody did. */
export function hurtSentence(contributors: readonly ContributorResult[]): string | undefined {
  const people = contributors.filter(({ hurt }) => hurt < 0);
  if (people.length === 0) return undefined;
  const who =
    people.length === 1 ? `Some rows of ${people[0].name}` : `Some rows of ${people.length} contributors`;
  return `${who} also pushed the other way. That is shown below as hurt; it earns nothing, and takes nothing from what other rows earn.`;
}

/** Which moments of the run could not be looked at, in a sentence; undefined where all could. */
export function missingSentence(missing: readonly number[] | undefined): string | undefined {
  if (!missing?.length) return undefined;
  const steps = `step${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`;
  return `The run was to be looked at after ${steps} as well, and how it was then is not kept: there was no room for it, or an older Tabtune lost it as its tab was closed. What is said here rests on less than usual.`;
}

type Timed = Pick<RunSummary, 'milliseconds' | 'step' | 'request'>;

/** Seconds that a step of a run took, and how many steps an epoch over some rows has; undefined where that is not known. */
function paceOf({ milliseconds, step, request }: Timed) {
  const [batchSize, gradAccum, epochs] = ['batchSize', 'gradAccum', 'epochs'].map((name) =>
    Number(request.options[name])
  );
  const rowsAStep = batchSize * gradAccum;
  if (!milliseconds || !(step > 0) || !(rowsAStep > 0) || !(epochs > 0)) return undefined;
  return {
    seconds: milliseconds / 1000 / step,
    stepsOf: (rows: number) => Math.ceil(rows / rowsAStep),
    epochs
  };
}

/**
 * Seconds that retraining takes: a model with everybody, one without each contributor, and those on halves, none with more
 * steps than the run had.
 * @param people rows of each contributor
 */
export function retrainingSeconds(run: Timed, people: readonly number[], halves: number): number | undefined {
  const pace = paceOf(run);
  if (!pace) return undefined;
  const rows = people.reduce((sum, count) => sum + count, 0);
  const parts = [rows, ...people.map((count) => rows - count), ...Array<number>(halves).fill(rows / 2)];
  const steps = parts.map((part) => Math.min(run.step, pace.epochs * pace.stepsOf(part)));
  return pace.seconds * steps.reduce((sum, count) => sum + count, 0);
}

/** Seconds that measuring takes: at each moment about 1.3 times an epoch. */
export function measuringSeconds(run: Timed, rows: number, moments = 3): number | undefined {
  const pace = paceOf(run);
  return pace && 1.3 * moments * pace.seconds * pace.stepsOf(rows);
}
