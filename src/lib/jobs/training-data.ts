import type { Contributor, DatanetRow, Licence } from '../datanets/datanet';
import { decideVersion, permitRows, permitVersion, type PermitContext } from '../datanets/policy/permit';
import { distinctPurposes, type Rule, type Use } from '../datanets/policy/policy';
import type { Row } from '../datanets/row';
import { mixEpoch } from '../datanets/split/mix';
import type { Version } from '../datanets/trust/statements';
import { TabtuneError } from '../errors';

/**
 * From versions of Datanets to the rows of a run: each row is asked whether it may be used, refusals are kept with
 * their reason, the rest is mixed. Page and command line come through here, so neither can forget to ask.
 */

/** Nothing is left that may be trained on. */
export class NothingAllowedError extends TabtuneError {}

/** A version, with all that is known about who may use it for what. */
export interface OpenVersion {
  /** CID of the signed version. */
  readonly id: string;
  readonly version: Version;
  /** How often its rows are taken, beside those of the others. */
  readonly weight: number;
  /** CID of the grant in `context`, where there is one. */
  readonly grant?: string;
  readonly context: Omit<PermitContext, 'use'>;
  /** In the version's order. Called only where the version as a whole may be trained on: a sealed one is opened then. */
  rows(signal?: AbortSignal): AsyncIterable<DatanetRow>;
}

/** What a run used of one version. Goes into run.json and stays when the run is deleted. */
export interface VersionUse {
  datanet: string;
  name: string;
  root: string;
  number: number;
  /** CID of the signed version. */
  version: string;
  permissioned: boolean;
  /** Of the version as a whole, and of its rows. Records of earlier runs do not have them. */
  licence?: Licence;
  language?: string;
  weight: number;
  /** CID of the grant. */
  grant?: string;
  /** What the run was said to be for. */
  purpose?: string;
  /** Rows that were trained on, and rows that were only measured. */
  rows: number;
  heldOut: number;
  /** Trained rows per contribution (CID of the signed statement), `''` for those without. */
  contributions: Record<string, number>;
  contributors: Record<string, number>;
  /** Contributors who must be named where results are shown. */
  attribution: Contributor[];
  refusals: RowsRefused[];
}

/** Rows that were not used, all for one reason. */
export interface RowsRefused {
  use: Use;
  /** A sentence. */
  reason: string;
  rows: number;
  contributors: string[];
}

export interface ContributorRows extends Contributor {
  /** Rows trained on. */
  rows: number;
}

/** The rows of a run, and where they are from. */
export interface TrainingData {
  rows: Row[];
  /**
   * The same rows, each once, in the order in which they were contributed: version after version, each in its own order. Who
   * said something first can be told of this order, and not of the order of a run, which mixes versions.
   */
  contributed: Row[];
  /** Measured before and after, never trained on. */
  heldOut: Row[];
  /** Those of both that may be used and not be shown. */
  hidden: ReadonlySet<Row>;
  versions: VersionUse[];
  contributors: ContributorRows[];
  /** Purposes that some rule names: a run has to be for one of them. */
  purposes: string[];
}

/** Rows between two calls of `onProgress`. */
const progressEvery = 1000;

