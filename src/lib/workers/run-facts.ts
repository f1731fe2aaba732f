import type { CheckpointRecord, RunRecord } from '../datanets/store/schema';
import type { AdapterConfig } from '../formats/peft';
import type { FinetuneOptions } from '../jobs/options';
import type { RunRecord as RunRecordFile } from '../jobs/run-record';
import type { StepRecord } from '../jobs/run-record';
import type { VersionUse } from '../jobs/training-data';
import type { FinetuneRequest, ModelChoice, RunStatus, RunSummary } from './protocol';

/** What a run is made of. Digests are SHA-256 in hexadecimal. */
export interface RunSources {
  /** Of the base with its tokenizer and chat template: see `Checkpoint.sha256`. */
  base: string;
  /** Of the rows that are trained on, and of those held out, in their order: see `rowsSha256`. */
  rows: string;
  heldOut: string;
  options: FinetuneOptions;
}

/** What the page needs of a run beside what `run.json` says. Lies in the run's record under `page`. */
export interface RunFacts {
  request: FinetuneRequest;
  /** Of the rows or Datanets. */
  dataName: string;
  /** Absent in runs that earlier pages began. */
  sources?: RunSources;
  step: number;
  steps: number;
  firstLoss?: number;
  lastLoss?: number;
  /** As `RunRecord` has it, and kept when the run is resumed: `before` is measured once. */
  heldOut?: NonNullable<RunRecordFile['heldOut']>;
  /** What the adapter is besides its tensors, from the first saved state on. */
  adapterConfig?: AdapterConfig;
}

/** The facts as they were after some steps. Those that a run of the same name went through later do not count. */
export function factsAt(facts: RunFacts, steps: readonly StepRecord[]): RunFacts {
  const { firstLoss: _, lastLoss: __, ...others } = facts;
  if (steps.length === 0) return { ...others, step: 0 };
  return { ...others, step: steps.length, firstLoss: steps[0].loss, lastLoss: steps[steps.length - 1].loss };
}

/** Whether something came of a run that can be used: a saved state, or an adapter. Of one that no page wrote, it is taken so. */
export function madeSomething(record: RunRecord): boolean {
  const facts = factsOf(record);
  return !facts || facts.adapterConfig !== undefined || record.adapter !== undefined;
}

/** A request fit for the store: files of this computer would be copied into it whole, so only their name stays. */
export function storableRequest(request: FinetuneRequest): FinetuneRequest {
  const model: ModelChoice = request.model.kind === 'files' ? { ...request.model, files: [] } : request.model;
  return { ...request, model };
}

/** The facts as they were kept before runs could use Datanets: one set of rows. */
type FactsOfOneRowSet = Omit<RunFacts, 'request' | 'dataName'> & {
  request: Omit<FinetuneRequest, 'data'> & { rowSet: string };
  rowSetName: string;
};

/** The facts of a run, whichever page wrote them; undefined for a record that none did. */
export function factsOf(record: RunRecord): RunFacts | undefined {
  const facts = record.run['page'] as RunFacts | FactsOfOneRowSet | undefined;
  if (!facts || !('rowSetName' in facts)) return facts;
  const { rowSetName, request, ...others } = facts;
  const { rowSet, ...rest } = request;
  return { ...others, dataName: rowSetName, request: { ...rest, data: { kind: 'rows', rowSet } } };
}

/** The versions of Datanets that a run used; none for a run on a set of rows. */
export function versionsOf(record: RunRecord): VersionUse[] {
  return (record.run['datanets'] as VersionUse[] | undefined) ?? [];
}

/** The versions that the adapter had learned from, which a run went on from. */
export function inheritedOf(record: RunRecord): VersionUse[] {
  return (record.run['inherited'] as VersionUse[] | undefined) ?? [];
}

/** Undefined for a record that this page did not write. @param live some tab trains it now */
export function summariseRun(
  record: RunRecord,
  checkpoint: CheckpointRecord | undefined,
  live = false
): RunSummary | undefined {
  const facts = factsOf(record);
  if (!facts) return undefined;
  const status: RunStatus = record.status === 'paused' ? 'running' : record.status;
  const { adapterConfig: _, sources: __, ...shown } = facts;
  const steps = record.run['steps'] as StepRecord[] | undefined;
  return {
    ...shown,
    ...(steps ? { milliseconds: steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0) } : {}),
    id: record.id,
    created: record.created,
    status,
    live,
    ...(versionsOf(record).length > 0 ? { datanets: versionsOf(record) } : {}),
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
