import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { normals, relativeError } from '../../../../../tests/support/numbers';
import { barriersCompileSlowly, testDevice } from '../../../../../tests/support/device';
import { Device } from '../../device';
import { dequantizeNf4, quantizeNf4 } from '../../nf4/quantize';
import { packNf4 } from '../../nf4/layout';
import { f16BitsToF32, packF16 } from '../../plan/float16';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { matmul, type MatmulArgs } from './matmul';
import { matmulReference, ropeReference, swigluBackwardReference, swigluReference } from './matmul.ref';
import type { WeightMatrix } from './weight';

let device: Device;
beforeAll(async () => {
  device = new Device(await testDevice());
});

type Format = WeightMatrix['format'];
interface Case {
  rows: number;
  partRows: number[];
  columns: number;
}

interface MadeWeight {
  matrix: WeightMatrix;
  inputs: Map<Tensor, Float32Array | Uint32Array>;
  /** The values that the kernel must multiply with, after rounding to the format. */
  values: Float64Array;
}

function makeWeight(format: Format, { partRows, columns }: Case): MadeWeight {
  const rows = partRows.reduce((a, b) => a + b, 0);
  const values = normals(7, rows * columns, 0.3);
  const inputs = new Map<Tensor, Float32Array | Uint32Array>();
  if (format === 'nf4') {
    let start = 0;
    const tensors = partRows.map((count) => {
      const part = values.subarray(start * columns, (start + count) * columns);
      start += count;
      return quantizeNf4(part, [count, columns]);
    });
    const packed = packNf4(tensors);
    const codes = persistent('codes', packed.codes.length, 'u32');
    const meta = persistent('meta', packed.meta.length, 'u32');
    inputs.set(codes, packed.codes).set(meta, packed.meta);
    return {
      matrix: { format, codes, meta, absmaxForm: packed.absmaxForm, rows, columns, parts: packed.parts },
      inputs,
      values: Float64Array.from(tensors.flatMap((t) => Array.from(dequantizeNf4(t))))
    };
  }
  let base = 0;
  const parts = partRows.map((count) => ({ rows: count, base: (base += count * columns) - count * columns }));
  if (format === 'f32') {
    const data = persistent('weight', values.length);
    inputs.set(data, values);
    return { matrix: { format, data, rows, columns, parts }, inputs, values: Float64Array.from(values) };
  }
  const bits = packF16(values);
  const words = new Uint32Array(bits.buffer);
  const data = persistent('weight', words.length, 'u32');
  inputs.set(data, words);
  return {
    matrix: { format, data, rows, columns, parts },
    inputs,
    values: Float64Array.from(bits.subarray(0, values.length), f16BitsToF32)
  };
}

async function run(
  args: MatmulArgs,
  inputs: Map<Tensor, Float32Array | Uint32Array>,
  outputs: Tensor[] = [args.out],
  tokens = args.rows
) {
  const results = await runKernels(device, [matmul(args)], inputs, outputs, {
    tokens,
    trained: tokens,
    seed: 5
  });
  return outputs.map((t) => results.get(t)!);
}

const shapes: Case[] = [
  { rows: 1, partRows: [1], columns: 1 },
  { rows: 1, partRows: [40], columns: 64 },
  { rows: 3, partRows: [7], columns: 13 },
  { rows: 17, partRows: [31], columns: 37 },
  { rows: 63, partRows: [65], columns: 24 },
  { rows: 64, partRows: [64], columns: 64 },
  { rows: 65, partRows: [63], columns: 72 },
  { rows: 9, partRows: [24], columns: 288 },
  { rows: 130, partRows: [264], columns: 320 }
];

