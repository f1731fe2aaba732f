import { rowsSha256 } from '../canonical';
import type { ParsedRows } from '../parse';
import type { Row } from '../row';
import { AttributionStore, deleteMeasured } from './attribution-store';
import { BlockStore } from './block-store';
import { ClaimStore } from './claim-store';
import { Database, DATABASE_NAME, found, type Name } from './database';
import { DatanetStore } from './datanet-store';

import type { Migration } from './migrations';

import type {
  AdapterRecord,
  CheckpointRecord,
  RowSetRecord,
  RunRecord,
  StoredTensor,
  TabtuneSchema
} from './schema';
import { IdentityStore } from './identity-store';
import { StatementStore } from './statement-store';
import { TableStore } from './table-store';
import { VersionStore } from './version-store';

export { DATABASE_NAME };

/** Rows in one record. Enough to be quick, few enough that a preview reads little. */
const ROWS_PER_CHUNK = 500;

/**
 * What Tabtune keeps in this browser: row sets, adapters, runs with their checkpoints, settings, and Datanets and what is
 * claimed of models, each of whose areas is a member. In IndexedDB, so a page and its workers see the same, and it survives a reload.
 *
 * Every write is one transaction: it is there whole or not at all. Writes throw `StorageFullError` where the quota is
 * reached and `StorageError` for anything else; reads of what is not there throw `NotStoredError`.
 */
export class Store {
  readonly #db: Database;
  /** Datanets as a whole: what they say of themselves, and every change to them. */
  readonly datanets: DatanetStore;
  /** Rows as bytes. */
  readonly blocks: BlockStore;
  /** Which rows drafts, versions and proposals have, and what checks found in them. */
  readonly tables: TableStore;
  /** Versions made and received, and files as they came. */
  readonly versions: VersionStore;
  /** What people signed. */
  readonly statements: StatementStore;
  /** The person of this browser. */
  readonly identities: IdentityStore;
  /** What is measured of runs. */
  readonly attribution: AttributionStore;
  /** What claims belong to and what they have led to. */
  readonly claims: ClaimStore;

  private constructor(db: Database) {
    this.#db = db;
    this.datanets = new DatanetStore(db);
    this.blocks = new BlockStore(db);
    this.tables = new TableStore(db);
    this.versions = new VersionStore(db);
    this.statements = new StatementStore(db);
    this.identities = new IdentityStore(db);
    this.attribution = new AttributionStore(db);
    this.claims = new ClaimStore(db);
  }

  /**
   * Opens the database, and makes or upgrades it. Throws `StorageBlockedError`, `StorageError`.
   * @param migrations all steps to the version that is wanted.
   */
  static async open(name: string = DATABASE_NAME, migrations?: readonly Migration[]): Promise<Store> {
    return new Store(await Database.open(name, migrations));
  }

  /** Calls back after each write: there is something to keep. */
  set onwrite(listener: () => void) {
    this.#db.onwrite = listener;
  }

  close(): void {
    this.#db.close();
  }

  // Row sets

