import 'fake-indexeddb/auto';
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultPolicy } from '../policy/combine';
import { BLOCK_BYTES } from './blocks';
import type { DatanetRecord } from './datanet-schema';
import { StaleRowsError } from './datanet-store';
import { StagedRows, sweepImports } from './staging';
import { DATABASE_NAME, Store } from './store';
import { NotStoredError, StorageFullError } from './store-errors';

let store: Store;

const RECORD: DatanetRecord = {
  ...{ id: 'd', datanet: 'd', role: 'owner', policy: defaultPolicy(), contributors: [] },
  facts: {
    ...{ name: 'Pelhaven', summary: '', description: '', tags: [], licence: { spdx: 'MIT' } },
    ...{ language: 'en', purpose: '', contact: '' }
  },
  owner: { id: 'did:key:z', name: 'Ada', agreement: 'did:key:y' },
  ...{ created: 1, updated: 1, revision: 0, rowsRevision: 0, rows: 0 }
};

/** The parts of the Web Locks API that are used, for tabs of one browser. */
class Locks {
  readonly held = new Set<string>();

  async request<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.held.add(name);
    try {
      return await work();
    } finally {
      this.held.delete(name);
    }
  }

  query() {
    return Promise.resolve({ held: Array.from(this.held, (name) => ({ name })), pending: [] });
  }

  get manager(): LockManager {
    return this as unknown as LockManager;
  }
}

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = await Store.open();
  await store.datanets.commit('d', 'a Datanet', { create: RECORD });
});

afterEach(() => {
  store.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Stages more than two blocks of rows. */
async function stage(locks?: LockManager): Promise<StagedRows> {
  const staged = await StagedRows.begin(store, 'd', 'the rows of "a.jsonl"', locks);
  for (let i = 0; i < 5; i += 1) {
    staged.add({ text: `${i} ${'x'.repeat(BLOCK_BYTES / 2)}` }, { contributor: 'Ada' });
    await staged.flush();
  }
  return staged;
}

async function commit(staged: StagedRows, seen = 0): Promise<void> {
  const table = (await store.tables.get({ of: 'draft', name: 'd' })).clone();
  table.appendTable(staged.table);
  const change = { draft: { table, seen }, blocks: staged.rest(), imported: staged.id };
  await store.datanets.commit('d', 'the rows of "a.jsonl"', change);
  staged.done();
}

/** How many records each store has that an import writes into. */
async function counts(): Promise<Record<string, number>> {
  const db = await openDB(DATABASE_NAME);
  const names = ['blocks', 'imports', 'tables'];
  const found = await Promise.all(names.map(async (name) => [name, await db.count(name)] as const));
  db.close();
  return Object.fromEntries(found);
}

const reopen = async () => {
  store.close();
  store = await Store.open();
};

describe('an import', () => {
  it('is in the draft at once, with all rows', async () => {
    const staged = await stage();
    expect((await store.datanets.get('d')).rows).toBe(0);
    await commit(staged);
    expect(await counts()).toEqual({ blocks: 5, imports: 0, tables: 1 });
    expect(await store.datanets.get('d')).toMatchObject({ rows: 5, rowsRevision: 1 });
    expect(await sweepImports(store, undefined)).toBe(0);
    expect(await counts()).toEqual({ blocks: 5, imports: 0, tables: 1 });
  });

  it('that was cut off in the middle leaves nothing once the next page opened', async () => {
    await stage();
    expect(await counts()).toMatchObject({ blocks: 4, imports: 1 });
    await reopen();
    expect(await sweepImports(store, new Locks().manager)).toBe(1);
    expect(await counts()).toEqual({ blocks: 0, imports: 0, tables: 0 });
    expect((await store.datanets.get('d')).rows).toBe(0);
  });

  it('of another tab that is at it is left alone', async () => {
    const locks = new Locks();
    const staged = await stage(locks.manager);
    expect(locks.held.size).toBe(1);
    expect(await sweepImports(store, locks.manager)).toBe(0);
    await commit(staged);
    expect((await store.datanets.get('d')).rows).toBe(5);
    await new Promise((resolve) => setTimeout(resolve));
    expect(locks.held.size).toBe(0);
  });

  it('that ended while another tab was sweeping keeps its rows', async () => {
    const locks = new Locks();
    const staged = await stage(locks.manager);
    vi.spyOn(locks, 'query').mockImplementation(async () => {
      await commit(staged);
      return { held: [], pending: [] };
    });
    await sweepImports(store, locks.manager);
    expect(await counts()).toEqual({ blocks: 5, imports: 0, tables: 1 });
  });

  it('that was dropped leaves nothing, and gives its lock back', async () => {
    const locks = new Locks();
    const staged = await stage(locks.manager);
    await staged.drop();
    expect(await counts()).toEqual({ blocks: 0, imports: 0, tables: 0 });
    await new Promise((resolve) => setTimeout(resolve));
    expect(locks.held.size).toBe(0);
  });

  it('says that the disk is full, at a block or at the very end, and can be dropped then', async () => {
    const original = IDBObjectStore.prototype.put;
    const staged = await StagedRows.begin(store, 'd', 'the rows of "a.jsonl"', undefined);
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementationOnce(() => {
      throw new DOMException('Full.', 'QuotaExceededError');
    });
    staged.add({ text: 'x'.repeat(BLOCK_BYTES) }, { contributor: 'Ada' });
    staged.add({ text: 'y'.repeat(BLOCK_BYTES) }, { contributor: 'Ada' });
    await expect(staged.flush()).rejects.toThrow(StorageFullError);
    vi.restoreAllMocks();
    await staged.drop();
    expect(await counts()).toEqual({ blocks: 0, imports: 0, tables: 0 });

    const second = await stage();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
      if (this.name === 'tables') throw new DOMException('Full.', 'QuotaExceededError');
      return original.apply(this, args);
    });
    await expect(commit(second)).rejects.toThrow(/no room for the rows of "a\.jsonl"/);
    vi.restoreAllMocks();
    expect((await store.datanets.get('d')).rows).toBe(0);
    await second.drop();
    expect(await counts()).toEqual({ blocks: 0, imports: 0, tables: 0 });
  });

  it('that was swept away by a tab without locks notices', async () => {
    const staged = await stage();
    await sweepImports(store, undefined);
    staged.add({ text: 'x'.repeat(BLOCK_BYTES) }, { contributor: 'Ada' });
    await expect(staged.flush()).rejects.toThrow(NotStoredError);
    await expect(commit(staged)).rejects.toThrow(NotStoredError);
    expect(await counts()).toEqual({ blocks: 0, imports: 0, tables: 0 });
  });
});

