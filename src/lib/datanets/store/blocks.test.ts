import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { rowDigest } from '../content/cid';
import { rowLength, type RowContent } from '../row';
import { BLOCK_BYTES, BlockPacker, BlockReader } from './blocks';
import type { BlockRecord } from './datanet-schema';

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const content: fc.Arbitrary<RowContent> = fc.oneof(
  fc.record({ text }),
  fc.record({ messages: fc.array(fc.record({ role: text, content: text }), { minLength: 1, maxLength: 4 }) })
);

const readerOf = (blocks: BlockRecord[], capacity?: number) => {
  const read = vi.fn((id: string) => Promise.resolve(blocks.find((block) => block.id === id)!));
  return { reader: new BlockReader(read, capacity), read };
};

describe('blocks of rows', () => {
  it('give back every row, under the digest of its CID', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(content, { maxLength: 40 }), async (rows) => {
        const packer = new BlockPacker('d');
        const places = rows.map((row) => packer.add(row));
        const { reader } = readerOf(packer.takeAll());
        for (const [i, place] of places.entries()) {
          expect(await reader.content(place)).toEqual(rows[i]);
          expect(place.digest).toEqual(rowDigest(rows[i]));
          expect(place.length).toBe(rowLength(rows[i]));
        }
      }),
      fuzz(100)
    );
  });

  it('are full at a MiB; a row that is larger has one of its own', async () => {
    const packer = new BlockPacker('d', 'import');
    const sizes = [1000, BLOCK_BYTES, 300_000, 300_000, 500_000, 3 * BLOCK_BYTES, 10];
    const places = sizes.map((size) => packer.add({ text: 'x'.repeat(size) }));
    const full = packer.takeFull();
    const blocks = [...full, ...packer.takeAll()];
    expect(packer.takeAll()).toEqual([]);
    expect(blocks.map(({ offsets }) => offsets.length - 1)).toEqual([1, 1, 2, 1, 1, 1]);
    expect(blocks.every(({ staged, datanet }) => staged === 'import' && datanet === 'd')).toBe(true);
    const { reader } = readerOf(blocks);
    for (const [i, size] of sizes.entries()) {
      expect(await reader.content(places[i])).toEqual({ text: 'x'.repeat(size) });
    }
  });

  it('refuse half a character and stay as they were', async () => {
    const packer = new BlockPacker('d');
    packer.add({ text: 'whole' });
    expect(() => packer.add({ text: 'half \ud800' })).toThrow(/lone surrogate/);
    const place = packer.add({ text: 'after' });
    expect(place.slot).toBe(1);
    expect(packer.takeAll()).toHaveLength(1);
  });

  it('are read once while they are kept, and asked for again where that failed', async () => {
    const packer = new BlockPacker('d');
    const places = [0, 1, 2].map(() => packer.add({ text: 'x'.repeat(BLOCK_BYTES) }));
    const { reader, read } = readerOf(packer.takeAll(), 2);
    await Promise.all([reader.content(places[0]), reader.content(places[0])]);
    await reader.content(places[1]);
    await reader.content(places[0]);
    expect(read).toHaveBeenCalledTimes(2);
    // The third takes the place of the one that was not read for longest.
    await reader.content(places[2]);
    await reader.content(places[0]);
    expect(read).toHaveBeenCalledTimes(3);
    await reader.content(places[1]);
    expect(read).toHaveBeenCalledTimes(4);

    read.mockRejectedValueOnce(new Error('gone'));
    await expect(reader.content({ block: places[0].block, slot: 0 })).resolves.toBeDefined();
    await expect(reader.content({ block: 'other', slot: 0 })).rejects.toThrow('gone');
  });
});
