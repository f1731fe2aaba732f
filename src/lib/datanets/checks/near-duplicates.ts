import type { KeyedRow } from './check';
import type { Finding } from './finding';
import { NearIndex } from './near/near-index';
import { Shingler } from './near/shingles';

/** Finds rows that are nearly an earlier one: sets of shingles with a Jaccard similarity of the threshold or more. */
export class NearDuplicates {
  readonly #shingler = new Shingler();
  readonly #index: NearIndex;
  /** Key of each row of the index, those of the other set first. */
  readonly #keys: number[] = [];
  #others = 0;

  /** @param similarity in (0, 1]. */
  constructor(similarity?: number) {
    this.#index = new NearIndex(similarity);
  }

  /** A row of the Datanet that the rows are compared with. All of them come before the first `check`. */
  addOther({ key, row }: KeyedRow): void {
    // What they are like among themselves is not asked.
    this.#index.each(
      this.#shingler.of(row),
      () => true,
      () => {}
    );
    this.#keys.push(key);
    this.#others = this.#keys.length;
  }

  check({ key, row }: KeyedRow): Finding[] {
    const matches = this.#index.add(this.#shingler.of(row));
    this.#keys.push(key);
    if (matches.length === 0) return [];
    const best = matches.reduce((best, match) => (match.similarity > best.similarity ? match : best));
    const elsewhere = best.row < this.#others;
    const alike = `${Math.floor(100 * best.similarity)} % alike`;
    return [
      {
        check: 'near-duplicate',
        severity: 'warning',
        row: key,
        kind: elsewhere ? 'in-datanet' : 'in-set',
        message: elsewhere ? `The Datanet has a row that is ${alike}.` : `An earlier row is ${alike}.`,
        other: {
          row: this.#keys[best.row],
          similarity: best.similarity,
          ...(elsewhere && { of: 'datanet' as const })
        }
      }
    ];
  }
}
