import type { AttributionRecord, MomentRecord, SketchRecord } from './attribution-schema';
import { found, type Database, type Name, type WriteTransaction } from './database';

/**
 * What is measured of runs: how they were at some of their steps, sketches of their rows there, and the result. All of it
 * goes with its run (`Store.deleteRun`) and with the adapter that the run made (`Store.deleteAdapter`). Writes throw `NotStoredError` where the run was deleted meanwhile.
 */
export class AttributionStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Moments of a run in the order of their steps. They are kept with its states: `Store.saveCheckpoint`, `Store.endRun`. */
  moments(run: string): Promise<MomentRecord[]> {
    return this.#db.read('the moments of a run', (idb) => idb.getAll('moments', ofRun(run)));
  }

  /** Keeps sketches of a run's rows at one moment. Replaces those of the moment before. */
  async setSketches(sketches: SketchRecord): Promise<void> {
    const { values, squares, representations } = sketches;
    const bytes = values.byteLength + squares.byteLength + representations.byteLength;
    const what = `the sketches of ${sketches.rows} rows`;
    await this.#db.write(['runs', 'sketches'], what, bytes, async (transaction) => {
      await requireRun(transaction, sketches.run);
      await transaction.objectStore('sketches').put(sketches);
    });
  }

  /** The moments (from 0) at which rows were sketched. Reads no sketches. */
  async sketchedMoments(run: string): Promise<number[]> {
    const keys = await this.#db.read('the list of sketches', (idb) => idb.getAllKeys('sketches', ofRun(run)));
    return keys.map(([, moment]) => moment);
  }

  /** The sketches at one moment (from 0), or undefined. */
  sketches(run: string, moment: number): Promise<SketchRecord | undefined> {
    return this.#db.read('sketches of rows', (idb) => idb.get('sketches', [run, moment]));
  }

  /** Forgets the sketches of a run: they are of other rows, or of another shape. */
  async deleteSketches(run: string): Promise<void> {
    await this.#db.write(['sketches'], 'the deletion of sketches', undefined, (transaction) =>
      transaction.objectStore('sketches').delete(ofRun(run))
    );
  }

  /** The result of a run, as it was kept, or undefined. */
  async result<T extends AttributionRecord>(run: string): Promise<T | undefined> {
    const record = await this.#db.read('an attribution', (idb) => idb.get('attributions', run));
    return record as T | undefined;
  }

  /** Keeps the result of a run. Replaces the one before. */
  async setResult(result: AttributionRecord): Promise<void> {
    await this.#db.write(['runs', 'attributions'], 'the attribution', undefined, async (transaction) => {
      await requireRun(transaction, result.run);
      await transaction.objectStore('attributions').put(result);
    });
  }
}

/** Where it lies what is measured of runs. */
export const measuredStores = ['moments', 'sketches', 'attributions'] as const satisfies readonly Name[];

/** Deletes, within a transaction over these stores, what is measured of a run. */
export async function deleteMeasured(transaction: WriteTransaction, run: string): Promise<void> {
  await transaction.objectStore('moments').delete(ofRun(run));
  await transaction.objectStore('sketches').delete(ofRun(run));
  await transaction.objectStore('attributions').delete(run);
}

async function requireRun(transaction: WriteTransaction, run: string): Promise<void> {
  found(await transaction.objectStore('runs').getKey(run), 'run', run);
}

/** All keys [run, number]. */
function ofRun(run: string): IDBKeyRange {
  return IDBKeyRange.bound([run, 0], [run, Infinity]);
}
