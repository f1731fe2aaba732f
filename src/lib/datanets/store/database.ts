import { openDB, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import { MIGRATIONS, type Migration } from './migrations';
import type { TabtuneSchema } from './schema';
import { NotStoredError, StorageBlockedError, StorageError, storageFailure } from './store-errors';

export type Name = StoreNames<TabtuneSchema>;
export type WriteTransaction = IDBPTransaction<TabtuneSchema, Name[], 'readwrite'>;

export const DATABASE_NAME = 'tabtune';

/**
 * The database: what all areas of the store share. One transaction a write, one kind of error a failure.
 *
 * A connection may end while it is used. A newer page asks for it: it is given away, at once or after what `hold` goes on, and
 * what is asked of it afterwards says so. The browser clears what it keeps of the site: the next use makes the database anew.
 */
export class Database {
  /** Called after each write: there is something to keep. */
  onwrite: (() => void) | undefined;
  readonly #name: string;
  readonly #migrations: readonly Migration[];
  #connection: IDBPDatabase<TabtuneSchema> | undefined;
  #reopening: Promise<IDBPDatabase<TabtuneSchema>> | undefined;
  #holds = 0;
  #outdated = false;
  #closed = false;

  private constructor(name: string, migrations: readonly Migration[]) {
    this.#name = name;
    this.#migrations = migrations;
  }

  /**
   * Opens the database, and makes or upgrades it. Throws `StorageBlockedError`, `StorageError`.
   * @param migrations all steps to the version that is wanted.
   */
  static async open(name: string, migrations: readonly Migration[] = MIGRATIONS): Promise<Database> {
    const database = new Database(name, migrations);
    await database.#connect();
    return database;
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** A newer page asked for the database: this one can use it only as long as it holds it. */
  get outdated(): boolean {
    return this.#outdated;
  }

  /** Runs `work` while the connection stays, also where a newer page asks for it: that one gets it right after. */
  async hold<R>(work: () => Promise<R>): Promise<R> {
    this.#holds += 1;
    try {
      return await work();
    } finally {
      this.#holds -= 1;
      if (this.#outdated && this.#holds === 0) this.#drop();
    }
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
    try {
      return await this.#use(async (idb) => {
        const transaction: WriteTransaction = idb.transaction(stores, 'readwrite');
        try {
          // A quota may be noticed only as the transaction commits, so both are waited for.
          const [result] = await Promise.all([write(transaction), transaction.done]);
          this.onwrite?.();
          return result;
        } catch (cause) {
          abort(transaction);
          throw cause;
        }
      });
    } catch (cause) {
      throw await storageFailure(cause, what, bytes);
    }
  }

  async read<T>(what: string, read: (idb: IDBPDatabase<TabtuneSchema>) => Promise<T>): Promise<T> {
    try {
      return await this.#use(read);
    } catch (cause) {
      throw await storageFailure(cause, what);
    }
  }

  /** Nothing is there of a transaction that went with its connection: it is done once more, through another. */
  async #use<T>(work: (idb: IDBPDatabase<TabtuneSchema>) => Promise<T>): Promise<T> {
    const idb = this.#connection ?? (await this.#reopen());
    try {
      return await work(idb);
    } catch (cause) {
      if (!(await wasCut(idb, cause))) throw cause;
      if (this.#connection === idb) this.#drop();
      return work(await this.#reopen());
    }
  }

  #reopen(): Promise<IDBPDatabase<TabtuneSchema>> {
    if (this.#outdated) throw new StorageBlockedError(outdatedMessage);
    if (this.#closed) throw new StorageError('The database was closed. Reload the page.');
    if (this.#connection) return Promise.resolve(this.#connection);
    this.#reopening ??= this.#connect().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  #drop(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #connect(): Promise<IDBPDatabase<TabtuneSchema>> {
    let blocked: (error: Error) => void = () => {};
    const opening = openDB<TabtuneSchema>(this.#name, this.#migrations.length, {
      upgrade: (db, oldVersion, _newVersion, transaction) => {
        for (const migrate of this.#migrations.slice(oldVersion)) migrate(db, transaction);
      },
      blocked: () =>
        blocked(
          new StorageBlockedError(
            'Another tab has an older Tabtune open. Close or reload it, then try again.'
          )
        ),
      blocking: (_current, wanted, event) => {
        if (wanted !== null) this.#outdated = true;
        // Where all is to be deleted, nothing is gained by waiting: what is written later goes into a new database.
        if (wanted !== null && this.#holds > 0) return;
        this.#connection = undefined;
        (event.target as IDBDatabase).close();
      },
      terminated: () => {
        this.#connection = undefined;
      }
    });
    const refusal = new Promise<never>((_, reject) => {
      blocked = reject;
    });
    try {
      const idb = await Promise.race([opening, refusal]);
      if (this.#closed) idb.close();
      else this.#connection = idb;
      return idb;
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
}

const outdatedMessage =
  'A newer Tabtune was opened in another tab, and what this browser keeps now belongs to it. Reload this page to go on.';

/** Whether the connection itself ended under what failed, as it does where the browser clears what it keeps of a site. */
async function wasCut(idb: IDBPDatabase<TabtuneSchema>, cause: unknown): Promise<boolean> {
  if (!(cause instanceof DOMException) || !['AbortError', 'InvalidStateError'].includes(cause.name))
    return false;
  // The transaction is told before its connection is.
  await new Promise((resolve) => setTimeout(resolve));
  try {
    idb.transaction('settings').commit();
    return false;
  } catch (error) {
    return error instanceof DOMException && error.name === 'InvalidStateError';
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

function abort(transaction: WriteTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has already ended by itself.
  }
}
