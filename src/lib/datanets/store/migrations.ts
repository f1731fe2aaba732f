import type { IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import type { TabtuneSchema } from './schema';

type Upgrade = IDBPTransaction<TabtuneSchema, StoreNames<TabtuneSchema>[], 'versionchange'>;

/** Brings the database from one version to the next. */
export type Migration = (db: IDBPDatabase<TabtuneSchema>, transaction: Upgrade) => void;

/**
 * One step per version of the database, from version 0 on. Steps are never edited once published, only added: a
 * browser that was last here a year ago runs all that it missed, in one transaction.
 */
export const MIGRATIONS: readonly Migration[] = [
  (db) => {
    db.createObjectStore('rowSets', { keyPath: 'id' }).createIndex('created', 'created');
    db.createObjectStore('rowChunks', { keyPath: ['set', 'index'] });
    db.createObjectStore('adapters', { keyPath: 'id' }).createIndex('created', 'created');
    db.createObjectStore('adapterTensors', { keyPath: 'adapter' });
    db.createObjectStore('runs', { keyPath: 'id' }).createIndex('created', 'created');
    db.createObjectStore('checkpoints', { keyPath: 'run' });
    db.createObjectStore('settings', { keyPath: 'key' });
  },
  // Datanets: nothing that was there changes.
  (db) => {
    const datanets = db.createObjectStore('datanets', { keyPath: 'id' });
    datanets.createIndex('updated', 'updated');
    datanets.createIndex('datanet', 'datanet');
    const blocks = db.createObjectStore('blocks', { keyPath: 'id' });
    blocks.createIndex('datanet', 'datanet');
    blocks.createIndex('staged', 'staged');
    db.createObjectStore('tables', { keyPath: ['of', 'name'] }).createIndex('datanet', 'datanet');
    const versions = db.createObjectStore('versions', { keyPath: 'cid' });
    versions.createIndex('datanet', 'datanet');
    versions.createIndex('root', 'root');
    db.createObjectStore('bundles', { keyPath: 'cid' }).createIndex('datanet', 'datanet');
    const statements = db.createObjectStore('statements', { keyPath: 'cid' });
    statements.createIndex('datanet', 'datanet');
    statements.createIndex('datanet kind', ['datanet', 'kind']);
    db.createObjectStore('identity', { keyPath: 'key' });
    db.createObjectStore('imports', { keyPath: 'id' });
    db.createObjectStore('reports', { keyPath: ['of', 'name'] }).createIndex('datanet', 'datanet');
  },
  // Attribution and claims: nothing that was there changes.
  (db) => {
    db.createObjectStore('moments', { keyPath: ['run', 'step'] });
    db.createObjectStore('sketches', { keyPath: ['run', 'moment'] });
    db.createObjectStore('attributions', { keyPath: 'run' });
    db.createObjectStore('provenance', { keyPath: 'adapter' });
    db.createObjectStore('anchors', { keyPath: ['cid', 'chainId', 'uid'] });
    db.createObjectStore('payouts', { keyPath: 'id' });
  }
];