describe('a change', () => {
  it('made from rows that are not the newest is refused whole', async () => {
    await commit(await stage());
    const late = await stage();
    await expect(commit(late, 0)).rejects.toThrow(StaleRowsError);
    expect(await store.datanets.get('d')).toMatchObject({ rows: 5, rowsRevision: 1 });
    await commit(late, 1);
    expect(await store.datanets.get('d')).toMatchObject({ rows: 10, rowsRevision: 2 });
  });

  it('keeps the first coming of a statement', async () => {
    const record = { cid: 'c', datanet: 'd', kind: 'decision', received: 1, signed: {} } as never;
    await store.statements.add(record);
    const again = { ...(record as object), received: 2 } as never;
    await store.datanets.commit('d', 'a statement', { statements: [again] });
    expect(await store.statements.get('c')).toMatchObject({ received: 1 });
  });
});

describe('space', () => {
  it('of rows that are gone is freed, that of rows on their way is not', async () => {
    await commit(await stage());
    const table = (await store.tables.get({ of: 'draft', name: 'd' })).clone();
    const old = table.clone();
    table.remove(new Set([0, 1, 2]));
    await store.datanets.commit('d', 'x', {
      draft: { table, seen: 1 },
      tables: [{ ref: { of: 'version', name: 'v' }, table: old }]
    });
    const staged = await stage();
    // A version still has the rows.
    expect(await store.datanets.freeUnused('d')).toBe(0);
    old.remove(new Set([0, 1]));
    await store.datanets.commit('d', 'x', { tables: [{ ref: { of: 'version', name: 'v' }, table: old }] });
    expect(await store.datanets.freeUnused('d')).toBe(2);
    await staged.drop();
    expect(await counts()).toEqual({ blocks: 3, imports: 0, tables: 2 });
  });

  it('is freed as a Datanet goes, and that of others is not', async () => {
    await store.datanets.commit('e', 'x', { create: { ...RECORD, id: 'e', role: 'reader' } });
    await commit(await stage());
    await store.statements.add({
      cid: 'c',
      datanet: 'd',
      kind: 'decision',
      received: 1,
      signed: {}
    } as never);
    await store.datanets.remove('d');
    expect(await counts()).toEqual({ blocks: 0, imports: 0, tables: 0 });
    expect(await store.statements.find('c')).toBeDefined();
    await store.datanets.remove('e');
    expect(await store.statements.find('c')).toBeUndefined();
  });
});
