import { found, type Database } from './database';
import type { ReportRecord, TableRef } from './datanet-schema';
import { RowTable } from './row-table';

/** Which rows drafts, versions and proposals have, and what checks found in them. */
export class TableStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** A draft that nothing was written into yet is empty. @throws NotStoredError for a version or a proposal. */
  async get(ref: TableRef): Promise<RowTable> {
    const record = await this.#db.read('the list of rows', (idb) => idb.get('tables', [ref.of, ref.name]));
    if (!record && ref.of === 'draft') return new RowTable();
    return new RowTable(found(record, `list of rows of a ${ref.of}`, ref.name).columns);
  }

  /** The local id of the Datanet that a table goes with, or undefined where there is no such table. */
  async datanetOf(ref: TableRef): Promise<string | undefined> {
    const record = await this.#db.read('the list of rows', (idb) => idb.get('tables', [ref.of, ref.name]));
    return record?.datanet;
  }

  report(ref: TableRef): Promise<ReportRecord | undefined> {
    return this.#db.read('a report', (idb) => idb.get('reports', [ref.of, ref.name]));
  }

  /** Keeps what checks found. Replaces the report before. */
  async setReport(record: ReportRecord): Promise<void> {
    await this.#db.write(['reports'], 'the report of the checks', undefined, async (transaction) => {
      await transaction.objectStore('reports').put(record);
    });
  }
}
