import { statementCid } from '../trust/sign';
import type { Signed, Statement, StatementKind } from '../trust/statements';
import { isForWallets, isOfContract } from '../trust/wallet-kinds';
import { found, type Database, type WriteTransaction } from './database';
import type { StatementRecord } from './datanet-schema';

type Of<K extends StatementKind> = Extract<Statement, { kind: K }>;

/** A record whose statement is of one kind. */
export type RecordOf<K extends StatementKind> = Omit<StatementRecord, 'signed'> & { signed: Signed<Of<K>> };

/** What people signed, each under its CID (`statementCid`). What they signed is never changed. */
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

  /**
   * The record of a signed statement, whichever wallet's signature lies beside it. Also one that was kept when such a
   * signature still took part in the CID that it is kept under.
   */
  async findSigned(signed: Signed): Promise<StatementRecord | undefined> {
    const { statement } = signed;
    const cid = statementCid(signed);
    const known = await this.find(cid);
    if (known || !isForWallets(statement)) return known;
    const others: StatementRecord[] = await this.of(datanetOf(statement), statement.kind);
    return others.find((record) => record.signed.wallet && statementCid(record.signed) === cid);
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

/** The Datanet that a statement is about, by its own id; of a link to a wallet, none. */
export function datanetOf(statement: Statement): string {
  return 'datanet' in statement ? statement.datanet : '';
}

/**
 * Adds statements within a transaction. One that is there stays as it came first, but for a wallet's signature that says
 * more than the one beside it: whoever hands a statement on cannot keep that out by leaving it off, or by junk.
 */
export async function addStatements(
  transaction: WriteTransaction,
  records: readonly StatementRecord[]
): Promise<void> {
  for (const record of records) {
    const statements = transaction.objectStore('statements');
    const known = await statements.get(record.cid);
    if (!known) await statements.add(record);
    else if (saysMore(record, known)) await statements.put({ ...record, received: known.received });
  }
}

/**
 * Whether the wallet beside a statement is a contract account whose chain was not asked: its signature says nothing then,
 * neither for nor against.
 */
export function isUnasked({ signed: { wallet }, walletHolds }: Walleted): boolean {
  return wallet !== undefined && isOfContract(wallet) && !walletHolds;
}

/** Whether the wallet beside the one says more of the same statement than what lies beside the other. */
export function saysMore(record: Walleted, than: Walleted): boolean {
  return weight(record) > weight(than);
}

type Walleted = Pick<StatementRecord, 'signed' | 'walletHolds'>;

function weight(record: Walleted): number {
  if (!record.signed.wallet) return 0;
  return isUnasked(record) ? 1 : 2;
}

function inOrder(records: StatementRecord[]): StatementRecord[] {
  return records.sort((a, b) => a.received - b.received);
}
