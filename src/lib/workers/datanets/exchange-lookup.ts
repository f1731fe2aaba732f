/** What this browser has of a Datanet, and what was signed about it. */
import type { DatanetRecord, StatementRecord } from '../../datanets/store/datanet-schema';
import { Pace, type PaceOptions } from '../../datanets/pace';
import type { DatanetChange } from '../../datanets/store/datanet-store';
import type { RowTable } from '../../datanets/store/row-table';
import { datanetOf, type RecordOf } from '../../datanets/store/statement-store';
import type { Store } from '../../datanets/store/store';
import { isSigned, statementCid } from '../../datanets/trust/sign';
import type { Signed, StatementKind } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';
import type { DatanetRole } from './protocol';
import { entryCid } from './service-rows';

/** Something else than what was expected lies here: a statement of another kind, a Datanet in another role. */
export class NotFittingError extends TabtuneError {}

/** @throws NotStoredError, NotFittingError */
export async function requireRole(store: Store, id: string, role: DatanetRole): Promise<DatanetRecord> {
  const record = await store.datanets.get(id);
  if (record.role === role) return record;
  const who = {
    owner: 'its owner',
    contributor: 'somebody who was invited',
    reader: 'somebody who received it'
  };
  throw new NotFittingError(
    `This can be done by ${who[role]} only; here you are ${who[record.role].replace('its', 'the')} of "${record.facts.name}".`,
    { details: { id, role: record.role, wanted: role } }
  );
}

/** What this browser has of a Datanet (by its own id) in a role. */
export async function inRole(
  store: Store,
  datanet: string,
  role: DatanetRole
): Promise<DatanetRecord | undefined> {
  return (await store.datanets.ofDatanet(datanet)).find((record) => record.role === role);
}

/** A statement of one kind by its CID, or undefined where there is none of that kind. */
export async function findStatement<K extends StatementKind>(
  store: Store,
  cid: string,
  kind: K
): Promise<RecordOf<K> | undefined> {
  const record = await store.statements.find(cid);
  return record && isSigned(record.signed, kind) ? { ...record, signed: record.signed } : undefined;
}

/** @throws NotFittingError */
export async function requireStatement<K extends StatementKind>(
  store: Store,
  cid: string,
  kind: K
): Promise<RecordOf<K>> {
  const record = await findStatement(store, cid, kind);
  if (record) return record;
  throw new NotFittingError(`This ${kind} is not in the browser any more, or never was.`, {
    details: { cid, kind }
  });
}

/** The withdrawal of a contribution by the one who made it. */
export async function withdrawalOf(
  store: Store,
  contribution: { cid: string; signed: Signed }
): Promise<RecordOf<'withdrawal'> | undefined> {
  const { by } = contribution.signed.statement;
  const all = await store.statements.of(datanetOf(contribution.signed.statement), 'withdrawal');
  return all.find(
    ({ signed: { statement } }) => statement.contribution === contribution.cid && statement.by.id === by.id
  );
}

/** The decision about a contribution by the owner. */
export async function decisionOf(
  store: Store,
  contribution: { cid: string; signed: Signed },
  owner: string
): Promise<RecordOf<'decision'> | undefined> {
  const all = await store.statements.of(datanetOf(contribution.signed.statement), 'decision');
  return all.find(
    ({ signed: { statement } }) => statement.contribution === contribution.cid && statement.by.id === owner
  );
}

export function statementRecord(signed: Signed, received = Date.now()): StatementRecord {
  const { statement } = signed;
  return { cid: statementCid(signed), datanet: datanetOf(statement), kind: statement.kind, received, signed };
}

/** Keeps a signed statement, and whatever comes with it, in one transaction. */
export async function keepSigned(
  store: Store,
  id: string,
  signed: Signed,
  more: DatanetChange = {}
): Promise<void> {
  await store.datanets.commit(id, `the signed ${signed.statement.kind}`, {
    ...more,
    statements: [...(more.statements ?? []), statementRecord(signed)]
  });
}

/** CIDs of the rows of a table, in their order. */
export async function* cidsOf(table: RowTable, options: PaceOptions = {}): AsyncGenerator<string> {
  const pace = new Pace(options);
  for (let i = 0; i < table.count; i += 1) {
    yield entryCid(table.at(i));
    if (pace.due) await pace.breathe(i, table.count);
  }
}

/** Somebody's name in marks that it cannot close. */
export function named(name: string): string {
  return `"${name.replaceAll('"', "'")}"`;
}

/** `12 rows`, `1 row`. */
export function rowsWords(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`;
}
