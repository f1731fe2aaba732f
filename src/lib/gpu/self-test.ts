import { TabtuneError } from '../errors';
import type { Device } from './device';
import { matmul } from './kernels/matmul/matmul';
import { matmulReference } from './kernels/matmul/matmul.ref';
import { packNf4 } from './nf4/layout';
import { dequantizeNf4, quantizeNf4 } from './nf4/quantize';
import { runKernels } from './plan/run-kernel';
import { persistent } from './plan/tensor';

/** The graphics driver gives wrong numbers. Training on it would waste hours and end in a broken adapter. */
export class WrongNumbersError extends TabtuneError {}

const tolerance = 1e-4;

/**
 * Multiplies a small matrix with NF4 weights on the device, forward and backward, and compares with float64: quantised
 * reads, the inner product and the store, the three things that every step lives on. Takes milliseconds.
 * @throws WrongNumbersError naming the product and its error
 */
export async function selfTest(device: Device): Promise<void> {
  const [rows, width, columns] = [16, 24, 64];
  const wave = (length: number, scale: number) =>
    Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7 + 1) * scale);
  const quantized = quantizeNf4(wave(width * columns, 0.5), [width, columns]);
  const packed = packNf4([quantized]);
  const codes = persistent('self-test codes', packed.codes.length, 'u32');
  const meta = persistent('self-test absmax', packed.meta.length, 'u32');
  const weight = {
    format: 'nf4' as const,
    codes,
    meta,
    absmaxForm: packed.absmaxForm,
    rows: width,
    columns,
    parts: packed.parts
  };
  for (const transposed of [false, true]) {
    const inner = transposed ? width : columns;
    const values = wave(rows * inner, 1);
    const x = persistent('self-test x', values.length);
    const out = persistent('self-test out', rows * (transposed ? columns : width));
    const kernel = matmul({
      label: 'self-test',
      rows,
      live: 'all',
      x,
      weight,
      transposed,
      epilogue: { kind: 'store' },
      out,
      style: device.style
    });
    const inputs = new Map<typeof x, Float32Array | Uint32Array>([
      [codes, packed.codes],
      [meta, packed.meta],
      [x, values]
    ]);
    const got = (await runKernels(device, [kernel], inputs, [out])).get(out)!;
    const want = matmulReference({
      rows,
      x: values,
      weight: dequantizeNf4(quantized),
      partRows: [width],
      columns,
      transposed
    });
    const scale = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const error =
      want.reduce(
        (most, v, i) => Math.max(most, Number.isFinite(got[i]) ? Math.abs(got[i] - v) : Infinity),
        0
      ) / scale;
    if (error < tolerance) continue;
    throw new WrongNumbersError(
      `This GPU's driver computes wrong numbers (a ${transposed ? 'backward' : 'forward'} product is off by ${error.toExponential(1)}). Update the graphics driver or the browser; until then nothing is trained on it.`,
      { details: { error, tolerance, device: device.description } }
    );
  }
}