for (const style of ['serial', 'cooperative'] as Style[]) {
  describe(`${style} matmul equals its float64 twin`, () => {
    beforeEach(({ skip }) => {
      if (style === 'cooperative' && barriersCompileSlowly(device))
        skip('this driver takes minutes to compile kernels with barriers');
    });

    for (const format of ['f32', 'f16', 'nf4'] as Format[]) {
      for (const transposed of [false, true]) {
        test(`${format} ${transposed ? 'x · W' : 'x · Wᵀ'} over all shapes`, async () => {
          for (const shape of shapes) {
            const made = makeWeight(format, shape);
            const rows = shape.rows;
            const inner = transposed ? made.matrix.rows : made.matrix.columns;
            const width = transposed ? made.matrix.columns : made.matrix.rows;
            const x = persistent('x', rows * inner);
            const out = persistent('out', rows * width);
            const xs = normals(3, rows * inner);
            made.inputs.set(x, xs);
            const [got] = await run(
              {
                label: 'test',
                rows,
                live: 'tokens',
                x,
                weight: made.matrix,
                transposed,
                epilogue: { kind: 'store' },
                out,
                style
              },
              made.inputs
            );
            const want = matmulReference({
              rows,
              x: xs,
              weight: made.values,
              partRows: shape.partRows,
              columns: shape.columns,
              transposed
            });
            expect(relativeError(got, want), JSON.stringify(shape)).toBeLessThan(1e-5);
          }
        });
      }
    }

    test('stacked q, k, v with bias, LoRA and rotary embedding', async () => {
      for (const { rows, headDim, columns, rank, heads } of [
        { rows: 5, headDim: 16, columns: 64, rank: 4, heads: [2, 1, 1] },
        { rows: 70, headDim: 48, columns: 96, rank: 8, heads: [6, 2, 2] },
        { rows: 20, headDim: 6, columns: 30, rank: 3, heads: [3, 1, 1] },
        { rows: 1, headDim: 32, columns: 128, rank: 16, heads: [4, 2, 2] }
      ]) {
        for (const format of ['f32', 'nf4'] as Format[]) {
          const partRows = heads.map((h) => h * headDim);
          const made = makeWeight(format, { rows, partRows, columns });
          const width = made.matrix.rows;
          const tensor = (label: string, values: Float32Array) => {
            const t = persistent(label, values.length);
            made.inputs.set(t, values);
            return t;
          };
          const xs = normals(3, rows * columns);
          const bias = normals(4, width);
          const projected = normals(5, rows * 3 * rank);
          const b = normals(6, width * rank);
          const rope = normals(8, rows * headDim);
          const out = persistent('out', rows * width);
          const [got] = await run(
            {
              label: 'test',
              rows,
              live: 'tokens',
              x: tensor('x', xs),
              weight: made.matrix,
              transposed: false,
              bias: tensor('bias', bias),
              lora: {
                projected: tensor('projected', projected),
                matrix: tensor('lora', b),
                offset: 0,
                rank,
                parts: 3,
                scale: 2
              },
              epilogue: { kind: 'rope', rope: tensor('rope', rope), headDim },
              out,
              style
            },
            made.inputs
          );
          const y = matmulReference({
            rows,
            x: xs,
            weight: made.values,
            partRows,
            columns,
            transposed: false,
            bias,
            lora: { projected, matrix: b, rank, scale: 2 }
          });
          const want = ropeReference(y, rows, width, partRows[0] + partRows[1], headDim, rope);
          expect(relativeError(got, want), `${format} ${headDim}`).toBeLessThan(1e-5);
        }
      }
    });

    test('gate and up with SwiGLU, then its backward with dropout in the LoRA term', async () => {
      for (const { rows, width, columns, rank } of [
        { rows: 6, width: 20, columns: 16, rank: 4 },
        { rows: 66, width: 72, columns: 128, rank: 8 },
        { rows: 18, width: 11, columns: 10, rank: 2 }
      ]) {
        const made = makeWeight('nf4', { rows, partRows: [width, width], columns });
        const put = (label: string, values: Float32Array, into = made.inputs) => {
          const t = persistent(label, values.length);
          into.set(t, values);
          return t;
        };
        const xs = normals(3, rows * columns);
        const projected = normals(5, rows * 2 * rank);
        const b = normals(6, 2 * width * rank);
        const out = persistent('out', rows * width);
        const gateUp = persistent('gate_up', rows * 2 * width);
        const [h, pair] = await run(
          {
            label: 'test',
            rows,
            live: 'tokens',
            x: put('x', xs),
            weight: made.matrix,
            transposed: false,
            lora: {
              projected: put('projected', projected),
              matrix: put('lora', b),
              offset: 0,
              rank,
              parts: 2,
              scale: 0.5
            },
            epilogue: { kind: 'swiglu', gateUp },
            out,
            style
          },
          made.inputs,
          [out, gateUp]
        );
        const wantPair = matmulReference({
          rows,
          x: xs,
          weight: made.values,
          partRows: [width, width],
          columns,
          transposed: false,
          lora: { projected, matrix: b, rank, scale: 0.5 }
        });
        expect(relativeError(pair, wantPair)).toBeLessThan(1e-5);
        expect(relativeError(h, swigluReference(wantPair, rows, width))).toBeLessThan(1e-5);

        const down = makeWeight('nf4', { rows, partRows: [columns], columns: width });
        const a = normals(9, rank * width);
        const v = normals(10, rows * rank);
        const dy = normals(11, rows * columns);
        const pairs = put('gate_up', Float32Array.from(wantPair), down.inputs);
        const [dPair] = await run(
          {
            label: 'test',
            rows,
            live: 'tokens',
            x: put('dy', dy, down.inputs),
            weight: down.matrix,
            transposed: true,
            lora: {
              projected: put('v', v, down.inputs),
              matrix: put('a', a, down.inputs),
              offset: 0,
              rank,
              parts: 1,
              scale: 2,
              dropout: { probability: 0.25, stream: 3 }
            },
            epilogue: { kind: 'swiglu-backward', gateUp: pairs },
            out: pairs,
            style
          },
          down.inputs
        );
        const dh = matmulReference({
          rows,
          x: dy,
          weight: down.values,
          partRows: [columns],
          columns: width,
          transposed: true,
          lora: {
            projected: v,
            matrix: a,
            rank,
            scale: 2,
            dropout: { probability: 0.25, stream: 3, seed: 5 }
          }
        });
        expect(relativeError(dPair, swigluBackwardReference(wantPair, dh, rows, width))).toBeLessThan(1e-5);
      }
    });

    test('residual, accumulation, row offsets, and rows past the live ones stay untouched', async () => {
      const shape = { rows: 40, partRows: [24], columns: 32 };
      const made = makeWeight('f32', shape);
      const xs = normals(3, 64 * 32);
      const start = normals(4, 64 * 24);
      const x = persistent('x', xs.length);
      const out = persistent('out', start.length);
      const residual = persistent('residual', start.length);
      made.inputs.set(x, xs).set(out, start).set(residual, start);
      const want = matmulReference({
        rows: 40,
        x: xs.subarray(8 * 32),
        weight: made.values,
        partRows: [24],
        columns: 32,
        transposed: false
      });
      const base = {
        label: 'test',
        rows: 40,
        live: 'tokens' as const,
        x,
        xRow: 8,
        outRow: 16,
        weight: made.matrix,
        transposed: false,
        out,
        style
      };
      for (const epilogue of [{ kind: 'accumulate' as const }, { kind: 'residual' as const, residual }]) {
        const [got] = await run({ ...base, epilogue }, made.inputs, [out], 33);
        const expected = Float64Array.from(start);
        for (let i = 0; i < 33 * 24; i++) expected[16 * 24 + i] += want[i];
        expect(relativeError(got, expected)).toBeLessThan(1e-5);
      }
    });

    test('f16 activations stay within half precision', async ({ skip }) => {
      if (!device.f16) skip('this device has no shader-f16');
      const made = makeWeight('f16', { rows: 33, partRows: [48], columns: 64 });
      const xs = normals(3, 33 * 64);
      const x = persistent('x', xs.length, 'f16');
      const out = persistent('out', 33 * 48, 'f16');
      made.inputs.set(x, xs);
      const [got] = await run(
        {
          label: 'test',
          rows: 33,
          live: 'tokens',
          x,
          weight: made.matrix,
          transposed: false,
          epilogue: { kind: 'store' },
          out,
          style
        },
        made.inputs
      );
      const want = matmulReference({
        rows: 33,
        x: xs,
        weight: made.values,
        partRows: [48],
        columns: 64,
        transposed: false
      });
      expect(relativeError(got, want)).toBeLessThan(2e-3);
    });
  });
}
