import { describe, expect, test } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { Device } from '../../device';
import { f16BitsToF32, f32ToF16Bits } from '../../plan/float16';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { transient, type Dtype, type Tensor } from '../../plan/tensor';
import { attentionBackwardKeyValue, attentionBackwardQuery, attentionForward } from './attention';
import { attentionBackwardRef, attentionForwardRef, type AttentionProblem } from './attention.ref';
import { randomProblem } from './problem.fixture';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

type Shape = Pick<AttentionProblem, 'heads' | 'kvHeads' | 'headDim'> & Partial<AttentionProblem>;

/** Every head width that must work, group sizes, lengths around the tiles, packed sequences, windows. */
const cases: [string, Shape, number[]][] = [
  ['one token', { heads: 8, kvHeads: 1, headDim: 16 }, [1]],
  ['odd half of a head', { heads: 2, kvHeads: 1, headDim: 6 }, [11]],
  ['width 12', { heads: 2, kvHeads: 1, headDim: 12 }, [9]],
  ['width 16', { heads: 4, kvHeads: 1, headDim: 16 }, [63, 65]],
  ['width 32', { heads: 4, kvHeads: 2, headDim: 32 }, [64, 64]],
  ['width 48', { heads: 6, kvHeads: 2, headDim: 48 }, [31, 1, 33]],
  ['width 64', { heads: 3, kvHeads: 3, headDim: 64 }, [7, 8, 9, 97]],
  ['width 80', { heads: 2, kvHeads: 1, headDim: 80 }, [37]],
  ['width 96', { heads: 2, kvHeads: 2, headDim: 96 }, [33]],
  ['width 128', { heads: 2, kvHeads: 1, headDim: 128 }, [41, 30]],
  ['window of one', { heads: 2, kvHeads: 1, headDim: 16, window: 1 }, [19]],
  ['window of five', { heads: 2, kvHeads: 1, headDim: 32, window: 5 }, [70, 11]],
  ['window longer than the text', { heads: 1, kvHeads: 1, headDim: 16, window: 100 }, [20]],
  ['long', { heads: 2, kvHeads: 1, headDim: 16 }, [509]]
];

// A software driver takes seconds to compile a kernel with barriers, so of the tiled form one head width of each kind is run: as many columns as
// lanes; a last column for some lanes only; several columns, with half as many keys a workgroup.
const tiled = ['width 48', 'width 128', 'window of five'];
const casesOf = (style: Style) => cases.filter(([name]) => style === 'serial' || tiled.includes(name));
// Storage type is the same few characters in every kernel's text.
const halfCases = cases.filter(([name]) => ['window of five'].includes(name));

const generations: [number, number, Dtype, number][] = [
  [48, 7, 'f32', 3],
  [128, 0, 'f32', 2]
];
if (device.f16) generations.push([64, 0, 'f16', 1]);

