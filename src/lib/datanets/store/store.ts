import { rowsSha256 } from '../canonical';
import type { ParsedRows } from '../parse';
import type { Row } from '../row';
import type { MomentRecord, ProvenanceRecord } from './attribution-schema';
import { AttributionStore, deleteMeasured, measuredStores } from './attribution-store';
import { BlockStore } from './block-store';
import { ClaimStore } from './claim-store';
import { Database, DATABASE_NAME, found, type Name } from './database';
import type { StatementRecord } from './datanet-schema';
import { DatanetStore } from './datanet-store';
import type { Migration } from './migrations';
import type { AdapterRecord, CheckpointRecord, RowSetRecord, RunRecord, TabtuneSchema } from './schema';
import { IdentityStore } from './identity-store';
import {
  loadTensors,
  newAdapter,
  putAdapter,
  storeTensors,
  type NewAdapter,
  type Tensors
} from './adapter-records';
import { addStatements, StatementStore } from './statement-store';
import { TableStore } from './table-store';
import { readUsage, type Usage } from './usage';
import { VersionStore } from './version-store';

export { DATABASE_NAME };

/** What an adapter comes with from elsewhere. */
export interface NewProvenance {
  provenance: Omit<ProvenanceRecord, 'adapter'>;
  /** The claims that it names. */
  claims: StatementRecord[];
}

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

  /** A newer page waits for the data of this browser: nothing can be written after what `hold` goes on. */
  get outdated(): boolean {
    return this.#db.outdated;
  }

  /** Runs `work`, which has to write at its end: a newer page that wants the data of this browser waits for that. */
  hold<R>(work: () => Promise<R>): Promise<R> {
    return this.#db.hold(work);
  }

  /** What takes room, by what it belongs to. Reads all that there is. */
  usage(): Promise<Usage[]> {
    return readUsage(this.#db);
  }

  // Row sets

  /** Keeps parsed rows under their file's name. The record says under which id. */
  async addRowSet(parsed: ParsedRows): Promise<RowSetRecord> {
    const { sha256, bytes } = rowsSha256(parsed.rows);
    const contributors = new Set(parsed.rows.flatMap((row) => row.contributor ?? [])).size;
    const set: RowSetRecord = {
      id: crypto.randomUUID(),
      name: parsed.name,
      created: Date.now(),
      count: parsed.rows.length,
      format: parsed.format,
      sha256,
      problems: parsed.problems,
      problemCount: parsed.problemCount,
      contributors,
      bytes
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

  /** @param setting what else is kept of it */
  async deleteRowSet(id: string, setting?: string): Promise<void> {
    await this.#db.write(
      ['rowSets', 'rowChunks', 'settings'],
      'the deletion of a row set',
      undefined,
      async (transaction) => {
        await transaction.objectStore('rowSets').delete(id);
        await transaction.objectStore('rowChunks').delete(IDBKeyRange.bound([id, 0], [id, Infinity]));
        if (setting !== undefined) await transaction.objectStore('settings').delete(setting);
      }
    );
  }

  // Adapters

  /** Keeps an adapter, and at once what it comes with. */
  async addAdapter(
    adapter: NewAdapter,
    tensors: Tensors,
    companions?: NewProvenance
  ): Promise<AdapterRecord> {
    const made = newAdapter(adapter, tensors);
    const { id, bytes } = made.record;
    const stores: Name[] = ['adapters', 'adapterTensors', 'provenance', 'statements'];
    await this.#db.write(stores, `the adapter "${adapter.name}"`, bytes, async (transaction) => {
      await putAdapter(transaction, made);
      if (!companions) return;
      await addStatements(transaction, companions.claims);
      await transaction.objectStore('provenance').add({ ...companions.provenance, adapter: id });
    });
    return made.record;
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

  /** Deletes an adapter with all that is only here for it: what was measured of the run that made it goes too. */
  async deleteAdapter(id: string): Promise<void> {
    const stores: Name[] = ['adapters', 'adapterTensors', 'provenance', ...measuredStores];
    await this.#db.write(stores, 'the deletion of an adapter', undefined, async (transaction) => {
      const record = await transaction.objectStore('adapters').get(id);
      await transaction.objectStore('adapters').delete(id);
      await transaction.objectStore('adapterTensors').delete(id);
      await transaction.objectStore('provenance').delete(id);
      const run = record?.metrics['run'];
      if (typeof run === 'string') await deleteMeasured(transaction, run);
    });
  }

  // Runs

  /** Begins the record of a run. @param run `id`: drawn where none is given */
  async addRun(
    run: Pick<RunRecord, 'name' | 'run' | 'rowSet'> & Partial<Pick<RunRecord, 'id'>>
  ): Promise<RunRecord> {
    const now = Date.now();
    const record: RunRecord = {
      id: crypto.randomUUID(),
      ...run,
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

  /**
   * Deletes a run with all that is only here for it. Its adapter stays.
   * @param note a setting that outlives it, made of the run and of what the setting was before
   */
  async deleteRun(
    id: string,
    note?: { setting: string; of: (run: RunRecord, before: unknown) => unknown }
  ): Promise<void> {
    const stores: Name[] = ['runs', 'checkpoints', 'settings', ...measuredStores];
    await this.#db.write(stores, 'the deletion of a run', undefined, async (transaction) => {
      const record = await transaction.objectStore('runs').get(id);
      const settings = transaction.objectStore('settings');
      if (record && note) {
        const value = note.of(record, (await settings.get(note.setting))?.value);
        if (value !== undefined) await settings.put({ key: note.setting, value });
      }
      await transaction.objectStore('runs').delete(id);
      await transaction.objectStore('checkpoints').delete(id);
      await deleteMeasured(transaction, id);
    });
  }

  /**
   * Keeps where a run stands, its `run.json` so far and moments that it went through since. Replaces the checkpoint before only
   * once all is whole. Whoever trains a run owns its record: one that was deleted meanwhile is written anew.
   * @returns whether it was
   */
  async saveCheckpoint(
    run: RunRecord,
    checkpoint: Pick<CheckpointRecord, 'step' | 'position' | 'optimizer'> & { adapter: Tensors },
    moments: readonly MomentRecord[] = []
  ): Promise<{ restored: boolean }> {
    const adapter = storeTensors(checkpoint.adapter);
    const buffers = [
      ...Object.values(adapter).map(({ data }) => data),
      ...Object.values(checkpoint.optimizer),
      ...moments.map(({ values }) => values)
    ];
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    const what = `the checkpoint at step ${checkpoint.step}`;
    return this.#db.write(['runs', 'checkpoints', 'moments'], what, bytes, async (transaction) => {
      const restored = (await transaction.objectStore('runs').getKey(run.id)) === undefined;
      const now = Date.now();
      await transaction.objectStore('checkpoints').put({ ...checkpoint, run: run.id, adapter, created: now });
      for (const moment of moments) await transaction.objectStore('moments').put(moment);
      await transaction.objectStore('runs').put({ ...run, updated: now });
      return { restored };
    });
  }

  /**
   * Ends a run in one transaction: its adapter is there, its record says so, its last moments are kept, and its checkpoint goes.
   * @param run as it is from now on, without the adapter; one that was deleted meanwhile is written anew
   * @returns the adapter, and whether the run was gone
   */
  async endRun(
    run: RunRecord,
    adapter: NewAdapter,
    tensors: Tensors,
    moments: readonly MomentRecord[] = []
  ): Promise<{ adapter: AdapterRecord; restored: boolean }> {
    const made = newAdapter(adapter, tensors);
    const bytes = moments.reduce((sum, { values }) => sum + values.byteLength, made.record.bytes);
    const stores: Name[] = ['runs', 'checkpoints', 'adapters', 'adapterTensors', 'moments'];
    return this.#db.write(stores, `the adapter "${adapter.name}"`, bytes, async (transaction) => {
      const restored = (await transaction.objectStore('runs').getKey(run.id)) === undefined;
      await putAdapter(transaction, made);
      for (const moment of moments) await transaction.objectStore('moments').put(moment);
      await transaction.objectStore('runs').put({ ...run, adapter: made.record.id, updated: Date.now() });
      await transaction.objectStore('checkpoints').delete(run.id);
      return { adapter: made.record, restored };
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

  /** @param value undefined forgets it */
  async setSetting(key: string, value: unknown): Promise<void> {
    await this.#db.write(['settings'], `the setting ${key}`, undefined, async (transaction) => {
      const settings = transaction.objectStore('settings');
      if (value === undefined) await settings.delete(key);
      else await settings.put({ key, value });
    });
  }

  async #newestFirst<N extends 'rowSets' | 'adapters' | 'runs'>(
    store: N,
    what: string
  ): Promise<TabtuneSchema[N]['value'][]> {
    return (await this.#db.read(what, (idb) => idb.getAllFromIndex(store, 'created'))).reverse();
  }
}
