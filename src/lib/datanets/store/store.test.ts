import 'fake-indexeddb/auto';
import { forceCloseDatabase, IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MIGRATIONS } from './migrations';
import { parseRows } from '../parse';
import { loadTensors } from './adapter-records';
import { DATABASE_NAME, Store } from './store';
import { NotStoredError, StorageBlockedError, StorageError, StorageFullError } from './store-errors';

let store: Store;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = await Store.open();
});

afterEach(() => {
  store.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const parsed = (count: number, name = 'faq.jsonl') =>
  parseRows(
    name,
    Array.from({ length: count }, (_, i) => JSON.stringify({ text: `row ${i}` })).join('\n') + '\n{'
  );

const TENSORS = new Map([
  [
    'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
    { shape: [2, 3] as const, data: Float32Array.of(1, -2, 3, NaN, 5, Infinity) }
  ],
  [
    'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight',
    { shape: [1, 2] as const, data: new Float32Array(8).subarray(2, 4) }
  ]
]);

const ADAPTER = { name: 'my adapter', base: 'starter', config: { r: 2 }, metrics: { loss: 1.5 } };

/** The n-th write from now fails as a full disk does. */
function fillDiskAt(n: number): void {
  let calls = 0;
  for (const method of ['put', 'add'] as const) {
    const original = IDBObjectStore.prototype[method];
    vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (this: IDBObjectStore, ...args) {
      calls += 1;
      if (calls === n) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
      return original.apply(this, args);
    });
  }
}

describe('row sets', () => {
  it('come back as they were put in, also after a reload', async () => {
    const rows = await parsed(1203);
    const set = await store.addRowSet(rows);
    expect(set).toMatchObject({ name: 'faq.jsonl', count: 1203, format: 'text', problemCount: 1 });
    expect(set.sha256).toMatch(/^[0-9a-f]{64}$/);
    store.close();
    store = await Store.open();
    expect(await store.rowSets()).toEqual([set]);
    expect(await store.rows(set.id)).toEqual(rows.rows);
  });

  it('give any stretch of rows', async () => {
    const rows = await parsed(1203);
    const { id } = await store.addRowSet(rows);
    for (const [start, end] of [
      [0, 1],
      [499, 501],
      [500, 1000],
      [1200, 9999],
      [5, 5],
      [2000, 2001]
    ]) {
      expect(await store.rows(id, start, end)).toEqual(rows.rows.slice(start, end));
    }
  });

  it('are listed newest first, and go with all their rows', async () => {
    vi.spyOn(Date, 'now').mockReturnValueOnce(1000).mockReturnValueOnce(2000);
    const [old, young] = [
      await store.addRowSet(await parsed(700, 'a')),
      await store.addRowSet(await parsed(2, 'b'))
    ];
    expect((await store.rowSets()).map((set) => set.name)).toEqual(['b', 'a']);
    await store.deleteRowSet(old.id);
    expect(await store.rowSets()).toEqual([young]);
    await expect(store.rows(old.id)).rejects.toThrow(NotStoredError);
    const db = await openDB(DATABASE_NAME);
    expect(await db.count('rowChunks')).toBe(1);
    db.close();
  });

  it('are there whole or not at all when the disk is full', async () => {
    const kept = await store.addRowSet(await parsed(3, 'kept'));
    const large = await parsed(1203);
    vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({ usage: 5e6, quota: 6e6 }) } });
    fillDiskAt(3);
    const adding = store.addRowSet(large);
    await expect(adding).rejects.toThrow(StorageFullError);
    await expect(adding).rejects.toThrow(
      /^There is no room for the rows of "faq\.jsonl" \(about 0\.0 MiB\)\. 4\.8 MiB of 5\.7 MiB are in use\. Nothing was/
    );
    await expect(adding).rejects.toMatchObject({ details: { usage: 5e6, quota: 6e6 } });
    vi.restoreAllMocks();
    expect(await store.rowSets()).toEqual([kept]);
    const db = await openDB(DATABASE_NAME);
    expect(await db.count('rowChunks')).toBe(1);
    db.close();
  });
});

describe('adapters', () => {
  it('come back bit by bit', async () => {
    const record = await store.addAdapter(ADAPTER, TENSORS);
    expect(record).toMatchObject({ ...ADAPTER, bytes: 32 });
    expect(await store.adapters()).toEqual([record]);
    expect(await store.adapter(record.id)).toEqual(record);
    expect(await store.adapterTensors(record.id)).toEqual(
      new Map(
        Array.from(TENSORS, ([key, { shape, data }]) => [key, { shape: [...shape], data: data.slice() }])
      )
    );
    await store.deleteAdapter(record.id);
    expect(await store.adapters()).toEqual([]);
    await expect(store.adapterTensors(record.id)).rejects.toThrow(NotStoredError);
  });

  it('without room leave nothing half-written', async () => {
    fillDiskAt(2);
    await expect(store.addAdapter(ADAPTER, TENSORS)).rejects.toThrow(
      /There is no room for the adapter "my adapter"/
    );
    vi.restoreAllMocks();
    expect(await store.adapters()).toEqual([]);
  });

  it('that cannot be written at all are a plain storage error', async () => {
    const adapter = { ...ADAPTER, metrics: { callback: () => 1 } };
    const adding = store.addAdapter(adapter, TENSORS);
    await expect(adding).rejects.toThrow(StorageError);
    await expect(adding).rejects.not.toThrow(StorageFullError);
    expect(await store.adapters()).toEqual([]);
  });
});

