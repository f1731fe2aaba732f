import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { Device } from '../../device';
import { packNf4, type Nf4Tensor } from '../../nf4/layout';
import { dequantizeNf4 as dequantizeOnHost, quantizeNf4 } from '../../nf4/quantize';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Dtype, type Tensor } from '../../plan/tensor';
import { dequantizeNf4 } from './dequantize';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

function matrix(rows: number, columns: number, seed: number): Nf4Tensor {
  const values = Float32Array.from(
    { length: rows * columns },
    (_, i) => Math.sin(i * i * 0.7 + seed) * (0.01 + ((i >> 6) % 9))
  );
  return quantizeNf4(values, [rows, columns]);
}

/** The same codes with an f32 absmax, as a checkpoint without double quantisation has them. */
function single(tensor: Nf4Tensor): Nf4Tensor {
  const absmax = Float32Array.from({ length: tensor.absmax.length }, (_, b) => 0.5 + b * 0.37);
  return { shape: tensor.shape, codes: tensor.codes, map: tensor.map, absmax };
}

async function run(style: Style, tensors: Nf4Tensor[], dtype: Dtype) {
  const packed = packNf4(tensors);
  const codes = persistent('codes', packed.codes.length, 'u32');
  const meta = persistent('meta', packed.meta.length, 'u32');
  const count = tensors.reduce((sum, t) => sum + t.shape[0] * t.shape[1], 0);
  const out = persistent('out', count, dtype);
  const kernel = dequantizeNf4({ layout: packed, codes, meta, out, style });
  const inputs = new Map<Tensor, Uint32Array>([
    [codes, packed.codes],
    [meta, packed.meta]
  ]);
  return (await runKernels(device, [kernel], inputs, [out])).get(out)!;
}

const cases: [string, Nf4Tensor[]][] = [
  ['1 x 8', [matrix(1, 8, 1)]],
  ['1 x 64', [matrix(1, 64, 1)]],
  ['7 x 128', [matrix(7, 128, 2)]],
  ['three parts', [matrix(64, 64, 3), matrix(5, 64, 4), matrix(300, 64, 5)]],
  ['a part on the boundary of 16,384', [matrix(256, 64, 3), matrix(1, 64, 4)]],
  ['no power of two', [matrix(13, 37, 6), matrix(1, 37, 7)]],
  ['f32 absmax', [single(matrix(300, 64, 8)), single(matrix(3, 64, 9))]],
  ['double beside single', [matrix(9, 24, 8), single(matrix(3, 24, 9))]]
];

describe.each(styles)('NF4 dequantisation, %s', (style) => {
  it.each(cases)('gives the values of the host: %s', async (_, tensors) => {
    const values = await run(style, tensors, 'f32');
    let at = 0;
    for (const tensor of tensors) {
      for (const expected of dequantizeOnHost(tensor)) {
        // A driver may fuse the sum of absmax and its offset: the last bit is not defined.
        if (!(Math.abs(values[at] - expected) <= 2e-7 * Math.abs(expected) + 1e-9)) {
          throw new Error(`weight ${at}: ${values[at]} instead of ${expected}`);
        }
        at++;
      }
    }
    expect(values.length).toBe(at);
  });

  it.runIf(device.f16)('rounds to half precision', async () => {
    for (const tensors of [[matrix(13, 37, 6)], [matrix(65, 64, 3), matrix(5, 64, 4)]]) {
      const values = await run(style, tensors, 'f16');
      const expected = tensors.flatMap((t) => [...dequantizeOnHost(t)]);
      expected.forEach((e, i) => {
        if (!(Math.abs(values[i] - e) <= 5e-4 * Math.abs(e) + 1e-6))
          throw new Error(`weight ${i}: ${values[i]} instead of ${e}`);
      });
    }
  });
});
