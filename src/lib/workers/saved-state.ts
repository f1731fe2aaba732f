import type { CheckpointRecord, RunRecord } from '../datanets/store/schema';
import { loadTensors } from '../datanets/store/store';
import type { StepRecord } from '../jobs/run-record';
import type { SavedState } from './gpu-jobs';
import { factsOf, type RunFacts } from './run-facts';

/** A state as the store keeps it; what else belongs to it lies in the run's record. */
export function writeCheckpoint(run: string, { step, adapter, optimizer }: SavedState) {
  // The order of the rows follows from the seed: the number of steps says where it continues.
  return { run, step, position: { epoch: 0, index: step }, adapter: adapter.tensors, optimizer };
}

/** The record's object with what a state adds to it. */
export function withState(run: RunRecord['run'], page: RunFacts, state: SavedState): RunRecord['run'] {
  return { ...run, steps: state.steps, page: { ...page, adapterConfig: state.adapter.config } };
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
