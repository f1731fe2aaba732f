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
  }
];
