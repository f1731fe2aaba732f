import type { Row, RowContent } from '../row';
import { BlockPacker } from './blocks';
import type { BlockRecord } from './datanet-schema';
import { RowTable, type RowMeta } from './row-table';
import type { Store } from './store';

const lockName = (id: string) => `tabtune-import-${id}`;

/**
 * Rows on their way in. Their bytes are stored as they come; nobody sees them until one small transaction
 * (`DatanetStore.commit` with `blocks: rest()` and `imported: id`) puts them into a table. An import that ends before
 * leaves nothing: `drop` clears it, and what a closed tab left is cleared by `sweepImports`.
 */
export class StagedRows {
  readonly id: string;
  /** The rows so far, as a table of their own. */
  readonly table = new RowTable();
  readonly #store: Store;
  readonly #packer: BlockPacker;
  readonly #what: string;
  #release: () => void = () => {};

  private constructor(store: Store, datanet: string, id: string, what: string) {
    this.#store = store;
    this.#packer = new BlockPacker(datanet, id);
    this.#what = what;
    this.id = id;
  }

  /**
   * @param datanet local id
   * @param what for messages, such as `the rows of "faq.jsonl"`
   * @param locks tell other tabs that this import is alive; without them, an opening tab takes it for one cut off
   */
  static async begin(
    store: Store,
    datanet: string,
    what: string,
    locks: LockManager | undefined
  ): Promise<StagedRows> {
    const id = crypto.randomUUID();
    const staged = new StagedRows(store, datanet, id, what);
    // Before the record, so that no other tab ever sees the record without the lock.
    await staged.#lock(locks);
    try {
      await store.blocks.beginImport({ id, datanet, started: Date.now() });
    } catch (error) {
      staged.#release();
      throw error;
    }
    return staged;
  }

  /** Adds a row. @throws NotCanonicalError where its text holds half a character; nothing was added then */
  add(row: Row | RowContent, meta: RowMeta): void {
    this.table.append(this.#packer.add(row), meta);
  }

  /** Stores what is full. Call it after every few rows. @throws StorageFullError */
  async flush(): Promise<void> {
    for (const block of this.#packer.takeFull()) await this.#store.blocks.stage(block, this.#what);
  }

  /** The blocks that are not stored yet, for the transaction that ends the import. */
  rest(): BlockRecord[] {
    return this.#packer.takeAll();
  }

  /** The transaction that ends the import is through. */
  done(): void {
    this.#release();
  }

  /** Ends the import without a trace. */
  async drop(): Promise<void> {
    try {
      await this.#store.blocks.dropImport(this.id);
    } finally {
      this.#release();
    }
  }

  /** The browser gives the lock back when the tab closes or crashes. */
  async #lock(locks: LockManager | undefined): Promise<void> {
    if (!locks) return;
    const released = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    await new Promise<void>((resolve, reject) => {
      locks
        .request(lockName(this.id), () => {
          resolve();
          return released;
        })
        .catch(reject);
    });
  }
}

/**
 * Clears what imports left that were cut off: by a closed tab, a crash, a power failure. Those that another tab is at
 * are left alone.
 * @returns how many were cleared
 */
export async function sweepImports(store: Store, locks: LockManager | undefined): Promise<number> {
  // Read before the locks: one that begins in between is not among them, and one that ends has no record to clear.
  const imports = await store.blocks.imports();
  const held = new Set((await locks?.query())?.held?.map((lock) => lock.name));
  const dead = imports.filter(({ id }) => !held.has(lockName(id)));
  for (const { id } of dead) await store.blocks.dropImport(id);
  return dead.length;
}