export interface LoadOptions {
  /**
   * What is to be done with the rows that would be trained on. Default `training`; `evaluation` only looks at them, as
   * what a Datanet is worth does.
   */
  use?: 'training' | 'evaluation';
  /** Draws which rows are taken where weights take only some. */
  seed?: number;
  signal?: AbortSignal;
  /** Rows read so far, of all versions together. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Reads versions, leaves out what may not be used, and mixes the rest. Rows without a split are trained on; those of
 * `validation`, or of `test` where there are none, are measured, which is evaluation.
 *
 * With nothing left to train on the result has no rows: `requireAllowed` makes that an error where a run would start.
 */
export async function loadTrainingData(
  versions: readonly OpenVersion[],
  options: LoadOptions = {}
): Promise<TrainingData> {
  const total = versions.reduce((sum, { version }) => sum + version.rows.count, 0);
  const loaded: LoadedVersion[] = [];
  let done = 0;
  for (const open of versions) {
    loaded.push(
      await readVersion(open, options, () => {
        done += 1;
        if (done % progressEvery === 0 || done === total) options.onProgress?.(done, total);
      })
    );
  }
  const rows = mixRows(loaded, options.seed ?? 0);
  const taken = new Set(rows);
  const uses = loaded.map((each) => ({
    ...each.use,
    ...counted(each.rows.filter((row) => taken.has(row)))
  }));
  return {
    rows,
    contributed: loaded.flatMap((each) => each.rows.filter((row) => taken.has(row))),
    heldOut: loaded.flatMap((each) => each.heldOut),
    hidden: new Set(loaded.flatMap((each) => each.hidden)),
    versions: uses,
    contributors: contributorsOf(versions, uses),
    purposes: distinctPurposes(versions.flatMap(purposesOf))
  };
}

/** @throws NothingAllowedError that names each reason */
export function requireAllowed(data: Pick<TrainingData, 'rows' | 'versions'>): void {
  const nothing = nothingLeft(data);
  if (nothing === undefined) return;
  throw new NothingAllowedError(nothing, { details: { versions: data.versions.map(({ root }) => root) } });
}

/** Why nothing of the data can be trained on, in one sentence for each reason; undefined where something can. */
export function nothingLeft({ rows, versions }: Pick<TrainingData, 'rows' | 'versions'>): string | undefined {
  if (rows.length > 0) return undefined;
  const reasons = versions.flatMap(({ name, refusals }) =>
    refusals
      .filter(({ use }) => use === 'training')
      .map(({ reason, rows }) => `"${name}", ${rows} ${rows === 1 ? 'row' : 'rows'}: ${reason}`)
  );
  const why = reasons.length > 0 ? reasons.join(' ') : 'The chosen versions have no row to train on.';
  return `No row is left to train on. ${why} Choose other data, or ask the owner for access.`;
}

/**
 * The rows of several versions as one run takes them, in an order of the seed. A weight says how often rows are taken:
 * with 1 each once, with 2 each twice, with 0.5 every other. One version alone keeps its order, whatever its weight.
 */
function mixRows(loaded: readonly LoadedVersion[], seed: number): DatanetRow[] {
  const usable = loaded.filter(({ rows }) => rows.length > 0);
  if (usable.length < 2) return usable.flatMap(({ rows }) => rows);
  const sources = usable.map(({ rows, use }) => ({ rows: rows.length, weight: rows.length * use.weight }));
  const size = Math.max(1, Math.round(sources.reduce((sum, { weight }) => sum + weight, 0)));
  const mixed = mixEpoch(sources, { seed, epoch: 0, size });
  return Array.from(mixed.sources, (source, i) => usable[source].rows[mixed.rows[i]]);
}

interface LoadedVersion {
  rows: DatanetRow[];
  heldOut: DatanetRow[];
  hidden: DatanetRow[];
  use: VersionUse;
}

async function readVersion(
  open: OpenVersion,
  { use: asked = 'training', signal }: LoadOptions,
  onRow: () => void
): Promise<LoadedVersion> {
  const { version, context } = open;
  const measured = version.splits.validation > 0 ? 'validation' : 'test';
  const about = permitVersion(version);
  const whole = decideVersion(about, { ...context, use: asked });
  if (!whole.allowed) return refusedWhole(open, asked, whole.reason);

  const train: DatanetRow[] = [];
  const measure: DatanetRow[] = [];
  for await (const row of open.rows(signal)) {
    signal?.throwIfAborted();
    onRow();
    if ((row.split ?? 'train') === 'train') train.push(row);
    else if (row.split === measured) measure.push(row);
  }
  const training = permitRows(about, { ...context, use: asked }, train);
  const evaluation = permitRows(about, { ...context, use: 'evaluation' }, measure);
  const rows = Array.from(training.allowed, (i) => train[i]);
  const heldOut = Array.from(evaluation.allowed, (i) => measure[i]);
  const both = [...rows, ...heldOut];
  const shown = permitRows(about, { ...context, use: 'display' }, both);
  const visible = new Set(shown.allowed);
  const use: VersionUse = {
    ...useOf(open),
    heldOut: heldOut.length,
    attribution: training.duties.attribution.map((id) => contributorOf(version, id)),
    refusals: [
      ...training.refused.map((refused) => ({ use: asked, ...refused })),
      ...evaluation.refused.map((refused) => ({ use: 'evaluation' as const, ...refused }))
    ]
  };
  // What one published oneself can be shown to oneself.
  const hidden = context.person === about.owner ? [] : both.filter((_, i) => !visible.has(i));
  return { rows, heldOut, hidden, use };
}

/** What may not be trained on is not even opened: the version itself says how many rows that concerns. */
function refusedWhole(open: OpenVersion, use: Use, reason: string): LoadedVersion {
  const { splits, contributors } = open.version;
  const people = contributors.map(({ id }) => id);
  const refusals: RowsRefused[] = [{ use, reason, rows: splits.train, contributors: people }];
  return { rows: [], heldOut: [], hidden: [], use: { ...useOf(open), refusals } };
}

/** What is known of a use before a row is read. */
function useOf({ id, version, weight, grant, context: { purpose } }: OpenVersion): VersionUse {
  return {
    datanet: version.datanet,
    name: version.facts.name,
    root: version.rows.root,
    number: version.number,
    version: id,
    permissioned: version.permissioned,
    licence: version.facts.licence,
    ...(version.facts.language === '' ? {} : { language: version.facts.language }),
    weight,
    ...(grant === undefined ? {} : { grant }),
    ...(purpose === undefined ? {} : { purpose }),
    rows: 0,
    heldOut: 0,
    contributions: {},
    contributors: {},
    attribution: [],
    refusals: []
  };
}

/** Purposes that a run with the version may be asked for. */
function purposesOf({ version, context }: OpenVersion): string[] {
  const { policy, contributions } = version;
  const rules: Rule[] = [policy, ...contributions.flatMap(({ policy }) => policy ?? [])].flatMap(
    ({ training, evaluation }) => [training, evaluation]
  );
  const named = rules.flatMap((rule) => (rule.rule === 'conditions' ? (rule.purposes ?? []) : []));
  return [...named, ...(context.grant?.statement.conditions.purposes ?? [])];
}

/** Rows that are trained on, by whom and from which contribution. A row that is taken several times is one. */
function counted(rows: readonly DatanetRow[]): Pick<VersionUse, 'rows' | 'contributions' | 'contributors'> {
  return {
    rows: rows.length,
    contributions: countBy(rows, ({ contribution }) => contribution ?? ''),
    contributors: countBy(rows, ({ contributor }) => contributor)
  };
}

function countBy(rows: readonly DatanetRow[], name: (row: DatanetRow) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(name(row), (counts.get(name(row)) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** Who somebody is by the version; whom it does not name is known by the id. */
function contributorOf({ contributors }: Version, id: string): Contributor {
  return contributors.find((each) => each.id === id) ?? { id, name: id };
}

/** Everybody whose rows are trained on, most rows first; one person in several Datanets is one. */
function contributorsOf(versions: readonly OpenVersion[], uses: readonly VersionUse[]): ContributorRows[] {
  const people = new Map<string, ContributorRows>();
  uses.forEach(({ contributors }, i) => {
    for (const [id, rows] of Object.entries(contributors)) {
      const person = people.get(id) ?? { ...contributorOf(versions[i].version, id), rows: 0 };
      people.set(id, { ...person, rows: person.rows + rows });
    }
  });
  return [...people.values()].sort((a, b) => b.rows - a.rows);
}
