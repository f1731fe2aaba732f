/** The mean over the live rows alone, in its own row of the result. */
import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals, relativeError } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent } from '../../plan/tensor';
import { meanRows } from './mean-rows';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

describe.each(styles)('mean of rows, %s', (style) => {
  it.each([
    [1, 1],
    [3, 7],
    [65, 64],
    [130, 257]
  ])('of %i live rows of %i columns', async (live, width) => {
    const values = normals(live, (live + 2) * width);
    values.fill(NaN, live * width);
    const input = persistent('rows', values.length);
    const means = persistent('means', 2 * width);
    const kernel = meanRows({ input, width, means, style });
    const results = await runKernels(device, [kernel], new Map([[input, values]]), [means], {
      trained: live,
      row: 1
    });
    const got = results.get(means) as Float32Array;
    const want = Float64Array.from({ length: width }, (_, c) => {
      let sum = 0;
      for (let row = 0; row < live; row++) sum += values[row * width + c];
      return sum / live;
    });
    expect(got.subarray(0, width).every(Number.isNaN)).toBe(true);
    expect(relativeError(got.subarray(width), want)).toBeLessThan(1e-5);
  });

  it('of no row is zero', async () => {
    const input = persistent('rows', 4);
    const means = persistent('means', 4);
    const kernel = meanRows({ input, width: 4, means, style });
    const inputs = new Map([[input, new Float32Array(4).fill(NaN)]]);
    const results = await runKernels(device, [kernel], inputs, [means], { trained: 0 });
    expect([...(results.get(means) as Float32Array)]).toEqual([0, 0, 0, 0]);
  });
});
