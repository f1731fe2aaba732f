import type { Identity } from '../trust/identity';
import type { Database } from './database';

/** The person of this browser: a name and key pairs that nothing can export. */
export class IdentityStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The person, or undefined before there is one. */
  async get(): Promise<Identity | undefined> {
    const record = await this.#db.read('your keys', (idb) => idb.get('identity', 'person'));
    if (!record) return undefined;
    const { key: _, ...identity } = record;
    return identity;
  }

  /**
   * Keeps a person where there is none yet.
   * @returns the person that is kept: another tab may have been first
   */
  async add(identity: Identity): Promise<Identity> {
    return this.#db.write(['identity'], 'your keys', undefined, async (transaction) => {
      const store = transaction.objectStore('identity');
      const kept = await store.get('person');
      if (!kept) await store.add({ ...identity, key: 'person' });
      return kept ?? identity;
    });
  }

  /** Gives the person another name. The keys stay. */
  async rename(name: string): Promise<Identity | undefined> {
    return this.#db.write(['identity'], 'your name', undefined, async (transaction) => {
      const store = transaction.objectStore('identity');
      const kept = await store.get('person');
      if (!kept) return undefined;
      const renamed = { ...kept, person: { ...kept.person, name } };
      await store.put(renamed);
      return renamed;
    });
  }
}