describe.each(styles)('%s', (style) => {
  test.each(casesOf(style))('f32: %s', async (_, shape, lengths) => {
    const errors = await compare(style, 'f32', shape, lengths);
    for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(1e-5);
  });

  test.runIf(device.f16).each(halfCases)('f16 storage: %s', async (_, shape, lengths) => {
    const errors = await compare(style, 'f16', shape, lengths);
    for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(2e-3);
  });

  test('large scores neither overflow nor vanish', async () => {
    const { problem, qkv } = randomProblem({ heads: 1, kvHeads: 1, headDim: 32, scale: 40 }, [50]);
    const { out } = await run(style, 'f32', problem, qkv, problem.tokens);
    expect(relativeError(out, attentionForwardRef(problem, qkv).out)).toBeLessThan(1e-4);
  });

  test('rows past the live ones change nothing', async () => {
    const { problem, qkv, dOut, rope } = randomProblem({ heads: 2, kvHeads: 1, headDim: 32 }, [21, 16]);
    const capacity = 101;
    const live = await run(style, 'f32', problem, qkv, problem.tokens, { dOut, rope });
    const padded = await run(style, 'f32', problem, qkv, capacity, { dOut, rope });
    for (const name of ['out', 'lse', 'delta', 'dQkv'] as const) {
      expect(padded[name].slice(0, live[name].length), name).toEqual(live[name]);
    }
  });

  test('the same bits on every run', async () => {
    const { problem, qkv, dOut, rope } = randomProblem({ heads: 4, kvHeads: 2, headDim: 32 }, [64, 30]);
    const once = await run(style, 'f32', problem, qkv, problem.tokens, { dOut, rope });
    expect(await run(style, 'f32', problem, qkv, problem.tokens, { dOut, rope })).toEqual(once);
  });

  // A cache that is longer than what it holds, in two pieces and then token by token, against one pass over all.
  test.each(generations)(
    'generation, width %i, window %i, cache in %s, %i query heads a key head',
    async (headDim, window, dtype, group) => {
      const kvHeads = 2;
      const shape = { heads: kvHeads * group, kvHeads, headDim, window };
      const { problem, qkv } = randomProblem(shape, [300], dtype === 'f16' ? toF16 : Math.fround);
      const expected = attentionForwardRef(problem, qkv).out;
      const width = shape.heads * headDim;
      for (const [past, tokens, capacity] of [
        [0, 37, 40],
        [37, 13, 40],
        [0, 1, 1],
        [5, 1, 1],
        [131, 1, 1],
        [299, 1, 1]
      ]) {
        const found = await generate(style, dtype, problem, qkv, past, tokens, capacity);
        const wanted = expected.slice(past * width, (past + tokens) * width);
        expect(relativeError(found, wanted), `${tokens} after ${past}`).toBeLessThan(
          dtype === 'f16' ? 2e-3 : 1e-5
        );
      }
    }
  );
});

test('a head of 128 after a long cache', async () => {
  const { problem, qkv } = randomProblem({ heads: 2, kvHeads: 1, headDim: 128 }, [1100]);
  const expected = attentionForwardRef(problem, qkv).out.slice(-256);
  for (const style of styles) {
    expect(
      relativeError(await generate(style, 'f32', problem, qkv, 1099, 1, 1), expected),
      style
    ).toBeLessThan(1e-5);
  }
});

function toF16(value: number): number {
  return f16BitsToF32(f32ToF16Bits(Math.fround(value)));
}

/** Largest absolute error over largest absolute value; NaN when anything is NaN. */
function relativeError(found: ArrayLike<number>, expected: Float64Array): number {
  let [error, size] = [0, 0];
  expected.forEach((value, i) => {
    error = Math.max(error, Math.abs(found[i] - value));
    size = Math.max(size, Math.abs(value));
  });
  return error / size;
}

async function compare(
  style: Style,
  dtype: Dtype,
  shape: Shape,
  lengths: number[]
): Promise<Record<string, number>> {
  const { problem, qkv, dOut, rope } = randomProblem(shape, lengths, dtype === 'f16' ? toF16 : Math.fround);
  const found = await run(style, dtype, problem, qkv, problem.tokens, { dOut, rope });
  const forward = attentionForwardRef(problem, qkv);
  const backward = attentionBackwardRef(problem, qkv, dOut, rope);
  return {
    out: relativeError(found.out, forward.out),
    lse: relativeError(found.lse, forward.lse),
    delta: relativeError(found.delta, backward.delta),
    dQkv: relativeError(found.dQkv, backward.dQkv)
  };
}

interface Results {
  out: Float32Array;
  lse: Float32Array;
  delta: Float32Array;
  dQkv: Float32Array;
}

