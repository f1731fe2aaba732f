import type { AdapterSummary, RunSummary } from '$lib/workers/protocol';

/** The run that made the adapter that chats, or in a sentence why there is none to look into. */
export type Origin = { run: RunSummary; why?: undefined } | { run?: undefined; why: string };

/** @param adapter the one that chats, where one does */
export function originOf(adapter: AdapterSummary | undefined, runs: readonly RunSummary[]): Origin {
  if (!adapter) return { why: 'Train first, or choose under Export an adapter that fits the model.' };
  const { run: id } = adapter;
  if (id === undefined)
    return {
      why: 'The adapter that chats was brought from elsewhere. What its rows did can be measured in the browser that trained it.'
    };
  const run = runs.find((each) => each.id === id);
  return run
    ? { run }
    : {
        why: 'The record of the run that made this adapter was deleted, and with it what is known of its rows. Train again to look into it.'
      };
}

/** What is known of a run's data before anything is measured. */
export interface RunPeople {
  rows: number;
  contributors: number;
  heldOut: number;
}

/** Why a run's shares cannot be measured, and what to do; undefined where they can. */
export function sharesObstacle({
  contributors,
  heldOut
}: Pick<RunPeople, 'contributors' | 'heldOut'>): string | undefined {
  if (heldOut === 0)
    return 'Shares are measured on rows that were kept apart from training, and this run had none. Under Datanets, publish a version that keeps some rows for evaluation, choose it under Data, and train again.';
  if (contributors < 2)
    return 'All rows of this run are by one contributor, who has the whole share: there is nothing to measure. Train on rows of several people, each named as the contributor of theirs.';
  return undefined;
}