describe('runs', () => {
  const checkpoint = (step: number) => ({
    step,
    position: { epoch: 1, index: step },
    adapter: TENSORS,
    optimizer: { m: Float32Array.of(step, 2).buffer, v: Float32Array.of(3).buffer }
  });

  it('can be continued from their last checkpoint', async () => {
    const run = await store.addRun({ name: 'first', run: { steps: [] } });
    const { id } = run;
    expect(await store.checkpoint(id)).toBeUndefined();
    await store.saveCheckpoint(run, checkpoint(10));
    await store.saveCheckpoint({ ...run, run: { steps: [{ step: 1 }] } }, checkpoint(20));
    const saved = (await store.checkpoint(id))!;
    expect(saved).toMatchObject({ step: 20, position: { epoch: 1, index: 20 } });
    expect(new Float32Array(saved.optimizer.m)).toEqual(Float32Array.of(20, 2));
    expect([...loadTensors(saved.adapter).values()][1]).toEqual({ shape: [1, 2], data: new Float32Array(2) });
    expect(await store.run(id)).toMatchObject({ status: 'running', run: { steps: [{ step: 1 }] } });
  });

  it('keep the checkpoint before when there is no room for the next', async () => {
    const run = await store.addRun({ name: 'first', run: {} });
    const { id } = run;
    await store.saveCheckpoint({ ...run, run: { steps: 10 } }, checkpoint(10));
    fillDiskAt(2);
    const saving = store.saveCheckpoint({ ...run, run: { steps: 20 } }, checkpoint(20));
    await expect(saving).rejects.toThrow(/no room for the checkpoint at step 20/);
    vi.restoreAllMocks();
    expect(await store.checkpoint(id)).toMatchObject({ step: 10 });
    expect(await store.run(id)).toMatchObject({ run: { steps: 10 } });
  });

  it('need no checkpoint once they are over, but do after a failure or a pause', async () => {
    const run = await store.addRun({ name: 'first', run: {} });
    const { id } = run;
    for (const status of ['paused', 'failed'] as const) {
      await store.saveCheckpoint(run, checkpoint(10));
      await store.updateRun(id, { status, failure: { name: 'LostDeviceError', message: 'gone' } });
      expect(await store.checkpoint(id)).toBeDefined();
    }
    expect(await store.updateRun(id, { status: 'done', adapter: 'x' })).toMatchObject({
      status: 'done',
      adapter: 'x'
    });
    expect(await store.checkpoint(id)).toBeUndefined();
  });

  it('that were deleted are written anew by whoever still trains them, and by nobody else', async () => {
    const run = await store.addRun({ name: 'first', run: {} });
    const { id } = run;
    expect(await store.saveCheckpoint(run, checkpoint(10))).toEqual({ restored: false });
    await store.deleteRun(id);
    await expect(store.updateRun(id, { status: 'done' })).rejects.toThrow(/deleted, here or in another tab/);
    expect(await store.saveCheckpoint(run, checkpoint(20))).toEqual({ restored: true });
    expect(await store.checkpoint(id)).toMatchObject({ step: 20 });
    await store.deleteRun(id);
    const { adapter, restored } = await store.endRun({ ...run, status: 'done' }, ADAPTER, TENSORS);
    expect(restored).toBe(true);
    expect(await store.run(id)).toMatchObject({ status: 'done', adapter: adapter.id });
  });

  it('end with adapter, record and last moments at once, or go on from their checkpoint', async () => {
    const run = await store.addRun({ name: 'first', run: {} });
    const { id } = run;
    await store.saveCheckpoint(run, checkpoint(10));
    const moment = { run: id, step: 12, values: new ArrayBuffer(4), learningRate: 1 };
    const end = () => store.endRun({ ...run, status: 'done' }, ADAPTER, TENSORS, [moment]);
    // Adapter, tensors, moment, record.
    for (const write of [1, 2, 3, 4]) {
      fillDiskAt(write);
      await expect(end()).rejects.toThrow(StorageFullError);
      vi.restoreAllMocks();
      expect(await store.adapters()).toEqual([]);
      expect(await store.attribution.moments(id)).toEqual([]);
      expect(await store.run(id)).toMatchObject({ status: 'running' });
      expect(await store.checkpoint(id)).toMatchObject({ step: 10 });
    }
    const { adapter } = await end();
    expect(await store.adapters()).toEqual([adapter]);
    expect(await store.attribution.moments(id)).toEqual([moment]);
    expect(await store.run(id)).toMatchObject({ status: 'done', adapter: adapter.id });
    expect(await store.checkpoint(id)).toBeUndefined();
  });

  it('leave a note in the transaction that deletes them, or both fail', async () => {
    const { id } = await store.addRun({ name: 'first', run: {} });
    const note = { setting: 'deleted', of: (run: { id: string }, before: unknown) => [before, run.id] };
    fillDiskAt(1);
    await expect(store.deleteRun(id, note)).rejects.toThrow(StorageFullError);
    vi.restoreAllMocks();
    expect(await store.run(id)).toMatchObject({ id });
    await store.deleteRun(id, note);
    expect(await store.setting('deleted')).toEqual([undefined, id]);
    // Nothing is noted of a run that is not there.
    await store.deleteRun(id, note);
    expect(await store.setting('deleted')).toEqual([undefined, id]);
  });
});

