import { TabtuneError } from '../../errors';
import { addStatements } from './statement-store';
import { found, type Database, type Name, type WriteTransaction } from './database';
import type {
  BlockRecord,
  BundleRecord,
  DatanetRecord,
  StatementRecord,
  TableRef,
  VersionRecord
} from './datanet-schema';
import type { RowTable } from './row-table';

/** The draft's rows were changed since they were read: in another tab, or by another call. */
export class StaleRowsError extends TabtuneError {
  constructor(id: string) {
    super('The rows were changed in another tab meanwhile. Look at them again, then repeat the change.', {
      details: { datanet: id }
    });
  }
}

type Editable = Pick<DatanetRecord, 'facts' | 'policy' | 'contributors' | 'owner' | 'head' | 'invitation'>;

/** What happens to a Datanet at once. All of it or none. */
export interface DatanetChange {
  /** A new record. Without it, the Datanet must be there. */
  create?: DatanetRecord;
  update?: Partial<Editable>;
  /** The draft's rows. `seen` is the `rowsRevision` that they were made from. */
  draft?: {
    table: RowTable;
    seen: number;
    /** Keys of rows whose words changed or that went: what checks found in them holds no more. */
    stale?: ReadonlySet<number>;
  };
  /** Rows of a received version, which has no table here. */
  rows?: number;
  /** Tables of versions and proposals. */
  tables?: { ref: TableRef; table: RowTable }[];
  blocks?: BlockRecord[];
  statements?: StatementRecord[];
  versions?: VersionRecord[];
  bundles?: BundleRecord[];
  /** The import whose rows now are in a table. */
  imported?: string;
}

/** Datanets as a whole. Every change to one goes through `commit`. */
export class DatanetStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All, the one changed last first. */
  async list(): Promise<DatanetRecord[]> {
    const all = await this.#db.read('the list of Datanets', (idb) =>
      idb.getAllFromIndex('datanets', 'updated')
    );
    return all.reverse();
  }

  /** @throws NotStoredError */
  async get(id: string): Promise<DatanetRecord> {
    const record = await this.#db.read('a Datanet', (idb) => idb.get('datanets', id));
    return found(record, 'Datanet', id);
  }

  /** What this browser has of a Datanet: as its owner, a contributor, a reader. */
  ofDatanet(datanet: string): Promise<DatanetRecord[]> {
    return this.#db.read('a Datanet', (idb) => idb.getAllFromIndex('datanets', 'datanet', datanet));
  }

  /**
   * Writes a change in one transaction.
   * @param what for messages, such as `the rows of "faq.jsonl"`.
   * @throws NotStoredError where the Datanet went away, StaleRowsError, StorageFullError
   */
  async commit(id: string, what: string, change: DatanetChange): Promise<DatanetRecord> {
    const columns = change.draft?.table.serialise();
    const tables = (change.tables ?? []).map(({ ref, table }) => ({ ref, columns: table.serialise() }));
    return this.#db.write(storesOf(change), what, bytesOf(change), async (transaction) => {
      const datanets = transaction.objectStore('datanets');
      if (change.imported)
        found(await transaction.objectStore('imports').getKey(change.imported), 'import', id);
      const before = change.create ?? found(await datanets.get(id), 'Datanet', id);
      if (change.draft && change.draft.seen !== before.rowsRevision) throw new StaleRowsError(id);
      const edited = change.update !== undefined || change.draft !== undefined;
      const record: DatanetRecord = {
        ...before,
        ...change.update,
        rows: change.draft?.table.count ?? change.rows ?? before.rows,
        updated: Date.now(),
        revision: before.revision + (edited ? 1 : 0),
        rowsRevision: before.rowsRevision + (change.draft ? 1 : 0)
      };
      if (change.create) await datanets.add(record);
      else await datanets.put(record);
      await Promise.all([
        ...(columns
          ? [transaction.objectStore('tables').put({ of: 'draft', name: id, datanet: id, columns })]
          : []),
        ...tables.map(({ ref, columns }) =>
          transaction.objectStore('tables').put({ ...ref, datanet: id, columns })
        ),
        ...(change.blocks ?? []).map((block) => transaction.objectStore('blocks').put(block)),
        ...(change.versions ?? []).map((record) => transaction.objectStore('versions').put(record)),
        ...(change.bundles ?? []).map((record) => transaction.objectStore('bundles').put(record)),
        ...(change.imported ? [transaction.objectStore('imports').delete(change.imported)] : [])
      ]);
      await addStatements(transaction, change.statements ?? []);
      if (change.draft?.stale) await forgetFindings(transaction, id, change.draft.stale);
      return record;
    });
  }

  /** Removes a Datanet with all that is only here for it. Statements stay while another role of it is left. */
  async remove(id: string): Promise<void> {
    const stores: Name[] = ['datanets', 'blocks', 'tables', 'versions', 'bundles', 'statements', 'reports'];
    await this.#db.write(stores, 'the removal of a Datanet', undefined, async (transaction) => {
      const record = await transaction.objectStore('datanets').get(id);
      if (!record) return;
      await transaction.objectStore('datanets').delete(id);
      for (const store of ['blocks', 'tables', 'versions', 'bundles', 'reports'] as const) {
        await deleteIndexed(transaction, store, id);
      }
      const others = await transaction.objectStore('datanets').index('datanet').count(record.datanet);
      if (others === 0) await deleteIndexed(transaction, 'statements', record.datanet);
    });
  }

  /**
   * Frees blocks that no row of a Datanet lies in any more: of edited and removed rows.
   * @returns how many
   */
  async freeUnused(id: string): Promise<number> {
    const stores: Name[] = ['blocks', 'tables', 'imports'];
    return this.#db.write(stores, 'the space of removed rows', undefined, async (transaction) => {
      const used = new Set<string>();
      for (const table of await transaction.objectStore('tables').index('datanet').getAll(id)) {
        const { numbers, strings } = table.columns;
        for (const number of new Set(numbers.block)) used.add(strings.block[number - 1]);
      }
      // An import that goes on has blocks that no table knows yet.
      const blocks = transaction.objectStore('blocks');
      for (const key of await transaction.objectStore('imports').getAllKeys()) {
        for (const staged of await blocks.index('staged').getAllKeys(key)) used.add(staged);
      }
      const unused = (await blocks.index('datanet').getAllKeys(id)).filter((key) => !used.has(key));
      for (const key of unused) await blocks.delete(key);
      return unused.length;
    });
  }
}

