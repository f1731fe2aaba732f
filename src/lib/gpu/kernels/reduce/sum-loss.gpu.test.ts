import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { statsFields, statsLength } from './stats';
import { sumLoss } from './sum-loss';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

/** The sums after each of the given micro-steps: [losses, trained]. */
async function run(style: Style, values: Float32Array, trained: number, accumulate: number, before: number) {
  const loss = persistent('loss', values.length);
  const stats = persistent('stats', statsLength);
  const inputs = new Map<Tensor, Float32Array>([
    [loss, values],
    [stats, new Float32Array(statsLength).fill(before)]
  ]);
  const results = await runKernels(device, [sumLoss({ loss, stats, style })], inputs, [stats], {
    trained,
    accumulate
  });
  return results.get(stats) as Float32Array;
}

describe.each(styles)('sum of losses, %s', (style) => {
  it.each([0, 1, 2, 3, 4, 5, 255, 256, 257, 1021, 8192])('adds the first %i and no more', async (trained) => {
    const values = normals(1, trained + 3).map((v) => Math.abs(v) + 1);
    values.fill(NaN, trained);
    const expected = values.subarray(0, trained).reduce((sum, v) => sum + v, 0);
    const stats = await run(style, values, trained, 0, NaN);
    expect(Math.abs(stats[statsFields.loss] - expected)).toBeLessThanOrEqual(1e-6 * expected);
    // The other figures are not touched.
    expect([...stats].filter(Number.isNaN).length).toBe(statsLength - 1);
    const added = await run(style, values, trained, 1, 100);
    expect(Math.abs(added[statsFields.loss] - expected - 100)).toBeLessThanOrEqual(1e-6 * (expected + 100));
    expect(added[statsFields.norm]).toBe(100);
  });

  it('gives the same bits whatever the capacity', async () => {
    const values = normals(2, 3000);
    const whole = await run(style, values, 1000, 0, 0);
    expect(await run(style, values.subarray(0, 1000), 1000, 0, 0)).toEqual(whole);
  });
});