describe('settings', () => {
  it('are kept by key', async () => {
    expect(await store.setting('theme')).toBeUndefined();
    await store.setSetting('theme', { dark: true });
    await store.setSetting('theme', { dark: false });
    expect(await store.setting('theme')).toEqual({ dark: false });
    await store.setSetting('theme', undefined);
    const db = await openDB(DATABASE_NAME);
    expect(await db.count('settings')).toBe(0);
    db.close();
  });
});

describe('opening', () => {
  it('ends at the newest version', async () => {
    const db = await openDB(DATABASE_NAME);
    expect(db.version).toBe(MIGRATIONS.length);
    db.close();
  });

  it('runs only the steps that a database has not had', async () => {
    const set = await store.addRowSet(await parsed(2));
    store.close();
    const steps = [vi.fn(), vi.fn()];
    store = await Store.open(DATABASE_NAME, [...MIGRATIONS.map(() => () => expect.unreachable()), ...steps]);
    expect(steps.map((step) => step.mock.calls.length)).toEqual([1, 1]);
    expect(await store.rowSets()).toEqual([set]);
  });

  it('says that the page is the older one', async () => {
    store.close();
    (await openDB(DATABASE_NAME, MIGRATIONS.length + 1)).close();
    await expect(Store.open()).rejects.toThrow(StorageBlockedError);
    await expect(Store.open()).rejects.toThrow(/Reload the page/);
  });

  it('says that another tab holds an older version', async () => {
    const other = await openDB('blocked', 1);
    const next = [...MIGRATIONS, () => {}];
    await expect(Store.open('blocked', next)).rejects.toThrow(/Another tab has an older Tabtune open/);
    other.close();
    (await Store.open('blocked', next)).close();
  });

  it('lets a newer page upgrade', async () => {
    const newer = await openDB(DATABASE_NAME, MIGRATIONS.length + 1);
    expect(newer.version).toBe(MIGRATIONS.length + 1);
    newer.close();
    await expect(store.rowSets()).rejects.toThrow(StorageBlockedError);
    await expect(store.setSetting('a', 1)).rejects.toThrow(/newer Tabtune was opened .* Reload this page/);
  });

  it('makes a newer page wait until what holds the database is through', async () => {
    const upgraded = vi.fn();
    let opening!: Promise<unknown>;
    await store.hold(async () => {
      opening = openDB(DATABASE_NAME, MIGRATIONS.length + 1).then((newer) => {
        upgraded();
        newer.close();
      });
      await vi.waitFor(() => expect(store.outdated).toBe(true));
      await store.setSetting('run', 'saved');
      expect(upgraded).not.toHaveBeenCalled();
    });
    await opening;
    expect(upgraded).toHaveBeenCalled();
    await expect(store.setting('run')).rejects.toThrow(StorageBlockedError);
    const db = await openDB(DATABASE_NAME);
    expect((await db.get('settings', 'run')) as unknown).toEqual({ key: 'run', value: 'saved' });
    db.close();
  });

  it('goes on with an empty database where all that the site keeps was cleared', async () => {
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const cut = () => forceCloseDatabase(begin.mock.contexts.at(-1) as never);
    store.close();
    store = await Store.open();
    await store.setSetting('before', 1);
    // In the middle of a write: it is done once more.
    const writing = store.addAdapter(ADAPTER, TENSORS);
    cut();
    expect((await store.adapterTensors((await writing).id)).size).toBe(2);
    cut();
    await deleteDB(DATABASE_NAME);
    expect(await store.setting('before')).toBeUndefined();
    await store.addAdapter(ADAPTER, TENSORS);
    // Somebody deletes the database in a way that asks first.
    await store.hold(() => deleteDB(DATABASE_NAME));
    expect(await store.adapters()).toEqual([]);
    expect(store.outdated).toBe(false);
  });
});