function storesOf(change: DatanetChange): Name[] {
  const stores: Name[] = ['datanets'];
  if (change.draft || change.tables) stores.push('tables');
  if (change.draft?.stale) stores.push('reports');
  if (change.imported) stores.push('imports');
  for (const store of ['blocks', 'statements', 'versions', 'bundles'] as const) {
    if (change[store]) stores.push(store);
  }
  return stores;
}

/** Takes what was found in some rows out of the draft's report. */
async function forgetFindings(
  transaction: WriteTransaction,
  id: string,
  stale: ReadonlySet<number>
): Promise<void> {
  const reports = transaction.objectStore('reports');
  const report = await reports.get(['draft', id]);
  if (!report?.findings.some((finding) => stale.has(finding.row))) return;
  await reports.put({ ...report, findings: report.findings.filter((finding) => !stale.has(finding.row)) });
}

function bytesOf(change: DatanetChange): number {
  const tables = [...(change.draft ? [change.draft] : []), ...(change.tables ?? [])];
  return (
    tables.reduce((sum, { table }) => sum + table.bytes, 0) +
    (change.blocks ?? []).reduce((sum, block) => sum + block.bytes.byteLength, 0) +
    (change.bundles ?? []).reduce((sum, bundle) => sum + bundle.blob.size, 0)
  );
}

/** Deletes the records of a store whose `datanet` is `value`. */
async function deleteIndexed(
  transaction: WriteTransaction,
  store: 'blocks' | 'tables' | 'versions' | 'bundles' | 'reports' | 'statements',
  value: string
): Promise<void> {
  // Keys alone: the records may be large.
  const target = transaction.objectStore(store as 'blocks');
  for (const key of await target.index('datanet').getAllKeys(value)) await target.delete(key);
}
