import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { openDB, type IDBPDatabase } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASE_NAME } from './database';
import { MIGRATIONS } from './migrations';
import { loadTensors } from './adapter-records';
import { Store } from './store';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** One record or more of each store, by the version that the store came with. */
const CONTENT: Record<string, unknown[]>[] = [
  {
    rowSets: [
      {
        id: 'set',
        name: 'faq.jsonl',
        created: 5,
        count: 2,
        format: 'text',
        sha256: 'ab',
        problems: [{ line: 3, reason: 'no JSON', excerpt: '{' }],
        problemCount: 1
      }
    ],
    rowChunks: [
      { set: 'set', index: 0, rows: [{ text: 'one' }, { messages: [{ role: 'user', content: 'two' }] }] }
    ],
    adapters: [{ id: 'a', name: 'mine', created: 6, base: 'b', config: { r: 2 }, metrics: {}, bytes: 4 }],
    adapterTensors: [{ adapter: 'a', tensors: { w: { shape: [1, 1], data: Float32Array.of(1.5).buffer } } }],
    runs: [
      {
        id: 'r',
        name: 'run',
        created: 7,
        updated: 8,
        status: 'paused',
        rowSet: 'set',
        run: { page: { step: 1 } }
      }
    ],
    checkpoints: [
      {
        run: 'r',
        created: 9,
        step: 1,
        position: { epoch: 0, index: 1 },
        adapter: { w: { shape: [1, 1], data: Float32Array.of(2.5).buffer } },
        optimizer: { m: Float32Array.of(3.5).buffer }
      }
    ],
    settings: [{ key: 'theme', value: 'dark' }]
  },
  {
    datanets: [{ id: 'd', datanet: 'd', role: 'owner', updated: 1, revision: 0, rowsRevision: 0, rows: 0 }],
    blocks: [
      { id: 'b', datanet: 'd', bytes: new Uint8Array([123, 125]).buffer, offsets: Uint32Array.of(0, 2) }
    ],
    tables: [{ of: 'draft', name: 'd', datanet: 'd', columns: {} }],
    versions: [{ cid: 'v', root: '0x1', datanet: 'd', number: 1 }],
    bundles: [{ cid: 'v', datanet: 'd' }],
    statements: [{ cid: 's', datanet: 'd', kind: 'invitation', received: 1 }],
    identity: [{ key: 'person', person: { id: 'did:key:z', name: 'Ada' } }],
    imports: [{ id: 'i', datanet: 'd', started: 1 }],
    reports: [{ of: 'draft', name: 'd', datanet: 'd', report: {}, findings: [] }]
  },
  {
    moments: [{ run: 'r', step: 5, values: Float32Array.of(4.5).buffer, learningRate: 1e-3 }],
    sketches: [{ run: 'r', moment: 0, step: 5, rows: 1, values: Float32Array.of(5.5).buffer }],
    attributions: [{ run: 'r', created: 10, contributors: [{ id: 'Ada', share: 1 }] }],
    provenance: [{ adapter: 'a', card: '# mine' }],
    anchors: [{ cid: 's', chainId: 1, uid: '0x2', created: 11 }],
    payouts: [{ id: 'p', receipt: 's', created: 12 }]
  }
];

/** As the first version of Tabtune made its database. Spelled out, so that a change to a published step is noticed. */
function makeFirstVersion(db: IDBPDatabase): void {
  db.createObjectStore('rowSets', { keyPath: 'id' }).createIndex('created', 'created');
  db.createObjectStore('rowChunks', { keyPath: ['set', 'index'] });
  db.createObjectStore('adapters', { keyPath: 'id' }).createIndex('created', 'created');
  db.createObjectStore('adapterTensors', { keyPath: 'adapter' });
  db.createObjectStore('runs', { keyPath: 'id' }).createIndex('created', 'created');
  db.createObjectStore('checkpoints', { keyPath: 'run' });
  db.createObjectStore('settings', { keyPath: 'key' });
}

async function fill(db: IDBPDatabase, version: number): Promise<void> {
  for (const stores of CONTENT.slice(0, version)) {
    for (const [store, records] of Object.entries(stores)) {
      for (const record of records) await db.put(store, record);
    }
  }
}

/** Store by store: key path, indexes. */
function shapeOf(db: IDBPDatabase): unknown {
  return Array.from(db.objectStoreNames, (name) => {
    const store = db.transaction(name).store;
    const indexes = Array.from(store.indexNames, (index) => [index, store.index(index).keyPath]);
    return [name, store.keyPath, indexes];
  });
}

describe('the database', () => {
  it('of the first version is upgraded with all that is in it', async () => {
    const old = await openDB(DATABASE_NAME, 1, { upgrade: makeFirstVersion });
    await fill(old, 1);
    old.close();
    const store = await Store.open();
    expect(await store.rowSets()).toEqual(CONTENT[0].rowSets);
    expect(await store.rows('set')).toEqual((CONTENT[0].rowChunks[0] as { rows: unknown }).rows);
    expect(await store.adapters()).toEqual(CONTENT[0].adapters);
    expect((await store.adapterTensors('a')).get('w')).toEqual({
      shape: [1, 1],
      data: Float32Array.of(1.5)
    });
    expect(await store.runs()).toEqual(CONTENT[0].runs);
    const checkpoint = (await store.checkpoint('r'))!;
    expect(checkpoint).toMatchObject({ step: 1, position: { epoch: 0, index: 1 } });
    expect(loadTensors(checkpoint.adapter).get('w')?.data).toEqual(Float32Array.of(2.5));
    expect(new Float32Array(checkpoint.optimizer.m)).toEqual(Float32Array.of(3.5));
    expect(await store.setting('theme')).toBe('dark');
    expect(await store.datanets.list()).toEqual([]);
    store.close();
  });

  it.each(MIGRATIONS.map((_, i) => i).filter((version) => version > 0))(
    'of version %i keeps every record of every store',
    async (version) => {
      const old = await openDB(DATABASE_NAME, version, {
        upgrade(db, _from, _to, transaction) {
          for (const migrate of MIGRATIONS.slice(0, version)) migrate(db as never, transaction as never);
        }
      });
      await fill(old, version);
      old.close();
      (await Store.open()).close();
      const db = await openDB(DATABASE_NAME);
      for (const [name, records] of CONTENT.slice(0, version).flatMap((stores) => Object.entries(stores))) {
        expect(await db.getAll(name), name).toEqual(records);
      }
      db.close();
    }
  );

  it('is the same whether it was upgraded or made anew', async () => {
    const old = await openDB(DATABASE_NAME, 1, { upgrade: makeFirstVersion });
    old.close();
    (await Store.open()).close();
    (await Store.open('new')).close();
    const [upgraded, fresh] = [await openDB(DATABASE_NAME), await openDB('new')];
    expect(upgraded.version).toBe(MIGRATIONS.length);
    expect(shapeOf(upgraded)).toEqual(shapeOf(fresh));
    upgraded.close();
    fresh.close();
  });

  it('has content to lose in every store, in the tests above', async () => {
    (await Store.open()).close();
    const db = await openDB(DATABASE_NAME);
    expect(CONTENT.flatMap((stores) => Object.keys(stores)).sort()).toEqual([...db.objectStoreNames].sort());
    await fill(db, MIGRATIONS.length);
    db.close();
  });
});
