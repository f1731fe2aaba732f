/** Splits of drafts into rows to train on, to validate with and to test with. */
import { SPLITS, type Split } from '../../datanets/datanet';
import type { Row } from '../../datanets/row';
import { groupRows } from '../../datanets/split/groups';
import { splitByShares } from '../../datanets/split/split';
import type { Drafts } from './drafts';
import type { DatanetEvent } from './protocol';
import type { OpenRows, RowsAccess } from './service-rows';

export class Splitting {
  readonly #rows: RowsAccess;
  readonly #drafts: Drafts;

  constructor(rows: RowsAccess, drafts: Drafts) {
    this.#rows = rows;
    this.#drafts = drafts;
  }

  /**
   * Splits all rows of a draft by shares, near duplicates always on one side. Cancelled, the rows stay as they were; rows
   * that came meanwhile get no side.
   * @returns how many rows each side has
   * @throws SplitSharesError, ReadOnlyDatanetError, the signal's reason
   */
  async splitRows(
    id: string,
    shares: Record<Split, number>,
    seed: number,
    signal: AbortSignal,
    onEvent: (event: DatanetEvent) => void
  ): Promise<Record<Split, number>> {
    const rows = await this.#rows.open({ of: 'draft', id });
    const { table } = rows;
    // Shares that are none are told before the long work.
    splitByShares(new Uint32Array(0), shares, seed);
    const groups = await groupRows(this.#contents(rows), {
      count: table.count,
      signal,
      onProgress: (done, total) => onEvent({ phase: 'checking', done, total })
    });
    const sides = splitByShares(groups, shares, seed);
    const splits = new Map<number, Split>();
    sides.forEach((side, i) => splits.set(table.key(i), SPLITS[side]));
    await this.#drafts.setSplits(id, splits);
    const counts: Record<Split, number> = { train: 0, validation: 0, test: 0 };
    for (const split of splits.values()) counts[split] += 1;
    return counts;
  }

  async *#contents(rows: OpenRows): AsyncGenerator<Row> {
    for await (const { content } of this.#rows.stream(rows)) yield content;
  }
}
