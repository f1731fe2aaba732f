/** A version of a Datanet as a run opens it: what this browser knows about who may use it, and where its rows are. */
import type { DatanetRow } from '../datanets/datanet';
import type { PaceOptions } from '../datanets/pace';
import type { PermitContext } from '../datanets/policy/permit';
import { found } from '../datanets/store/database';
import type { VersionRecord } from '../datanets/store/datanet-schema';
import type { Store } from '../datanets/store/store';
import type { Version } from '../datanets/trust/statements';
import type { OpenVersion } from '../jobs/training-data';
import { receivedRows } from './datanets/service-bundles';
import { isOwn, RowsAccess } from './datanets/service-rows';
import { runsMade } from './run-uses';

export interface VersionOptions {
  weight: number;
  purpose?: string;
  /** An interrupted run that goes on: it does not count beside itself. */
  resumes?: string;
  /** Milliseconds since 1970; default now. */
  now?: number;
}

/**
 * Gathers what is known about a version here: grants, revocations, withdrawals, runs made. Nothing is read of its rows.
 * @param which a root stands for the newest version with it, of whichever Datanet
 * @throws NotStoredError
 */
export async function openVersion(
  store: Store,
  which: VersionRecord | string,
  { weight, purpose, resumes, now = Date.now() }: VersionOptions
): Promise<OpenVersion> {
  const record = typeof which === 'string' ? await store.versions.byRoot(which) : which;
  const version = record.signed.statement;
  const person = (await store.identities.get())?.person.id ?? '';
  const grant = await grantFor(store, record, person, now);
  const [withdrawn, runs] = await Promise.all([
    withdrawnFrom(store, version),
    runsMade(store, version, grant?.cid, resumes)
  ]);
  return {
    id: record.cid,
    version,
    weight,
    ...(grant ? { grant: grant.cid } : {}),
    context: {
      ...{ now, person, withdrawn, runs },
      ...(purpose === undefined ? {} : { purpose }),
      ...(grant ? { grant: { statement: grant.statement, revoked: grant.revoked } } : {})
    },
    rows: (signal) => rowsOf(store, record, signal ? { signal } : {})
  };
}

/**
 * The version of a Datanet with a root; where it was published several times with the same rows, the newest.
 * @throws NotStoredError
 */
export async function findVersion(
  store: Store,
  { datanet, root }: { datanet: string; root: string }
): Promise<VersionRecord> {
  const local = await store.datanets.ofDatanet(datanet);
  const versions = (await Promise.all(local.map(({ id }) => store.versions.of(id)))).flat();
  const newest = versions.filter((each) => each.root === root).sort((a, b) => b.number - a.number);
  return found(newest[0], 'version', root);
}

/** Contributions that whoever made them took back. */
async function withdrawnFrom(store: Store, version: Version): Promise<Set<string>> {
  const withdrawals = await store.statements.of(version.datanet, 'withdrawal');
  const makers = new Map(version.contributions.map(({ id, contributor }) => [id, contributor]));
  return new Set(
    withdrawals
      .map(({ signed }) => signed.statement)
      .filter(({ contribution, by }) => makers.get(contribution) === by.id)
      .map(({ contribution }) => contribution)
  );
}

/** The grant to go by: of several, one that holds now, and of those the newest. */
async function grantFor(
  store: Store,
  { cid: version, signed }: VersionRecord,
  person: string,
  now: number
): Promise<(NonNullable<PermitContext['grant']> & { cid: string }) | undefined> {
  const { datanet, by } = signed.statement;
  const [grants, revocations] = await Promise.all([
    store.statements.of(datanet, 'access-grant'),
    store.statements.of(datanet, 'revocation')
  ]);
  const ended = new Set(
    revocations
      .filter(({ signed: { statement } }) => statement.by.id === by.id)
      .map(({ signed: { statement } }) => statement.grant)
  );
  const mine = grants
    .filter(({ signed: { statement } }) => statement.to.id === person && statement.version === version)
    .map(({ cid, signed: { statement } }) => ({ cid, statement, revoked: ended.has(cid) }));
  const holds = ({ statement, revoked }: (typeof mine)[number]) =>
    !revoked && !(Date.parse(statement.conditions.expires ?? '') <= now);
  return mine.filter(holds).at(-1) ?? mine.at(-1);
}

/** The rows of a version, wherever they lie: in blocks where it was made here, else in the file that was received. */
async function* rowsOf(
  store: Store,
  record: VersionRecord,
  options: PaceOptions
): AsyncGenerator<DatanetRow> {
  if (!isOwn(record)) {
    yield* receivedRows(store, record, options);
    return;
  }
  const access = new RowsAccess(store);
  yield* access.datanetRows(await access.openVersion(record));
}
