import type { CheckpointRecord } from '../datanets/schema';
import { loadTensors } from '../datanets/store';
import type { SavedState } from './gpu-jobs';
import type { RunFacts } from './run-facts';

/** A state as the store keeps it. What an adapter is besides its tensors lies in the run's facts. */
export function writeCheckpoint(run: string, state: SavedState) {
  const { step, position, adapter, optimizer } = state;
  return { run, step, position, adapter, optimizer };
}

/** The reverse; undefined for a run that never said what its adapter is. */
export function readCheckpoint(record: CheckpointRecord, facts: RunFacts): SavedState | undefined {
  const { adapterConfig } = facts;
  if (!adapterConfig) return undefined;
  const { step, position, optimizer } = record;
  return { step, position, optimizer, adapter: loadTensors(record.adapter), adapterConfig };
}
