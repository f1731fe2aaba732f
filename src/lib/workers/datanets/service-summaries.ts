/** What a page shows of a Datanet without its rows. */
import type { DatanetRecord, StatementRecord, VersionRecord } from '../../datanets/store/datanet-schema';
import type { Store } from '../../datanets/store/store';
import type { RowTable } from '../../datanets/store/row-table';
import type { Invitation, Person, Signed, Statement } from '../../datanets/trust/statements';
import type { DatanetDetail, DatanetSummary, VersionSummary } from './protocol';
import { accessTo } from './service-access';
import type { RowsAccess } from './service-rows';

/** @param me this browser's person: an owner may have another name by now */
export async function summarise(store: Store, record: DatanetRecord, me: Person): Promise<DatanetSummary> {
  const { id, datanet, role, facts, rows, updated } = record;
  const head = record.head === undefined ? undefined : await store.versions.find(record.head);
  return {
    ...{ id, datanet, role, facts, rows, updated },
    owner: record.owner.id === me.id ? me : record.owner,
    ...(head ? { head: summariseVersion(head) } : {}),
    changed: role !== 'reader' && (head ? head.revision !== record.revision : rows > 0),
    waiting: role === 'owner' ? waiting(await store.statements.all(datanet)) : { proposals: 0, requests: 0 }
  };
}

/** All that is shown of one Datanet beside its rows. */
export async function detailOf(
  store: Store,
  access: RowsAccess,
  record: DatanetRecord,
  me: Person
): Promise<DatanetDetail> {
  const [summary, versions, invitation] = await Promise.all([
    summarise(store, record, me),
    store.versions.of(record.id),
    record.invitation === undefined ? undefined : store.statements.find(record.invitation)
  ]);
  const received = record.role === 'reader' ? versions.find(({ cid }) => cid === record.head) : undefined;
  const allowed = received && (await accessTo(store, received));
  const table = received
    ? access.opened(received)?.table
    : (await access.open({ of: 'draft', id: record.id })).table;
  return {
    ...summary,
    policy: record.policy,
    contributors: countedContributors(record, received, table),
    tags: table?.tags() ?? [],
    versions: versions.map(summariseVersion),
    ...(invitation ? { invitation: invitation.signed as Signed<Invitation> } : {}),
    ...(allowed ? { access: allowed } : {})
  };
}

/** Contributors with their rows. Of a version that was not opened yet, only rows that came as contributions are known. */
function countedContributors(
  record: DatanetRecord,
  received: VersionRecord | undefined,
  table: RowTable | undefined
): DatanetDetail['contributors'] {
  const counts = table?.contributors() ?? new Map<string, number>();
  if (!table) {
    for (const { contributor, rows } of received?.signed.statement.contributions ?? []) {
      counts.set(contributor, (counts.get(contributor) ?? 0) + rows);
    }
  }
  const known = received?.signed.statement.contributors ?? record.contributors;
  return known
    .map((contributor) => ({ ...contributor, rows: counts.get(contributor.id) ?? 0 }))
    .filter(({ rows }) => rows > 0 || received !== undefined);
}

export function summariseVersion({
  cid,
  root,
  number,
  signed: { statement }
}: VersionRecord): VersionSummary {
  const { created, rows, contributors, permissioned, changes, splits } = statement;
  return {
    ...{ cid, root, number, created, permissioned, changes, splits },
    ...{ rows: rows.count, bytes: rows.bytes, contributors: contributors.length }
  };
}

/** Contributions and requests that nobody has answered yet. */
function waiting(statements: readonly StatementRecord[]): DatanetSummary['waiting'] {
  const answered = new Set(statements.map(({ signed }) => answers(signed.statement)));
  const open = (kind: Statement['kind']) =>
    statements.filter((record) => record.kind === kind && !answered.has(record.cid)).length;
  return { proposals: open('contribution'), requests: open('access-request') };
}

/** The CID of the statement that this one settles. */
function answers(statement: Statement): string | undefined {
  switch (statement.kind) {
    case 'decision':
    case 'withdrawal':
      return statement.contribution;
    case 'access-grant':
    case 'refusal':
      return statement.request;
    default:
      return undefined;
  }
}
