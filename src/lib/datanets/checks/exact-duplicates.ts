import { rowContent, rowDigest } from '../content/cid';
import type { KeyedRow } from './check';
import type { Finding } from './finding';
import { textsOf } from './texts';

/** Finds rows that are word for word an earlier one: the same content, so the same CID. */
export class ExactDuplicates {
  /** The first row of each digest; half of SHA-256 tells rows apart as surely as all of it. */
  readonly #first = new Map<string, { key: number; elsewhere: boolean }>();

  /** A row of the Datanet that the rows are compared with. */
  addOther(row: KeyedRow): void {
    this.#add(row, true);
  }

  check(row: KeyedRow): Finding[] {
    const first = this.#add(row, false);
    if (!first) return [];
    return [
      {
        check: 'exact-duplicate',
        severity: 'error',
        row: row.key,
        kind: first.elsewhere ? 'in-datanet' : 'in-set',
        message: first.elsewhere
          ? 'The Datanet has this row already, word for word.'
          : 'The same row comes earlier, word for word.',
        other: { row: first.key, similarity: 1, ...(first.elsewhere && { of: 'datanet' as const }) }
      }
    ];
  }

  /** The row that was there before, if any. Text that is not Unicode has no CID and is no duplicate. */
  #add({ key, row, digest }: KeyedRow, elsewhere: boolean): { key: number; elsewhere: boolean } | undefined {
    if (!digest && !textsOf(row).every(({ text }) => text.isWellFormed())) return undefined;
    const half = String.fromCharCode(...(digest ?? rowDigest(rowContent(row))).subarray(0, 16));
    const first = this.#first.get(half);
    if (!first) this.#first.set(half, { key, elsewhere });
    return first;
  }
}
