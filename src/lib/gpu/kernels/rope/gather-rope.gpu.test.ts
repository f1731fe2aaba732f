import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { Device } from '../../device';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { gatherRope } from './gather-rope';
import { ropeTable } from './rope-table';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

describe.each(styles)('rotary rows, %s', (style) => {
  it.each([
    [1, 1, 2],
    [5, 3, 6],
    [128, 128, 32],
    [1000, 999, 64]
  ])('are those of each token position: capacity %i, %i live, heads of %i', async (tokens, live, headDim) => {
    const longest = 321;
    const values = ropeTable({ headDim, theta: 1e4, scaling: null }, longest);
    const table = persistent('table', values.length);
    const positions = persistent('positions', tokens, 'u32');
    const out = persistent('out', tokens * headDim);
    const at = Uint32Array.from({ length: tokens }, (_, i) => (i * 101) % longest);
    const inputs = new Map<Tensor, Float32Array | Uint32Array>([
      [table, values],
      [positions, at],
      [out, new Float32Array(out.length).fill(9)]
    ]);
    const kernel = gatherRope({ tokens, headDim, table, positions, out, style });
    const rows = (await runKernels(device, [kernel], inputs, [out], { tokens: live })).get(out)!;
    for (let t = 0; t < tokens; t++) {
      const row = rows.subarray(t * headDim, (t + 1) * headDim);
      if (t < live) expect(row).toEqual(values.subarray(at[t] * headDim, (at[t] + 1) * headDim));
      else expect(row.every((v) => v === 9)).toBe(true);
    }
  });
});