  /** Keeps parsed rows under their file's name. The record says under which id. */
  async addRowSet(parsed: ParsedRows): Promise<RowSetRecord> {
    const { sha256, bytes } = rowsSha256(parsed.rows);
    const set: RowSetRecord = {
      id: crypto.randomUUID(),
      name: parsed.name,
      created: Date.now(),
      count: parsed.rows.length,
      format: parsed.format,
      sha256,
      problems: parsed.problems,
      problemCount: parsed.problemCount
    };
    await this.#db.write(
      ['rowSets', 'rowChunks'],
      `the rows of "${parsed.name}"`,
      bytes,
      async (transaction) => {
        await transaction.objectStore('rowSets').add(set);
        for (let at = 0; at < parsed.rows.length; at += ROWS_PER_CHUNK) {
          const rows = parsed.rows.slice(at, at + ROWS_PER_CHUNK);
          await transaction.objectStore('rowChunks').add({ set: set.id, index: at / ROWS_PER_CHUNK, rows });
        }
      }
    );
    return set;
  }

  /** All row sets, newest first. */
  rowSets(): Promise<RowSetRecord[]> {
    return this.#newestFirst('rowSets', 'the list of row sets');
  }

  async rowSet(id: string): Promise<RowSetRecord> {
    return found(await this.#db.read('a row set', (idb) => idb.get('rowSets', id)), 'row set', id);
  }

  /** Rows of a set in order, from `start` up to `end` (exclusive; default all). */
  async rows(id: string, start = 0, end = Infinity): Promise<Row[]> {
    const set = await this.rowSet(id);
    const last = Math.min(end, set.count);
    if (start >= last) return [];
    const first = Math.floor(start / ROWS_PER_CHUNK);
    const range = IDBKeyRange.bound([id, first], [id, Math.floor((last - 1) / ROWS_PER_CHUNK)]);
    const chunks = await this.#db.read(`the rows of "${set.name}"`, (idb) => idb.getAll('rowChunks', range));
    const offset = first * ROWS_PER_CHUNK;
    return chunks.flatMap((chunk) => chunk.rows).slice(start - offset, last - offset);
  }

  async deleteRowSet(id: string): Promise<void> {
    await this.#db.write(
      ['rowSets', 'rowChunks'],
      'the deletion of a row set',
      undefined,
      async (transaction) => {
        await transaction.objectStore('rowSets').delete(id);
        await transaction.objectStore('rowChunks').delete(IDBKeyRange.bound([id, 0], [id, Infinity]));
      }
    );
  }

  // Adapters

  /** Keeps a trained adapter; `tensors` under their PEFT keys, f32. */
  async addAdapter(
    adapter: Pick<AdapterRecord, 'name' | 'base' | 'baseSha256' | 'config' | 'metrics'>,
    tensors: ReadonlyMap<string, { shape: readonly [number, number]; data: Float32Array }>
  ): Promise<AdapterRecord> {
    const stored = storeTensors(tensors);
    const bytes = Object.values(stored).reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
    const record: AdapterRecord = { ...adapter, id: crypto.randomUUID(), created: Date.now(), bytes };
    await this.#db.write(
      ['adapters', 'adapterTensors'],
      `the adapter "${adapter.name}"`,
      bytes,
      async (transaction) => {
        await transaction.objectStore('adapters').add(record);
        await transaction.objectStore('adapterTensors').add({ adapter: record.id, tensors: stored });
      }
    );
    return record;
  }

  /** All adapters, newest first. */
  adapters(): Promise<AdapterRecord[]> {
    return this.#newestFirst('adapters', 'the list of adapters');
  }

  async adapter(id: string): Promise<AdapterRecord> {
    return found(await this.#db.read('an adapter', (idb) => idb.get('adapters', id)), 'adapter', id);
  }

  /** The tensors of an adapter under their PEFT keys. */
  async adapterTensors(id: string): Promise<Map<string, { shape: [number, number]; data: Float32Array }>> {
    const record = await this.#db.read('an adapter', (idb) => idb.get('adapterTensors', id));
    return loadTensors(found(record, 'adapter', id).tensors);
  }

  async deleteAdapter(id: string): Promise<void> {
    await this.#db.write(
      ['adapters', 'adapterTensors', 'provenance'],
      'the deletion of an adapter',
      undefined,
      async (transaction) => {
        await transaction.objectStore('adapters').delete(id);
        await transaction.objectStore('adapterTensors').delete(id);
        await transaction.objectStore('provenance').delete(id);
      }
    );
  }

  // Runs

  async addRun(run: Pick<RunRecord, 'name' | 'run' | 'rowSet'>): Promise<RunRecord> {
    const now = Date.now();
    const record: RunRecord = {
      ...run,
      id: crypto.randomUUID(),
      created: now,
      updated: now,
      status: 'running'
    };
    await this.#db.write(['runs'], `the run "${run.name}"`, undefined, async (transaction) => {
      await transaction.objectStore('runs').add(record);
    });
    return record;
  }

  /** Changes some fields of a run. A run that is over (`done`, `stopped`) needs no checkpoint any more: it goes too. */
  async updateRun(
    id: string,
    change: Partial<Pick<RunRecord, 'status' | 'failure' | 'adapter' | 'run'>>
  ): Promise<RunRecord> {
    return this.#db.write(['runs', 'checkpoints'], 'a change to a run', undefined, async (transaction) => {
      const runs = transaction.objectStore('runs');
      const record = found(await runs.get(id), 'run', id);
      const updated: RunRecord = { ...record, ...change, updated: Date.now() };
      const over = updated.status === 'done' || updated.status === 'stopped';
      await runs.put(updated);
      if (over) await transaction.objectStore('checkpoints').delete(id);
      return updated;
    });
  }

  /** All runs, newest first. One that is `running` with nobody training was cut off: its tab was closed. */
  runs(): Promise<RunRecord[]> {
    return this.#newestFirst('runs', 'the list of runs');
  }

  async run(id: string): Promise<RunRecord> {
    return found(await this.#db.read('a run', (idb) => idb.get('runs', id)), 'run', id);
  }

  async deleteRun(id: string): Promise<void> {
    const stores: Name[] = ['runs', 'checkpoints', 'moments', 'sketches', 'attributions'];
    await this.#db.write(stores, 'the deletion of a run', undefined, async (transaction) => {
      await transaction.objectStore('runs').delete(id);
      await transaction.objectStore('checkpoints').delete(id);
      await deleteMeasured(transaction, id);
    });
  }

  /** Keeps where a run stands and its `run.json` so far. Replaces the checkpoint before only once it is whole. */
  async saveCheckpoint(
    checkpoint: Pick<CheckpointRecord, 'run' | 'step' | 'position' | 'optimizer'> & {
      adapter: ReadonlyMap<string, { shape: readonly [number, number]; data: Float32Array }>;
    },
    run?: RunRecord['run']
  ): Promise<void> {
    const adapter = storeTensors(checkpoint.adapter);
    const buffers = [
      ...Object.values(adapter).map(({ data }) => data),
      ...Object.values(checkpoint.optimizer)
    ];
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    const what = `the checkpoint at step ${checkpoint.step}`;
    await this.#db.write(['runs', 'checkpoints'], what, bytes, async (transaction) => {
      const runs = transaction.objectStore('runs');
      const record = found(await runs.get(checkpoint.run), 'run', checkpoint.run);
      const now = Date.now();
      await transaction.objectStore('checkpoints').put({ ...checkpoint, adapter, created: now });
      await runs.put({ ...record, ...(run ? { run } : {}), updated: now });
    });
  }

  /** Where a run can be continued, or undefined. Read the tensors with `loadTensors`. */
  checkpoint(run: string): Promise<CheckpointRecord | undefined> {
    return this.#db.read('a checkpoint', (idb) => idb.get('checkpoints', run));
  }

  // Settings

  async setting<T>(key: string): Promise<T | undefined> {
    const record = await this.#db.read('a setting', (idb) => idb.get('settings', key));
    return record?.value as T | undefined;
  }

  async setSetting(key: string, value: unknown): Promise<void> {
    await this.#db.write(['settings'], `the setting ${key}`, undefined, async (transaction) => {
      await transaction.objectStore('settings').put({ key, value });
    });
  }

  async #newestFirst<N extends 'rowSets' | 'adapters' | 'runs'>(
    store: N,
    what: string
  ): Promise<TabtuneSchema[N]['value'][]> {
    return (await this.#db.read(what, (idb) => idb.getAllFromIndex(store, 'created'))).reverse();
  }
}

/** Tensors as they are stored: each with a buffer of its own, whatever it was a view of. */
export function storeTensors(
  tensors: ReadonlyMap<string, { shape: readonly [number, number]; data: Float32Array }>
): Record<string, StoredTensor> {
  return Object.fromEntries(
    Array.from(tensors, ([key, { shape, data }]) => [
      key,
      { shape: [shape[0], shape[1]], data: data.slice().buffer } satisfies StoredTensor
    ])
  );
}

/** The reverse of `storeTensors`. */
export function loadTensors(
  stored: Record<string, StoredTensor>
): Map<string, { shape: [number, number]; data: Float32Array }> {
  return new Map(
    Object.entries(stored).map(([key, { shape, data }]) => [key, { shape, data: new Float32Array(data) }])
  );
}
