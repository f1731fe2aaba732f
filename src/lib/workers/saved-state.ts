import type { CheckpointRecord, RunRecord } from '../datanets/store/schema';
import { loadTensors } from '../datanets/store/adapter-records';
import type { StepRecord } from '../jobs/run-record';
import { TabtuneError } from '../errors';
import type { SavedState } from './gpu-jobs';
import { factsAt, factsOf, type RunFacts } from './run-facts';

/** There is no state of a run to go on from. */
export class NothingSavedError extends TabtuneError {}

/** A state as the store keeps it; what else belongs to it lies in the run's record. */
export function writeCheckpoint({ step, adapter, optimizer }: SavedState) {
  // The order of the rows follows from the seed: the number of steps says where it continues.
  return { step, position: { epoch: 0, index: step }, adapter: adapter.tensors, optimizer };
}

/** The record with what a state adds to it. */
export function withState(record: RunRecord, facts: RunFacts, { steps, adapter }: SavedState): RunRecord {
  const page: RunFacts = { ...factsAt(facts, steps), adapterConfig: adapter.config };
  return { ...record, run: { ...record.run, steps, page } };
}

/** The reverse of both; undefined for a run that never said what its adapter is. */
export function readCheckpoint(checkpoint: CheckpointRecord, record: RunRecord): SavedState | undefined {
  const adapterConfig = factsOf(record)?.adapterConfig;
  if (!adapterConfig) return undefined;
  const { step, optimizer } = checkpoint;
  return {
    step,
    optimizer,
    adapter: { config: adapterConfig, tensors: loadTensors(checkpoint.adapter) },
    steps: ((record.run['steps'] ?? []) as StepRecord[]).slice(0, step)
  };
}
