import { found, type Database } from './database';
import type { BlockRecord, ImportRecord } from './datanet-schema';

/** Rows as bytes, and the imports that bring them in before a table lists them. */
export class BlockStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws NotStoredError */
  async get(id: string): Promise<BlockRecord> {
    return found(await this.#db.read('rows', (idb) => idb.get('blocks', id)), 'block of rows', id);
  }

  /** Begins an import: what it stages is nobody's rows until `DatanetStore.commit` ends it. */
  async beginImport(record: ImportRecord): Promise<void> {
    await this.#db.write(['imports'], 'the beginning of an import', undefined, async (transaction) => {
      await transaction.objectStore('imports').add(record);
    });
  }

  /** Keeps a block of an import that goes on. @throws NotStoredError where another tab swept the import away */
  async stage(block: BlockRecord, what: string): Promise<void> {
    const staged = block.staged ?? '';
    await this.#db.write(['imports', 'blocks'], what, block.bytes.byteLength, async (transaction) => {
      found(await transaction.objectStore('imports').getKey(staged), 'import', staged);
      await transaction.objectStore('blocks').add(block);
    });
  }

  /** All imports that did not end. */
  imports(): Promise<ImportRecord[]> {
    return this.#db.read('the list of imports', (idb) => idb.getAll('imports'));
  }

  /** Ends an import without a trace. One that was committed meanwhile stays: its blocks are in a table. */
  async dropImport(id: string): Promise<void> {
    await this.#db.write(['imports', 'blocks'], 'the end of an import', undefined, async (transaction) => {
      if ((await transaction.objectStore('imports').getKey(id)) === undefined) return;
      const blocks = transaction.objectStore('blocks');
      for (const key of await blocks.index('staged').getAllKeys(id)) await blocks.delete(key);
      await transaction.objectStore('imports').delete(id);
    });
  }
}
