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

/**
 * Seconds that retraining takes, from what the run itself took. A model without somebody has the rows of all others, so
 * those models together have as many rows as the run, once for each contributor but one; a half has half.
 */
export function retrainingSeconds(
  { milliseconds }: Pick<RunSummary, 'milliseconds'>,
  contributors: number,
  halves: number
): number | undefined {
  if (!milliseconds) return undefined;
  return (milliseconds / 1000) * (contributors - 1 + halves / 2);
}

/** Seconds that measuring takes: at each moment about 1.3 times an epoch. */
export function measuringSeconds({ milliseconds, request }: RunSummary, moments = 3): number | undefined {
  const epochs = Number(request.options['epochs']);
  if (!milliseconds || !(epochs > 0)) return undefined;
  return (1.3 * moments * milliseconds) / 1000 / epochs;
}
