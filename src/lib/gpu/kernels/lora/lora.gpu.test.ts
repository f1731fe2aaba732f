import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { barriersCompileSlowly, testDevice } from '../../../../../tests/support/device';
import { normals, relativeError } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { loraGradients } from './gradient';
import {
  outerReference,
  projectColumnsReference,
  projectRowsReference,
  rmsNormBackwardReference,
  rmsNormReference
} from './lora.ref';
import { project } from './project';

let device: Device;
beforeAll(async () => {
  device = new Device(await testDevice());
});

const epsilon = 1e-5;

/** Named inputs of one case. */
class Inputs {
  readonly values = new Map<Tensor, Float32Array | Uint32Array>();
  put(label: string, values: Float32Array | Uint32Array): Tensor {
    const tensor = persistent(label, values.length, values instanceof Uint32Array ? 'u32' : 'f32');
    this.values.set(tensor, values);
    return tensor;
  }
}

const shapes = [
  { rows: 1, width: 4, rank: 1, parts: 1 },
  { rows: 1, width: 64, rank: 8, parts: 3 },
  { rows: 7, width: 13, rank: 3, parts: 2 },
  { rows: 33, width: 64, rank: 4, parts: 1 },
  { rows: 65, width: 288, rank: 16, parts: 2 },
  { rows: 40, width: 128, rank: 12, parts: 3 }
];

test('the twin of the RMSNorm backward equals finite differences', () => {
  const [rows, width] = [3, 7];
  const x = Float64Array.from(normals(1, rows * width));
  const weight = normals(2, width);
  const direction = normals(3, rows * width);
  const analytic = rmsNormBackwardReference(x, weight, direction, rows, epsilon);
  const loss = (at: Float64Array) =>
    rmsNormReference(at, weight, rows, epsilon).reduce((sum, v, i) => sum + v * direction[i], 0);
  for (let i = 0; i < x.length; i++) {
    const [up, down] = [x.slice(), x.slice()];
    up[i] += 1e-5;
    down[i] -= 1e-5;
    expect(Math.abs((loss(up) - loss(down)) / 2e-5 - analytic[i])).toBeLessThan(1e-7);
  }
});

