import type { AnchorRecord, PayoutRecord, ProvenanceRecord } from './attribution-schema';
import { found, type Database, type Name } from './database';
import type { StatementRecord } from './datanet-schema';
import { addStatements } from './statement-store';

/** What claims belong to and what they have led to. The claims themselves are statements (`StatementStore`). */
export class ClaimStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What an adapter came with, or undefined. It goes with its adapter (`Store.deleteAdapter`). */
  provenance(adapter: string): Promise<ProvenanceRecord | undefined> {
    return this.#db.read('the provenance of an adapter', (idb) => idb.get('provenance', adapter));
  }

  /** Of all adapters that have some. */
  allProvenance(): Promise<ProvenanceRecord[]> {
    return this.#db.read('the provenance of adapters', (idb) => idb.getAll('provenance'));
  }

  /**
   * Changes some fields of an adapter's provenance; the others stay. Keeps the claims that it names with it, all or
   * nothing.
   * @throws NotStoredError where the adapter was deleted
   */
  async updateProvenance(
    { adapter, ...change }: ProvenanceRecord,
    ...claims: StatementRecord[]
  ): Promise<ProvenanceRecord> {
    const what = 'the provenance of an adapter';
    const stores: Name[] = ['adapters', 'provenance', 'statements'];
    return this.#db.write(stores, what, undefined, async (transaction) => {
      found(await transaction.objectStore('adapters').getKey(adapter), 'adapter', adapter);
      await addStatements(transaction, claims);
      const store = transaction.objectStore('provenance');
      const updated = { ...(await store.get(adapter)), ...change, adapter };
      await store.put(updated);
      return updated;
    });
  }

  /** Attestations of a claim, by its CID. */
  async anchors(cid: string): Promise<AnchorRecord[]> {
    // An empty array is more than any number: all keys that begin with the CID.
    const range = IDBKeyRange.bound([cid], [cid, []]);
    return inOrder(await this.#db.read('anchors', (idb) => idb.getAll('anchors', range)));
  }

  /** Attestations of all claims. */
  async allAnchors(): Promise<AnchorRecord[]> {
    return inOrder(await this.#db.read('anchors', (idb) => idb.getAll('anchors')));
  }

  /** Keeps an attestation; one with the same claim, chain and UID is replaced, as it is revoked. */
  async setAnchor(anchor: AnchorRecord): Promise<void> {
    await this.#db.write(['anchors'], 'an anchor', undefined, async (transaction) => {
      await transaction.objectStore('anchors').put(anchor);
    });
  }

  async payouts(): Promise<PayoutRecord[]> {
    return inOrder(await this.#db.read('payouts', (idb) => idb.getAll('payouts')));
  }

  /** Keeps a payout; one with the same id is replaced, as it is paid into. */
  async setPayout(payout: PayoutRecord): Promise<void> {
    await this.#db.write(['payouts'], 'a payout', undefined, async (transaction) => {
      await transaction.objectStore('payouts').put(payout);
    });
  }
}

/** The earliest first. */
function inOrder<T extends { created: number }>(records: T[]): T[] {
  return records.sort((a, b) => a.created - b.created);
}
