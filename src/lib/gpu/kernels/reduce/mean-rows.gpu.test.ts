/** The mean over each example's trained tokens alone, in its own row of the result. */
import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals, relativeError } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { meanRows } from './mean-rows';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

describe.each(styles)('mean of rows, %s', (style) => {
  it.each([
    [[1], 1],
    [[3, 1, 2], 7],
    [[65, 2], 64],
    [[1, 0, 130], 257]
  ])('of examples with %j trained tokens of %i columns', async (trained, width) => {
    const live = trained.reduce((sum, n) => sum + n, 0);
    const values = normals(live, (live + 2) * width);
    values.fill(NaN, live * width);
    const input = persistent('rows', values.length);
    const means = persistent('means', (2 + trained.length) * width);
    // The last place of the table has no example.
    const table = persistent('examples', 4 * (trained.length + 1), 'u32');
    const starts = trained.map((_, i) => trained.slice(0, i).reduce((sum, n) => sum + n, 0));
    const spans = trained.flatMap((n, i) => [i, i + 1, starts[i], starts[i] + n]);
    const kernel = meanRows({ input, width, examples: { table, count: trained.length + 1 }, means, style });
    const inputs = new Map<Tensor, Float32Array | Uint32Array>([
      [input, values],
      [table, Uint32Array.from([...spans, 0, 0, 0, 0])]
    ]);
    const results = await runKernels(device, [kernel], inputs, [means], { trained: live, row: 1 });
    const got = results.get(means) as Float32Array;
    const row = (i: number) => got.subarray(i * width, (i + 1) * width);
    trained.forEach((n, i) => {
      const want = Float64Array.from({ length: width }, (_, c) => {
        let sum = 0;
        for (let at = starts[i]; at < starts[i] + n; at++) sum += values[at * width + c];
        return sum / Math.max(n, 1);
      });
      expect(relativeError(row(1 + i), want)).toBeLessThan(1e-5);
    });
    // Rows of no example are left alone.
    for (const i of [0, trained.length + 1]) expect(row(i).every(Number.isNaN)).toBe(true);
  });
});
