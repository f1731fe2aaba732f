import { found, type Database } from './database';
import type { BundleRecord, VersionRecord } from './datanet-schema';

/** Versions made and received here, and files as they came. Written by `DatanetStore.commit`. */
export class VersionStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async find(cid: string): Promise<VersionRecord | undefined> {
    return this.#db.read('a version', (idb) => idb.get('versions', cid));
  }

  /** @throws NotStoredError */
  async get(cid: string): Promise<VersionRecord> {
    return found(await this.find(cid), 'version', cid);
  }

  /**
   * The version with a Merkle root; of several with the same rows, the newest. One made here goes before one received.
   * @throws NotStoredError
   */
  async byRoot(root: string): Promise<VersionRecord> {
    const all = await this.#db.read('a version', (idb) => idb.getAllFromIndex('versions', 'root', root));
    const made = (version: VersionRecord) => Number(version.revision !== undefined);
    const [newest] = all.sort((a, b) => made(b) - made(a) || b.number - a.number);
    return found(newest, 'version', root);
  }

  /**
   * The version with a CID, or the newest with a Merkle root.
   * @throws NotStoredError
   */
  async named(cidOrRoot: string): Promise<VersionRecord> {
    return cidOrRoot.startsWith('0x') ? this.byRoot(cidOrRoot) : this.get(cidOrRoot);
  }

  /** Versions of a Datanet (by local id), the newest first. */
  async of(datanet: string): Promise<VersionRecord[]> {
    const all = await this.#db.read('the list of versions', (idb) =>
      idb.getAllFromIndex('versions', 'datanet', datanet)
    );
    return all.sort((a, b) => b.number - a.number);
  }

  /** The file with a signed statement (by its CID) as it was received, or undefined. */
  async bundle(cid: string): Promise<BundleRecord | undefined> {
    return this.#db.read('a received file', (idb) => idb.get('bundles', cid));
  }
}
