/** The rows that a command works on: a file of rows, or a Datanet with its rules. */
import { openAsBlob } from 'node:fs';
import { basename, join } from 'node:path';
import { openBundle } from '../lib/datanets/bundle/bundle';
import type { Row } from '../lib/datanets/row';
import type { Version, Withdrawal } from '../lib/datanets/trust/statements';
import { TabtuneError } from '../lib/errors';
import { FileReadError } from '../lib/formats/source';
import {
  loadTrainingData,
  requireAllowed,
  type ContributorRows,
  type OpenVersion,
  type VersionUse
} from '../lib/jobs/training-data';
import { count, openRows, readRun, say, starterFolder } from './shared';

/** The Datanet asks for something that only the page can keep to. */
export class NeedsPageError extends TabtuneError {}

/** The starter's own Datanet. */
export const starterDatanet = join(starterFolder, 'datanet', 'pelhaven.datanet');

export interface CommandData {
  readonly rows: readonly Row[];
  /** Rows of a Datanet that are measured and never trained on. */
  readonly heldOut: readonly Row[];
  /** What is used of a Datanet; empty for a file of rows. */
  readonly versions: readonly VersionUse[];
  /** Whose the rows of a Datanet are. */
  readonly contributors: readonly ContributorRows[];
}

/**
 * Reads `FILE.datanet`, or any other file as rows. What may not be used of a Datanet is left out and listed on stderr.
 * @param purpose what the run is for, where rules name purposes
 * @throws NothingAllowedError, NeedsPageError, and what the files throw
 */
export async function openData(path: string, purpose?: string): Promise<CommandData> {
  if (!path.toLowerCase().endsWith('.datanet'))
    return { rows: await openRows(path), heldOut: [], versions: [], contributors: [] };
  const data = await loadTrainingData([await openDatanet(path, purpose)]);
  for (const { name, refusals, attribution } of data.versions) {
    for (const { rows, use, reason } of refusals)
      say(`${name}: ${count(rows, 'row')} left out of ${use}. ${reason}`);
    const named = attribution.map((person) => person.name).join(', ');
    if (named !== '') say(`${name}: to be named where results are shown: ${named}.`);
  }
  requireAllowed(data);
  return data;
}

/** The versions that an adapter had learned from, itself or through the one that it went on from. */
export async function inheritedVersions(adapterFolder: string | undefined): Promise<VersionUse[]> {
  if (adapterFolder === undefined) return [];
  const { datanets, inherited } = await readRun(adapterFolder);
  const versions = [datanets, inherited].flatMap((list) =>
    Array.isArray(list) ? (list as VersionUse[]) : []
  );
  return [...new Map(versions.map((version) => [version.version, version])).values()];
}

/**
 * A bundle with what is known of it where there is no store: nobody's grants, no runs counted, the withdrawals that
 * came with it.
 */
async function openDatanet(path: string, purpose: string | undefined): Promise<OpenVersion> {
  const blob = await openAsBlob(path).catch((cause: unknown) => {
    throw new FileReadError(`There is no readable file at ${path}. Check the path.`, {
      cause,
      details: { file: path }
    });
  });
  const bundle = await openBundle(blob, { label: basename(path) });
  const version = bundle.version.statement;
  requireCountless(version);
  // Without a key to sealed ones, that they are sealed is told where they are read.
  if (!bundle.permissioned) await bundle.verifyRows();
  const withdrawn = bundle.statements
    .map(({ statement }) => statement)
    .filter((statement): statement is Withdrawal => statement.kind === 'withdrawal')
    .filter(({ contribution, by }) =>
      version.contributions.some(({ id, contributor }) => id === contribution && contributor === by.id)
    );
  return {
    id: bundle.cid,
    version,
    weight: 1,
    context: {
      now: Date.now(),
      person: '',
      withdrawn: new Set(withdrawn.map(({ contribution }) => contribution)),
      runs: { version: 0, grant: 0, contributions: new Map() },
      ...(purpose === undefined ? {} : { purpose })
    },
    rows: (signal) => bundle.rows(undefined, signal ? { signal } : {})
  };
}

/** A command remembers nothing, so it cannot know how many runs there were. */
function requireCountless({ policy, contributions, facts }: Version): void {
  const policies = [policy, ...contributions.flatMap(({ policy }) => policy ?? [])];
  const counted = policies.some(
    ({ training }) => training.rule === 'conditions' && training.runs !== undefined
  );
  if (!counted) return;
  throw new NeedsPageError(
    `"${facts.name}" allows a number of runs only, which the command line does not count. Train on it in the page.`,
    { details: { datanet: facts.name } }
  );
}
