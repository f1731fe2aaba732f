import type { Signed, Statement, StatementKind } from '../trust/statements';
import { found, type Database, type WriteTransaction } from './database';
import type { StatementRecord } from './datanet-schema';

type Of<K extends StatementKind> = Extract<Statement, { kind: K }>;

/** A record whose statement is of one kind. */
export type RecordOf<K extends StatementKind> = Omit<StatementRecord, 'signed'> & { signed: Signed<Of<K>> };

/** What people signed, each under the CID of the signed whole. What they signed is never changed. */
export class StatementStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async find(cid: string): Promise<StatementRecord | undefined> {
    return this.#db.read('a statement', (idb) => idb.get('statements', cid));
  }

  /** @throws NotStoredError */
  async get(cid: string): Promise<StatementRecord> {
    return found(await this.find(cid), 'statement', cid);
  }

  /** Those of one kind about a Datanet (by its own id), in the order in which they came. */
  async of<K extends StatementKind>(datanet: string, kind: K): Promise<RecordOf<K>[]> {
    const records = await this.#db.read('statements', (idb) =>
      idb.getAllFromIndex('statements', 'datanet kind', [datanet, kind])
    );
    return inOrder(records) as RecordOf<K>[];
  }

  /** All about a Datanet (by its own id), in the order in which they came. */
  async all(datanet: string): Promise<StatementRecord[]> {
    return inOrder(
      await this.#db.read('statements', (idb) => idb.getAllFromIndex('statements', 'datanet', datanet))
    );
  }

  /** Notes that a chain was asked about a wallet's signature, and that it holds. */
  async noteWallet(cid: string): Promise<void> {
    await this.#db.write(['statements'], 'a signed statement', undefined, async (transaction) => {
      const statements = transaction.objectStore('statements');
      await statements.put({ ...found(await statements.get(cid), 'statement', cid), walletHolds: true });
    });
  }

  /** Keeps statements, all or none. */
  async add(...records: StatementRecord[]): Promise<void> {
    await this.#db.write(['statements'], 'a signed statement', undefined, (transaction) =>
      addStatements(transaction, records)
    );
  }
}

/** Adds statements within a transaction. One that is there stays as it came first. */
export async function addStatements(
  transaction: WriteTransaction,
  records: readonly StatementRecord[]
): Promise<void> {
  for (const record of records) {
    const statements = transaction.objectStore('statements');
    if ((await statements.getKey(record.cid)) === undefined) await statements.add(record);
  }
}

function inOrder(records: StatementRecord[]): StatementRecord[] {
  return records.sort((a, b) => a.received - b.received);
}
