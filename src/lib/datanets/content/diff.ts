import { Pace, type PaceOptions } from '../pace';
import type { MerkleLeaf } from './merkle';

/** What became of the rows from one version to the next: places of rows, counted from 0. */
export interface RowsDiff {
  /** Places in the newer version of rows that the older one lacks. */
  added: number[];
  /** Places in the older version of rows that the newer one lacks. */
  removed: number[];
  kept: number;
  /** Contributors of rows that only one of the two has, in order of appearance. */
  contributors: { added: string[]; removed: string[] };
}

/**
 * Compares two versions as multisets of (row CID, contributor): what the Merkle root stands for. A row that is in one
 * twice and in the other once was added or removed once; changes of order, tags and splits are no difference.
 */
export async function diffRows(
  from: readonly MerkleLeaf[],
  to: readonly MerkleLeaf[],
  options: PaceOptions = {}
): Promise<RowsDiff> {
  const pace = new Pace(options);
  const total = 2 * from.length + to.length;
  let done = 0;
  const left = new Map<string, number>();
  for (const leaf of from) {
    const key = keyOf(leaf);
    left.set(key, (left.get(key) ?? 0) + 1);
    done += 1;
    if (pace.due) await pace.breathe(done, total);
  }

  const added: number[] = [];
  for (const [place, leaf] of to.entries()) {
    if (!takeOne(left, keyOf(leaf))) added.push(place);
    done += 1;
    if (pace.due) await pace.breathe(done, total);
  }

  // What is left of the older one's rows is gone; of equal rows, the last are taken to be the ones that went.
  const removed: number[] = [];
  for (let place = from.length - 1; place >= 0; place -= 1) {
    if (takeOne(left, keyOf(from[place]))) removed.push(place);
    done += 1;
    if (pace.due) await pace.breathe(done, total);
  }
  removed.reverse();

  const before = new Set(from.map((leaf) => leaf.contributor));
  const after = new Set(to.map((leaf) => leaf.contributor));
  pace.finish(total);
  return {
    added,
    removed,
    kept: to.length - added.length,
    contributors: {
      added: [...after].filter((contributor) => !before.has(contributor)),
      removed: [...before].filter((contributor) => !after.has(contributor))
    }
  };
}

/** A CID holds no space, so no two rows share a key. */
function keyOf({ cid, contributor }: MerkleLeaf): string {
  return `${cid} ${contributor}`;
}

function takeOne(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key) ?? 0;
  if (count > 0) counts.set(key, count - 1);
  return count > 0;
}
