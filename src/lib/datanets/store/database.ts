import { openDB, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import { MIGRATIONS, type Migration } from './migrations';
import type { TabtuneSchema } from './schema';
import { NotStoredError, StorageBlockedError, storageFailure } from './store-errors';

export type Name = StoreNames<TabtuneSchema>;
export type WriteTransaction = IDBPTransaction<TabtuneSchema, Name[], 'readwrite'>;

export const DATABASE_NAME = 'tabtune';

/** The open database: what all areas of the store share. One transaction a write, one kind of error a failure. */
export class Database {
  /** For reads. Writes go through `write`. */
  readonly idb: IDBPDatabase<TabtuneSchema>;
  /** Called after each write: there is something to keep. */
  onwrite: (() => void) | undefined;

  private constructor(idb: IDBPDatabase<TabtuneSchema>) {
    this.idb = idb;
  }

  /**
   * Opens the database, and makes or upgrades it. Throws `StorageBlockedError`, `StorageError`.
   * @param migrations all steps to the version that is wanted.
   */
  static async open(name: string, migrations: readonly Migration[] = MIGRATIONS): Promise<Database> {
    let blocked: (error: Error) => void = () => {};
    const opening = openDB<TabtuneSchema>(name, migrations.length, {
      upgrade(db, oldVersion, _newVersion, transaction) {
        for (const migrate of migrations.slice(oldVersion)) migrate(db, transaction);
      },
      blocked: () =>
        blocked(
          new StorageBlockedError(
            'Another tab has an older Tabtune open. Close or reload it, then try again.'
          )
        ),
      // A newer page wants to upgrade: this one lets go; its next use says that the connection is closing.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close()
    });
    const refusal = new Promise<never>((_, reject) => {
      blocked = reject;
    });
    try {
      return new Database(await Promise.race([opening, refusal]));
    } catch (cause) {
      if (cause instanceof StorageBlockedError) {
        // Should the other tab go away after all, nobody waits for this connection any more.
        opening.then(
          (db) => db.close(),
          () => {}
        );
      }
      if (cause instanceof DOMException && cause.name === 'VersionError') {
        throw new StorageBlockedError(
          'This tab runs an older Tabtune than the one that wrote the data in this browser. Reload the page.',
          { cause }
        );
      }
      throw await storageFailure(cause, 'the database');
    }
  }

  close(): void {
    this.idb.close();
  }

  /**
   * One transaction over what `write` does in it and nothing else; if any part fails, none of it is there.
   * @param what for messages, such as `the rows of "faq.jsonl"`.
   * @param bytes about how much it is, for the message of a full disk.
   */
  async write<T>(
    stores: Name[],
    what: string,
    bytes: number | undefined,
    write: (transaction: WriteTransaction) => Promise<T>
  ): Promise<T> {
    let transaction: WriteTransaction | undefined;
    try {
      transaction = this.idb.transaction(stores, 'readwrite');
      // A quota may be noticed only as the transaction commits, so both are waited for.
      const [result] = await Promise.all([write(transaction), transaction.done]);
      this.onwrite?.();
      return result;
    } catch (cause) {
      abort(transaction);
      throw await storageFailure(cause, what, bytes);
    }
  }

  async read<T>(what: string, read: (idb: IDBPDatabase<TabtuneSchema>) => Promise<T>): Promise<T> {
    try {
      return await read(this.idb);
    } catch (cause) {
      throw await storageFailure(cause, what);
    }
  }
}

/** The record, or `NotStoredError` where there is none. */
export function found<T>(record: T | undefined, kind: string, id: string): T {
  if (record !== undefined) return record;
  throw new NotStoredError(
    `This ${kind} is not in the browser any more: it was deleted, here or in another tab.`,
    { details: { kind, id } }
  );
}

function abort(transaction: WriteTransaction | undefined): void {
  try {
    transaction?.abort();
  } catch {
    // It has already ended by itself.
  }
}
