import type { CheckpointRecord, RunRecord } from '../datanets/store/schema';
import type { AdapterConfig } from '../formats/peft';
import type { FinetuneRequest, ModelChoice, RunStatus, RunSummary } from './protocol';

/** What the page needs of a run beside what `run.json` says. Lies in the run's record under `page`. */
export interface RunFacts {
  request: FinetuneRequest;
  rowSetName: string;
  step: number;
  steps: number;
  firstLoss?: number;
  lastLoss?: number;
  /** What the adapter is besides its tensors, from the first saved state on. */
  adapterConfig?: AdapterConfig;
}

/** A request fit for the store: files of this computer would be copied into it whole, so only their name stays. */
export function storableRequest(request: FinetuneRequest): FinetuneRequest {
  const model: ModelChoice = request.model.kind === 'files' ? { ...request.model, files: [] } : request.model;
  return { ...request, model };
}

/** Undefined for a record that this page did not write. */
export function summariseRun(
  record: RunRecord,
  checkpoint: CheckpointRecord | undefined
): RunSummary | undefined {
  const facts = record.run['page'] as RunFacts | undefined;
  if (!facts) return undefined;
  const status: RunStatus = record.status === 'paused' ? 'running' : record.status;
  const { adapterConfig: _, ...shown } = facts;
  return {
    ...shown,
    id: record.id,
    created: record.created,
    status,
    // The record tells where the run was, the checkpoint where it can go on.
    step: status === 'running' || status === 'failed' ? (checkpoint?.step ?? facts.step) : facts.step,
    adapter: record.adapter,
    resumable: checkpoint !== undefined
  };
}

/** The object of `run.json`, without what only this page needs. */
export function runJson(record: RunRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record.run).filter(([name]) => name !== 'page'));
}
