import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { diffRows } from './diff';
import type { MerkleLeaf } from './merkle';

const leaf = (cid: string, contributor = 'Ann'): MerkleLeaf => ({ cid, contributor });

describe('the difference of two versions', () => {
  it('is the rows that only one has, whatever their order', async () => {
    const from = [leaf('a'), leaf('b'), leaf('c', 'Bob')];
    const to = [leaf('d', 'Cy'), leaf('b'), leaf('a')];
    expect(await diffRows(from, to)).toEqual({
      added: [0],
      removed: [2],
      kept: 2,
      contributors: { added: ['Cy'], removed: ['Bob'] }
    });
  });

  it('counts equal rows', async () => {
    expect(await diffRows([leaf('a'), leaf('a'), leaf('a')], [leaf('a')])).toMatchObject({
      added: [],
      removed: [1, 2],
      kept: 1
    });
    expect(await diffRows([leaf('a')], [leaf('a'), leaf('a')])).toMatchObject({ added: [1], removed: [] });
  });

  it('keeps words of two people apart', async () => {
    expect(await diffRows([leaf('a', 'Ann')], [leaf('a', 'Bob')])).toMatchObject({
      added: [0],
      removed: [0],
      kept: 0
    });
  });

  it('turns the one multiset into the other', async () => {
    const list = fc.array(
      fc.record({ cid: fc.constantFrom('a', 'b', 'c'), contributor: fc.constantFrom('x', 'y') })
    );
    const bag = (rows: MerkleLeaf[]) => rows.map(({ cid, contributor }) => cid + contributor).sort();
    await fc.assert(
      fc.asyncProperty(list, list, async (from, to) => {
        const diff = await diffRows(from, to);
        const kept = from.filter((_, i) => !diff.removed.includes(i));
        expect(kept).toHaveLength(diff.kept);
        expect(bag([...kept, ...diff.added.map((i) => to[i])])).toEqual(bag(to));
      }),
      fuzz(100)
    );
  });
});
