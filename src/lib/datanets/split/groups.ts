import { NearIndex } from '../checks/near/near-index';
import { Shingler } from '../checks/near/shingles';
import { Pace, type PaceOptions } from '../pace';
import type { Row } from '../row';
import { DisjointSets } from './disjoint-sets';

export interface GroupOptions extends PaceOptions {
  /** How many rows will come. */
  count: number;
  /** Jaccard similarity from which rows belong together, in (0, 1]. */
  similarity?: number;
}

/**
 * Which rows belong together: near duplicates, and what is a near duplicate of those. `groups[i]` is the group of the
 * i-th row, numbered from 0 in the order of their first rows.
 * @throws the reason of the signal, RangeError where more rows come than `count`.
 */
export async function groupRows(
  rows: AsyncIterable<Row> | Iterable<Row>,
  options: GroupOptions
): Promise<Uint32Array> {
  const { count, similarity } = options;
  const pace = new Pace(options);
  const shingler = new Shingler();
  const index = new NearIndex(similarity);
  const sets = new DisjointSets(count);
  let row = 0;
  for await (const content of rows) {
    if (row === count) throw new RangeError(`More rows than the ${count} that were announced.`);
    const at = row;
    // Rows that are together already need no comparison: large groups cost little.
    index.each(
      shingler.of(content),
      (other) => sets.find(other) === sets.find(at),
      (other) => sets.union(at, other)
    );
    row += 1;
    if (pace.due) await pace.breathe(row, count);
  }
  pace.finish(count);
  return numbered(sets, row);
}

function numbered(sets: DisjointSets, count: number): Uint32Array {
  const names = new Map<number, number>();
  return Uint32Array.from({ length: count }, (_, i) => {
    const root = sets.find(i);
    const name = names.get(root) ?? names.size;
    names.set(root, name);
    return name;
  });
}
