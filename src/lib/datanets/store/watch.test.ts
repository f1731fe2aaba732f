/** Two tabs with two versions of Tabtune: each says how it stands, and goes on by itself once it can. */
import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { afterEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from './migrations';
import { openStoreWhenFree } from './open-store';
import type { TabtuneSchema } from './schema';
import { Store } from './store';
import { StorageBlockedError } from './store-errors';
import { watchStore, type Standing, type StoreWatch } from './watch';

const watches: StoreWatch[] = [];
afterEach(() => watches.splice(0).forEach((watch) => watch.close()));

async function watch(name: string, migrations = MIGRATIONS): Promise<Standing[]> {
  const told: Standing[] = [];
  const watching = await watchStore((standing) => told.push(standing), name, migrations);
  if (watching) watches.push(watching);
  return told;
}

/** An older Tabtune that does not give way, as while it trains. */
const olderTab = (name: string) =>
  openDB<TabtuneSchema>(name, 1, {
    upgrade: (db, _old, _new, transaction) => MIGRATIONS[0](db, transaction)
  });

const more = [...MIGRATIONS, () => undefined];

describe('how a page stands to the store', () => {
  it('is not looked at where nothing is kept yet, and nothing is made of that', async () => {
    expect(await watch('none')).toEqual([]);
    expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain('none');
  });

  it('is free where nobody else has another version', async () => {
    (await Store.open('alone')).close();
    const told = await watch('alone');
    await expect.poll(() => told).toEqual(['free']);
  });

  it('is waiting while an older tab holds the store, and free right after', async () => {
    const older = await olderTab('held');
    const told = await watch('held');
    await expect.poll(() => told).toEqual(['waiting']);
    older.close();
    await expect.poll(() => told).toEqual(['waiting', 'free']);
  });

  it('is told in the older tab, which gives way', async () => {
    (await Store.open('asked')).close();
    const old = await watch('asked');
    await expect.poll(() => old).toEqual(['free']);
    const store = await Store.open('asked', more);
    store.close();
    expect(old).toEqual(['free', 'asked']);
  });

  it('is older where a newer one has written', async () => {
    (await Store.open('newer', more)).close();
    const told = await watch('newer');
    await expect.poll(() => told).toEqual(['older']);
  });

  it('is nothing to tell when all is deleted', async () => {
    (await Store.open('deleted')).close();
    const told = await watch('deleted');
    await expect.poll(() => told).toEqual(['free']);
    await new Promise((resolve) => (indexedDB.deleteDatabase('deleted').onsuccess = resolve));
    expect(told).toEqual(['free']);
  });
});

describe('a store that is waited for', () => {
  it('opens once the older tab is gone', async () => {
    const older = await olderTab('wait');
    const opening = openStoreWhenFree(() => Store.open('wait'));
    let open = false;
    void opening.then(() => (open = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open).toBe(false);
    older.close();
    const store = await opening;
    expect(await store.rowSets()).toEqual([]);
    store.close();
  });

  it('is not waited for where this page is the older one', async () => {
    (await Store.open('outdated', more)).close();
    await expect(openStoreWhenFree(() => Store.open('outdated'))).rejects.toThrow(StorageBlockedError);
  });
});
