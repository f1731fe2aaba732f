/** What a run is made of. A run that was cut off goes on only where all of it is the same: else it would be a run of two halves. */
import { canonicalJson, rowsSha256 } from '../datanets/canonical';
import type { RunRecord } from '../datanets/store/schema';
import { TabtuneError } from '../errors';
import type { Checkpoint } from '../formats/checkpoint';
import type { FinetuneOptions } from '../jobs/options';
import type { VersionUse } from '../jobs/training-data';
import { requireBase } from './run-base';
import type { RunData } from './run-data';
import { factsOf, versionsOf, type RunSources } from './run-facts';

/** A run cannot go on: what it trained on may not be used any more, or not all of it. */
export class DataChangedError extends TabtuneError {}

/** A run cannot go on with other options than it began with. */
export class OptionsChangedError extends TabtuneError {}

/** Reads the base's files whole. @throws the abort reason, and what the files throw */
export async function sourcesOf(
  checkpoint: Checkpoint,
  { rows, heldOut }: Pick<RunData, 'rows' | 'heldOut'>,
  options: FinetuneOptions,
  signal?: AbortSignal
): Promise<RunSources> {
  const base = await checkpoint.sha256(signal);
  return { base, rows: rowsSha256(rows).sha256, heldOut: rowsSha256(heldOut).sha256, options };
}

/**
 * @param model name of the base that is chosen now
 * @returns what nobody can check, as the run was begun by a page that did not record it; undefined where all was checked
 * @throws DataChangedError, AnotherBaseError, OptionsChangedError
 */
export function requireSameSources(
  record: RunRecord,
  { versions }: RunData,
  now: RunSources,
  model: string
): string | undefined {
  requireSameVersions(record, versions);
  const before = factsOf(record)?.sources;
  if (!before) {
    return `This run was begun by an older Tabtune, which did not note the SHA-256 of its base: whether “${model}” is the same could not be checked.`;
  }
  requireBase(model, before.base, now.base);
  if (before.rows !== now.rows || before.heldOut !== now.heldOut) {
    throw new DataChangedError(
      'The rows are not those that this run began with: they have another SHA-256. ' +
        'Keep its adapter as it is, or begin a new run.',
      { details: { run: record.id } }
    );
  }
  requireSameOptions(record, before.options, now.options);
  return undefined;
}

/** The same rows in the same order follow from the same versions with the same rows refused. */
function requireSameVersions(record: RunRecord, versions: readonly VersionUse[]): void {
  const key = (uses: readonly VersionUse[]) =>
    canonicalJson(uses.map(({ version, weight, contributions }) => ({ version, weight, contributions })));
  if (key(versionsOf(record)) === key(versions)) return;
  throw new DataChangedError(
    'Since this run began, what may be used of its data has changed: something was withdrawn, or a permission ended. ' +
      'Keep its adapter as it is, or begin a new run.',
    { details: { run: record.id } }
  );
}

function requireSameOptions(record: RunRecord, before: FinetuneOptions, now: FinetuneOptions): void {
  // What was no option then is as it was without one.
  const names = Object.keys(before) as (keyof FinetuneOptions)[];
  const changed = names.filter((name) => before[name] !== now[name]);
  if (changed.length === 0) return;
  const list = changed.map((name) => `${name} was ${String(before[name])} and is ${String(now[name])}`);
  throw new OptionsChangedError(
    `A run goes on with the options that it began with: ${list.join(', ')}. Set them back, or begin a new run.`,
    { details: { run: record.id, changed } }
  );
}
