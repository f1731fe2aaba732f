/** A run that is over, with all that it was made of: its options, its rows as they are now, its base. */
import { rowsSha256 } from '../../datanets/canonical';
import type { RunRecord } from '../../datanets/store/schema';
import { TabtuneError } from '../../errors';
import { completeOptions, parameterSpecs, type FinetuneOptions } from '../../jobs/options';
import type { RunRecord as RunFile } from '../../jobs/run-record';
import type { RowsRefused } from '../../jobs/training-data';
import type { OpenModel } from '../open-gpu';
import type { FinetuneRequest } from '../protocol';
import { requireBase } from '../run-base';
import { loadRunData, type RunData } from '../run-data';
import { factsOf, versionsOf } from '../run-facts';
import type { RunRef } from './protocol';
import { tellPhase, type AttributionTask } from './task';

/** Nothing can be said of a run that is not over, or of which too little was recorded. */
export class RunNotRecordedError extends TabtuneError {}

/** The rows of a run are not what they were. */
export class RunRowsChangedError extends TabtuneError {}

/** A run held no rows out, so there are no questions of which it could be asked who made the answers. */
export class NoQuestionsError extends TabtuneError {}

/** What is recorded of a run. */
export interface RecordedRun {
  readonly id: string;
  readonly request: FinetuneRequest;
  readonly options: FinetuneOptions;
  readonly file: Pick<RunFile, 'sha256' | 'steps' | 'status'>;
  /** Steps that it was to take. */
  readonly planned: number;
  /** The adapter it made. */
  readonly adapter: string;
}

export interface OpenedRun extends RecordedRun, OpenModel {
  readonly data: RunData;
}

/** @throws RunNotRecordedError, NotStoredError */
export async function recordedRun(
  { store }: Pick<AttributionTask, 'store'>,
  id: string
): Promise<RecordedRun> {
  const record = await store.run(id);
  const file = record.run as Partial<RunFile>;
  const facts = factsOf(record);
  if (facts && file.config && file.sha256 && file.steps?.length && record.adapter !== undefined) {
    const { sha256, steps, status = 'done' } = file as RunFile;
    const { request, steps: planned } = facts;
    const options = optionsOf(file.config);
    return { id, request, options, file: { sha256, steps, status }, planned, adapter: record.adapter };
  }
  throw new RunNotRecordedError(
    `“${record.name}” ${record.status === 'running' ? 'is not over' : 'was cut off before it was recorded what it was made of'}, so nobody can say who made it. Train it to the end.`,
    { details: { run: id, status: record.status } }
  );
}

/**
 * Opens a run: its rows are read again, and its rules asked again.
 * @throws RunNotRecordedError, RunRowsChangedError, AnotherBaseError, NotStoredError, the abort reason, and what opening
 * the model throws
 */
export async function openRun(task: AttributionTask, { run: id, model }: RunRef): Promise<OpenedRun> {
  const { store, gpu, signal } = task;
  const recorded = await recordedRun(task, id);
  tellPhase(task, 'loading');
  const { request, options, file } = recorded;
  const data = await loadRunData(store, request.data, {
    seed: options.seed,
    // It is counted already.
    resumes: id,
    signal,
    onProgress: (done, total) => tellPhase(task, 'loading', done, total)
  });
  if (rowsSha256(data.rows).sha256 !== file.sha256.data) throw changedRows(await store.run(id), data);
  const opened = await gpu.model(model);
  const { checkpoint } = opened;
  requireBase(checkpoint.name, file.sha256.base, await checkpoint.sha256(signal));
  return { ...recorded, ...opened, data };
}

/** @throws NoQuestionsError */
export function requireQuestions({ data }: OpenedRun): void {
  if (data.heldOut.length > 0) return;
  throw new NoQuestionsError(
    'This run held no rows out, so there are no questions whose answers could be traced to contributors. Split the Datanet, so that some rows are for validation, and train again; or ask in the chat where one answer came from.'
  );
}

/** The options of a run by their names, without what else its record says under `config`. */
export function optionsOf(config: Readonly<Record<string, unknown>> | RunFile['config']): FinetuneOptions {
  const given = config as Readonly<Record<string, unknown>>;
  return completeOptions(Object.fromEntries(parameterSpecs.map(({ name }) => [name, given[name]])));
}

/** What has changed, as far as it can be told: what was withdrawn or ended is named with its reason. */
function changedRows(record: RunRecord, data: RunData): RunRowsChangedError {
  const before = new Set(versionsOf(record).flatMap(({ refusals }) => refusals.map(reasonOf)));
  const since = data.versions.flatMap(({ name, refusals }) =>
    refusals.filter((refused) => !before.has(reasonOf(refused))).map((refused) => sentenceOf(name, refused))
  );
  const why =
    since.length > 0 ? since.join(' ') : 'They were edited, deleted or replaced, here or in another tab.';
  return new RunRowsChangedError(
    `The rows of “${record.name}” are not what they were when it was trained. ${why} Train again on what may be used now.`,
    { details: { run: record.id, reasons: since } }
  );
}

function reasonOf({ use, reason, rows }: RowsRefused): string {
  return `${use} ${rows} ${reason}`;
}

function sentenceOf(name: string, { reason, rows }: RowsRefused): string {
  return `“${name}”, ${rows} ${rows === 1 ? 'row' : 'rows'}: ${reason}`;
}
