import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import { f16BitsToF32, packF16 } from '../../plan/float16';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Dtype, type Tensor } from '../../plan/tensor';
import { embeddingLookup } from './embedding';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

interface Case {
  tokens: number;
  live: number;
  width: number;
  vocabulary: number;
  /** Rows of each shard but the last. */
  shard: number;
}

const cases: Case[] = [
  { tokens: 1, live: 1, width: 1, vocabulary: 1, shard: 1 },
  { tokens: 5, live: 3, width: 7, vocabulary: 11, shard: 11 },
  { tokens: 33, live: 33, width: 12, vocabulary: 97, shard: 32 },
  { tokens: 64, live: 50, width: 288, vocabulary: 1000, shard: 333 },
  { tokens: 2048, live: 2000, width: 132, vocabulary: 5000, shard: 5000 }
];

/** Looks up through all shards; returns the output and the table as f32. */
async function run(style: Style, c: Case, half: boolean, dtype: Dtype) {
  const table = normals(3, c.vocabulary * c.width);
  const values = half ? Float32Array.from(packF16(table).subarray(0, table.length), f16BitsToF32) : table;
  const ids = persistent('ids', c.tokens, 'u32');
  const out = persistent('out', c.tokens * c.width, dtype);
  const tokenIds = Uint32Array.from({ length: c.tokens }, (_, i) => (i * 7919) % c.vocabulary);
  const inputs = new Map<Tensor, Float32Array | Uint32Array>([
    [ids, tokenIds],
    [out, new Float32Array(out.length).fill(-1)]
  ]);
  const kernels = [];
  for (let firstRow = 0; firstRow < c.vocabulary; firstRow += c.shard) {
    const shardRows = Math.min(c.shard, c.vocabulary - firstRow);
    const part = table.subarray(firstRow * c.width, (firstRow + shardRows) * c.width);
    const words = half ? new Uint32Array(packF16(part).buffer) : part;
    const tensor = persistent(`table ${firstRow}`, words.length, half ? 'u32' : 'f32');
    inputs.set(tensor, words);
    kernels.push(embeddingLookup({ ...c, firstRow, shardRows, table: tensor, ids, out, style }));
  }
  const rows = (await runKernels(device, kernels, inputs, [out], { tokens: c.live })).get(
    out
  ) as Float32Array;
  return { rows, values, tokenIds };
}

const tables: [string, boolean, Dtype][] = [
  ['f32', false, 'f32'],
  ['packed f16', true, 'f32'],
  ['packed f16 to f16', true, 'f16']
];

describe.each(styles)('embedding, %s', (style) => {
  describe.each(tables)('%s', (_, half, dtype) => {
    it.runIf(dtype !== 'f16' || device.f16).each(cases)(
      'copies $live of $tokens rows of $width from $vocabulary in shards of $shard',
      async (c) => {
        const { rows, values, tokenIds } = await run(style, c, half, dtype);
        for (let i = 0; i < rows.length; i++) {
          const token = Math.floor(i / c.width);
          const expected = token < c.live ? values[tokenIds[token] * c.width + (i % c.width)] : -1;
          if (rows[i] !== expected) throw new Error(`element ${i}: ${rows[i]} instead of ${expected}`);
        }
        expect(rows.length).toBe(c.tokens * c.width);
      }
    );
  });

  it('leaves rows of ids outside the shard alone', async () => {
    const table = persistent('table', 8);
    const ids = persistent('ids', 4, 'u32');
    const out = persistent('out', 16);
    const inputs = new Map<Tensor, Float32Array | Uint32Array>([
      [table, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
      [ids, Uint32Array.of(9, 10, 11, 12)],
      [out, new Float32Array(16)]
    ]);
    const kernel = embeddingLookup({
      tokens: 4,
      width: 4,
      firstRow: 10,
      shardRows: 2,
      table,
      ids,
      out,
      style
    });
    const rows = (await runKernels(device, [kernel], inputs, [out], { tokens: 4 })).get(out);
    expect(rows).toEqual(Float32Array.of(0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0));
  });
});
