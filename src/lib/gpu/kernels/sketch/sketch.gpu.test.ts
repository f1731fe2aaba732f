/** The sketch against its twin, and against what sketches are for: inner products that survive. */
import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals, relativeError } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import type { StepScalars } from '../../plan/kernel';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { sketch, SketchWidthError, type SketchShape } from './sketch';
import { adamDirectionReference, sketchReference } from './sketch.ref';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

/**
 * Sketches of vectors: as one example, or as several. Parts are sketched one after another, from a tensor that holds one
 * part of each example, as layers are.
 */
async function run(
  style: Style,
  shape: SketchShape,
  examples: readonly Float32Array[],
  moments?: { m: Float32Array; v: Float32Array },
  scalars: Partial<StepScalars> = {}
): Promise<Float32Array> {
  const { segments, stride, width } = shape;
  const rows = (scalars.row ?? 0) + examples.length;
  const sketches = persistent('sketches', rows * segments * width * 2);
  // The table has room for more examples than there are.
  const table = persistent('examples', 4 * (examples.length + 1), 'u32');
  const inputs = new Map<Tensor, Float32Array | Uint32Array>();
  inputs.set(table, Uint32Array.from([...examples.flatMap((_, i) => [i, i + 1, 0, 0]), 0, 0, 0, 0]));
  const tensors = moments && { m: persistent('m', segments * stride), v: persistent('v', segments * stride) };
  if (tensors && moments) inputs.set(tensors.m, moments.m).set(tensors.v, moments.v);
  const kernels = Array.from({ length: segments }, (_, segment) => {
    const vectors = persistent('vectors', (examples.length + 1) * stride);
    const part = new Float32Array(vectors.length);
    examples.forEach((values, i) =>
      part.set(values.subarray(segment * stride, (segment + 1) * stride), i * stride)
    );
    inputs.set(vectors, part);
    return sketch({
      ...{ ...shape, segment, vectors, sketches, style },
      examples: { table, count: examples.length + 1 },
      ...(tensors ? { moments: tensors } : {})
    });
  });
  const results = await runKernels(device, kernels, inputs, [sketches], scalars);
  return results.get(sketches) as Float32Array;
}

const shapes: SketchShape[] = [
  { segments: 1, stride: 1, width: 1, seed: 0 },
  { segments: 1, stride: 7, width: 16, seed: 1 },
  { segments: 3, stride: 37, width: 4, seed: 2 },
  { segments: 2, stride: 63, width: 64, seed: 3 },
  { segments: 2, stride: 65, width: 64, seed: 0xffffffff },
  { segments: 5, stride: 4096, width: 256, seed: 5 },
  { segments: 1, stride: 100_003, width: 512, seed: 6 }
];

describe.each(styles)('sketch, %s', (style) => {
  it.each(shapes)(
    '$segments parts of $stride to $width sums equal the scattered ones of float64',
    async (shape) => {
      const values = normals(shape.seed, shape.segments * shape.stride);
      const got = await run(style, shape, [values]);
      expect(relativeError(got, sketchReference(values, shape))).toBeLessThan(1e-5);
    }
  );

  it('puts each element into exactly one sum of its own part', () => {
    const shape = { segments: 2, stride: 130, width: 32, seed: 9 };
    for (let i = 0; i < 260; i++) {
      const one = new Float32Array(260);
      one[i] = 3;
      const made = sketchReference(one, shape);
      const touched = [...made.keys()].filter((at) => made[at] !== 0);
      expect(touched).toHaveLength(2);
      expect(Math.floor(touched[0] / 64)).toBe(i < 130 ? 0 : 1);
      expect([Math.abs(made[touched[0]]), made[touched[1]]]).toEqual([3, 9]);
    }
  });

  it('sketches what AdamW would make of a gradient', async () => {
    const shape = { segments: 2, stride: 500, width: 64, seed: 4 };
    const [gradient, m] = [normals(1, 1000), normals(2, 1000)];
    const v = normals(3, 1000).map((x) => x * x);
    const iteration = 3;
    const got = await run(
      style,
      shape,
      [gradient],
      { m, v },
      {
        biasCorrection1: 1 - 0.9 ** iteration,
        biasCorrection2: 1 - 0.999 ** iteration
      }
    );
    const want = sketchReference(adamDirectionReference(gradient, m, v, iteration), shape);
    expect(relativeError(got, want)).toBeLessThan(1e-5);
  });

  it('writes each example to its row from the one that the step names on, and no other', async () => {
    const shape = { segments: 2, stride: 100, width: 16, seed: 8 };
    const examples = [7, 8, 9].map((seed) => normals(seed, 200));
    const got = await run(style, shape, examples, undefined, { row: 2 });
    const row = (i: number) => got.subarray(64 * i, 64 * (i + 1));
    expect([...row(0), ...row(1)].every(Number.isNaN)).toBe(true);
    examples.forEach((values, i) =>
      expect(relativeError(row(2 + i), sketchReference(values, shape))).toBeLessThan(1e-5)
    );
  });

  it('keeps inner products and, exactly, norms', async () => {
    const shape = { segments: 1, stride: 20_000, width: 2048, seed: 11 };
    const a = normals(1, shape.stride);
    const noise = normals(2, shape.stride);
    const b = a.map((x, i) => 0.6 * x + 0.8 * noise[i]);
    const [x, y] = [await run(style, shape, [a]), await run(style, shape, [b])];
    let [inner, squares] = [0, 0];
    for (let i = 0; i < x.length; i += 2) {
      inner += x[i] * y[i];
      squares += x[i + 1];
    }
    const product = (p: Float32Array, q: Float32Array) => p.reduce((sum, value, i) => sum + value * q[i], 0);
    const norms = Math.sqrt(product(a, a) * product(b, b));
    // Three standard deviations of the estimate.
    expect(Math.abs(inner - product(a, b)) / norms).toBeLessThan(3 / Math.sqrt(shape.width));
    expect(Math.abs(squares / product(a, a) - 1)).toBeLessThan(1e-5);
  });
});

it('a width that is no power of two is refused', () => {
  const tensor = persistent('x', 64);
  const shape = { segments: 1, segment: 0, stride: 24, width: 24, seed: 0 };
  const examples = { table: tensor, count: 1 };
  expect(() => sketch({ ...shape, examples, vectors: tensor, sketches: tensor, style: 'serial' })).toThrow(
    SketchWidthError
  );
});