for (const style of ['serial', 'cooperative'] as Style[])
  describe(style, () => {
    beforeEach(({ skip }) => {
      if (style === 'cooperative' && barriersCompileSlowly(device))
        skip('this driver takes minutes to compile kernels with barriers');
    });

    describe('projection on a thin factor', () => {
      test('plain, on the rows of A and on the columns of B', async () => {
        for (const { rows, width, rank, parts } of shapes) {
          const inputs = new Inputs();
          const xs = normals(1, rows * width);
          const a = normals(2, parts * rank * width);
          const out = persistent('out', rows * parts * rank);
          const input = inputs.put('x', xs);
          const down = project({
            label: 't',
            rows,
            live: 'tokens',
            input,
            width,
            prologue: { kind: 'none' },
            style,
            factor: { orientation: 'rows', matrix: inputs.put('a', a), offset: 0, rank, parts, out }
          });
          const gotRows = await runKernels(device, [down], inputs.values, [out], { tokens: rows });
          expect(
            relativeError(gotRows.get(out)!, projectRowsReference(xs, a, rows, width, parts * rank))
          ).toBeLessThan(1e-5);

          const partRows = Array.from({ length: parts }, (_, p) => width + 4 * p);
          const wide = partRows.reduce((s, r) => s + r, 0);
          const dy = normals(3, rows * wide);
          const b = normals(4, wide * rank);
          const up = project({
            label: 't',
            rows,
            live: 'tokens',
            input: inputs.put('dy', dy),
            width: wide,
            prologue: { kind: 'none' },
            style,
            factor: { orientation: 'columns', matrix: inputs.put('b', b), offset: 0, rank, partRows, out }
          });
          const gotColumns = await runKernels(device, [up], inputs.values, [out], { tokens: rows });
          expect(
            relativeError(gotColumns.get(out)!, projectColumnsReference(dy, b, rows, partRows, rank))
          ).toBeLessThan(1e-5);
        }
      });

      test('with dropout the mask is the hash, a projection each', async () => {
        const { rows, width, rank, parts } = { rows: 19, width: 24, rank: 4, parts: 3 };
        const inputs = new Inputs();
        const xs = normals(1, rows * width);
        const a = normals(2, parts * rank * width);
        const out = persistent('out', rows * parts * rank);
        const kernel = project({
          label: 't',
          rows,
          live: 'tokens',
          input: inputs.put('x', xs),
          width,
          prologue: { kind: 'none' },
          style,
          factor: {
            orientation: 'rows',
            matrix: inputs.put('a', a),
            offset: 0,
            rank,
            parts,
            out,
            dropout: { probability: 0.3, stream: 7 }
          }
        });
        const got = await runKernels(device, [kernel], inputs.values, [out], { tokens: rows, seed: 11 });
        const want = projectRowsReference(xs, a, rows, width, parts * rank, {
          probability: 0.3,
          seed: 11,
          stream: 7,
          rank
        });
        expect(relativeError(got.get(out)!, want)).toBeLessThan(1e-5);
        const kept = projectRowsReference(
          new Float32Array(rows * width).fill(1),
          new Float32Array(width * parts * rank).fill(1 / width),
          rows,
          width,
          parts * rank,
          { probability: 0.3, seed: 11, stream: 7, rank }
        );
        expect(kept.reduce((s, v) => s + v, 0) / kept.length).toBeCloseTo(1, 1);
      });

      test('behind RMSNorm, with gathered rows, and alone', async () => {
        for (const { rows, width, rank, parts } of shapes) {
          const inputs = new Inputs();
          const source = normals(1, (rows + 3) * width);
          const gather = Uint32Array.from({ length: rows }, (_, r) => (r * 5 + 2) % (rows + 3));
          const weight = normals(5, width);
          const a = normals(2, parts * rank * width);
          const out = persistent('out', rows * parts * rank);
          const normed = persistent('normed', rows * width);
          const prologue = {
            kind: 'rmsnorm' as const,
            weight: inputs.put('w', weight),
            epsilon,
            normed,
            gather: inputs.put('gather', gather)
          };
          const input = inputs.put('x', source);
          const factor = {
            orientation: 'rows' as const,
            matrix: inputs.put('a', a),
            offset: 0,
            rank,
            parts,
            out
          };
          const base = { label: 't', rows, live: 'trained' as const, input, width, prologue, style };
          const xs = Float64Array.from(
            { length: rows * width },
            (_, i) => source[gather[Math.floor(i / width)] * width + (i % width)]
          );
          const want = rmsNormReference(xs, weight, rows, epsilon);
          for (const kernel of [project({ ...base, factor }), project(base)]) {
            const got = await runKernels(device, [kernel], inputs.values, [normed, out], { trained: rows });
            expect(relativeError(got.get(normed)!, want)).toBeLessThan(1e-5);
            if (kernel.bindings.some((b) => b.name === 'out')) {
              expect(
                relativeError(got.get(out)!, projectRowsReference(want, a, rows, width, parts * rank))
              ).toBeLessThan(1e-5);
            }
          }
        }
      });

      test('behind the backward of RMSNorm, with residual, and with scattered rows', async () => {
        for (const { rows, width, rank } of shapes) {
          const inputs = new Inputs();
          const xs = normals(1, rows * width);
          const weight = normals(5, width);
          const dOut = normals(6, rows * width);
          const residual = normals(7, rows * width);
          const b = normals(8, width * rank);
          const out = persistent('out', rows * rank);
          const dx = persistent('dx', rows * width);
          const [x, w, input] = [inputs.put('x', xs), inputs.put('w', weight), inputs.put('dOut', dOut)];
          const factor = {
            orientation: 'columns' as const,
            matrix: inputs.put('b', b),
            offset: 0,
            rank,
            partRows: [width],
            out
          };
          const base = { label: 't', rows, live: 'tokens' as const, input, width, style, factor };
          const plain = project({
            ...base,
            prologue: {
              kind: 'rmsnorm-backward',
              x,
              weight: w,
              epsilon,
              residual: inputs.put('residual', residual),
              dx
            }
          });
          const got = await runKernels(device, [plain], inputs.values, [dx, out], { tokens: rows });
          const want = rmsNormBackwardReference(xs, weight, dOut, rows, epsilon).map(
            (v, i) => v + residual[i]
          );
          expect(relativeError(got.get(dx)!, want)).toBeLessThan(1e-5);
          expect(
            relativeError(got.get(out)!, projectColumnsReference(want, b, rows, [width], rank))
          ).toBeLessThan(1e-5);

          const scatter = Uint32Array.from({ length: rows }, (_, m) => (m % 3 === 1 ? 0 : rows - m));
          const scattered = project({
            ...base,
            prologue: {
              kind: 'rmsnorm-backward',
              x,
              weight: w,
              epsilon,
              scatter: inputs.put('scatter', scatter),
              dx
            }
          });
          const sparse = await runKernels(device, [scattered], inputs.values, [dx], { tokens: rows });
          const moved = Float64Array.from({ length: rows * width }, (_, i) =>
            scatter[Math.floor(i / width)]
              ? dOut[(scatter[Math.floor(i / width)] - 1) * width + (i % width)]
              : 0
          );
          expect(
            relativeError(sparse.get(dx)!, rmsNormBackwardReference(xs, weight, moved, rows, epsilon))
          ).toBeLessThan(1e-5);
        }
      });
    });

    test(`gradients of both factors, overwritten then accumulated, live rows only`, async () => {
      for (const { rows, width, rank, parts } of shapes) {
        const inputs = new Inputs();
        const live = Math.max(1, rows - 2);
        const thin = normals(1, rows * parts * rank);
        const wide = normals(2, rows * width);
        const start = normals(3, (parts + 1) * rank * width);
        const gradients = inputs.put('gradients', start);
        const [t, w] = [inputs.put('thin', thin), inputs.put('wide', wide)];
        const base = {
          thin: t,
          wide: w,
          thinStride: parts * rank,
          wideStride: width,
          wideColumn: 0,
          width,
          scale: 0.5
        };
        const kernel = loraGradients({
          label: 't',
          rows,
          gradients,
          style,
          jobs: [
            { ...base, factor: 'down', thinColumn: 0, thinColumns: parts * rank, offset: 0 },
            {
              ...base,
              factor: 'up',
              thinColumn: (parts - 1) * rank,
              thinColumns: rank,
              offset: parts * rank * width
            }
          ]
        });
        const last = Float32Array.from(
          { length: rows * rank },
          (_, i) => thin[Math.floor(i / rank) * parts * rank + (parts - 1) * rank + (i % rank)]
        );
        const down = outerReference(
          thin.subarray(0, live * parts * rank),
          wide.subarray(0, live * width),
          live
        );
        const up = outerReference(wide.subarray(0, live * width), last.subarray(0, live * rank), live);
        const want = [...down, ...up].map((v) => v * 0.5);
        for (const accumulate of [0, 1]) {
          const got = await runKernels(device, [kernel], inputs.values, [gradients], {
            tokens: live,
            accumulate
          });
          expect(
            relativeError(
              got.get(gradients)!,
              want.map((v, i) => v + accumulate * start[i])
            )
          ).toBeLessThan(1e-5);
        }
      }
    });

    test('gradients of the examples of a batch, each of its own mean loss', async () => {
      for (const { rows, width, rank, parts } of shapes) {
        const inputs = new Inputs();
        const thin = normals(1, rows * parts * rank);
        const wide = normals(2, rows * width);
        // The first token alone, and the rest; the second of the three places in the table has no example.
        const spans =
          rows > 1 ? [0, 1, 0, 1, 9, 9, 0, 0, 1, rows, 1, 4] : [0, 1, 0, 1, 9, 9, 0, 0, 9, 9, 0, 0];
        // Of a later layer, with a gap behind.
        const [first, size, stride] = [640, parts * rank * width, parts * rank * width + 5];
        const start = normals(3, 3 * stride);
        const gradients = inputs.put('gradients', start);
        const kernel = loraGradients({
          ...{ label: 't', rows, gradients, style },
          examples: { table: inputs.put('examples', Uint32Array.from(spans)), count: 3, stride, first },
          jobs: [
            {
              ...{ factor: 'down', thinColumn: 0, thinColumns: parts * rank, thinStride: parts * rank },
              ...{ wideStride: width, wideColumn: 0, width, scale: 0.5, offset: first },
              thin: inputs.put('thin', thin),
              wide: inputs.put('wide', wide)
            }
          ]
        });
        const results = await runKernels(device, [kernel], inputs.values, [gradients], { tokens: rows });
        const got = results.get(gradients)!;
        for (let example = 0; example < 3; example++) {
          const [from, to, target, end] = spans.slice(4 * example);
          const at = example * stride;
          const want = outerReference(
            thin.subarray(from * parts * rank, to * parts * rank),
            wide.subarray(from * width, to * width),
            to - from
          ).map((v) => (0.5 * v) / (end - target));
          const untouched = start.subarray(from < to ? at + size : at, at + stride);
          expect(got.slice(at + stride - untouched.length, at + stride)).toEqual(untouched);
          if (from < to) expect(relativeError(got.slice(at, at + size), want)).toBeLessThan(1e-5);
        }
      }
    });

    test(`gradient of A under dropout sees the forward pass's masks`, async () => {
      const { rows, width, rank, parts } = { rows: 12, width: 20, rank: 4, parts: 2 };
      const inputs = new Inputs();
      const thin = normals(1, rows * parts * rank);
      const wide = normals(2, rows * width);
      const gradients = persistent('gradients', parts * rank * width);
      const kernel = loraGradients({
        label: 't',
        rows,
        gradients,
        style,
        jobs: [
          {
            factor: 'down',
            thin: inputs.put('thin', thin),
            thinStride: parts * rank,
            thinColumn: 0,
            thinColumns: parts * rank,
            wide: inputs.put('wide', wide),
            wideStride: width,
            wideColumn: 0,
            width,
            offset: 0,
            scale: 1,
            dropout: { probability: 0.3, stream: 7, rank }
          }
        ]
      });
      const got = (
        await runKernels(device, [kernel], inputs.values, [gradients], { tokens: rows, seed: 11 })
      ).get(gradients)!;
      // By definition: the derivative of sum(thin * project(wide)) with respect to A.
      const want = new Float64Array(parts * rank * width);
      for (let i = 0; i < want.length; i++) {
        const unit = new Float64Array(want.length);
        unit[i] = 1;
        want[i] = projectRowsReference(wide, unit, rows, width, parts * rank, {
          probability: 0.3,
          seed: 11,
          stream: 7,
          rank
        }).reduce((s, v, n) => s + v * thin[n], 0);
      }
      expect(relativeError(got, want)).toBeLessThan(1e-5);
    });
  });