/** Forward and both backwards over tensors with room for `capacity` rows, of which the problem's are live. */
async function run(
  style: Style,
  dtype: Dtype,
  problem: AttentionProblem,
  qkv: Float64Array,
  capacity: number,
  gradient?: { dOut: Float64Array; rope: Float64Array }
): Promise<Results> {
  const { heads, kvHeads, headDim } = problem;
  const width = (heads + 2 * kvHeads) * headDim;
  const t = {
    qkv: transient('qkv', capacity * width, dtype),
    spans: transient('spans', capacity * 2, 'u32'),
    out: transient('out', capacity * heads * headDim, dtype),
    lse: transient('lse', capacity * heads),
    dOut: transient('dOut', capacity * heads * headDim),
    rope: transient('rope', capacity * headDim),
    delta: transient('delta', capacity * heads),
    dQkv: transient('dQkv', capacity * width)
  };
  const shape = { ...problem, tokens: capacity, style };
  const kernels = [
    attentionForward({
      ...shape,
      q: t.qkv,
      qStride: width,
      qOffset: 0,
      kv: t.qkv,
      kvStride: width,
      kOffset: heads * headDim,
      vOffset: (heads + kvHeads) * headDim,
      kvRows: capacity,
      spans: t.spans,
      out: t.out,
      lse: t.lse
    })
  ];
  const inputs = new Map<Tensor, Float32Array | Uint32Array>([
    [t.qkv, padded(qkv, t.qkv.length)],
    [t.spans, Uint32Array.from({ length: capacity * 2 }, (_, i) => problem.spans[i] ?? 0)]
  ]);
  const outputs: Tensor[] = [t.out, t.lse];
  if (gradient) {
    const args = {
      ...shape,
      qkv: t.qkv,
      dOut: t.dOut,
      lse: t.lse,
      spans: t.spans,
      rope: t.rope,
      dQkv: t.dQkv,
      delta: t.delta
    };
    kernels.push(attentionBackwardQuery({ ...args, out: t.out }), attentionBackwardKeyValue(args));
    inputs
      .set(t.dOut, padded(gradient.dOut, t.dOut.length))
      .set(t.rope, padded(gradient.rope, t.rope.length));
    outputs.push(t.delta, t.dQkv);
  }
  const found = await runKernels(device, kernels, inputs, outputs, { tokens: problem.tokens });
  const get = (tensor: Tensor) => (found.get(tensor) ?? new Float32Array()) as Float32Array;
  return { out: get(t.out), lse: get(t.lse), delta: get(t.delta), dQkv: get(t.dQkv) };
}

/** Padding rows hold NaN: whoever mixes them into a live row is found out. */
function padded(values: Float64Array, length: number): Float32Array {
  const result = new Float32Array(length).fill(Number.NaN);
  result.set(values.slice(0, length));
  return result;
}

/** Attention of `tokens` query rows after `past` cached ones; rows of the cache that no row may see hold NaN. */
async function generate(
  style: Style,
  dtype: Dtype,
  problem: AttentionProblem,
  qkv: Float64Array,
  past: number,
  tokens: number,
  capacity: number
): Promise<Float32Array> {
  const { heads, kvHeads, headDim } = problem;
  const width = (heads + 2 * kvHeads) * headDim;
  const kvWidth = 2 * kvHeads * headDim;
  const kvRows = problem.tokens + 5;
  const q = transient('qkv', capacity * width);
  const kv = transient('cache', kvRows * kvWidth, dtype);
  const out = transient('out', capacity * heads * headDim);
  const cache = new Float32Array(kvRows * kvWidth).fill(Number.NaN);
  for (let row = 0; row < past + tokens; row++) {
    cache.set(qkv.slice(row * width + heads * headDim, (row + 1) * width), row * kvWidth);
  }
  const kernel = attentionForward({
    ...problem,
    style,
    tokens: capacity,
    q,
    qStride: width,
    qOffset: 0,
    kv,
    kvStride: kvWidth,
    kOffset: 0,
    vOffset: kvHeads * headDim,
    kvRows,
    spans: transient('spans', capacity * 2, 'u32'),
    out,
    cached: true
  });
  const inputs = new Map<Tensor, Float32Array>([
    [q, padded(qkv.slice(past * width, (past + tokens) * width), q.length)],
    [kv, cache]
  ]);
  const found = await runKernels(device, [kernel], inputs, [out], { tokens, past });
  return found.get(out) as Float32Array;
}
