import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { openGguf } from './gguf';
import { streamTensor } from './gguf-checkpoint';
import { DEQUANTIZERS } from './gguf-dequant';
import { GGML_TYPES } from './gguf-types';
import { f16ToNumber } from './half';
import { fromFile } from './node-source';
import { collect, firstDifference, golden, goldenF32 } from './testing';

/**
 * Twins that look one value up at a time, bit by bit: `bit(n)` is bit n of the block, `half(at)` the F16 at a byte.
 * They share nothing with the code under test but the meaning of the layout.
 */
interface Block {
  bits(first: number, count: number): number;
  half(at: number): number;
}

function blockOf(bytes: Uint8Array): Block {
  const bits = (first: number, count: number) => {
    let value = 0;
    for (let i = 0; i < count; i++) value += ((bytes[(first + i) >> 3] >> ((first + i) & 7)) & 1) * 2 ** i;
    return value;
  };
  return { bits, half: (at) => f16ToNumber(bits(at * 8, 16)) };
}

const signed = (value: number, bits: number) => (value >= 2 ** (bits - 1) ? value - 2 ** bits : value);
const f = Math.fround;

/** Nibble of value i in 16 bytes from `at`: low nibbles first, then high ones. */
const nibble = (b: Block, at: number, i: number) => b.bits((at + (i % 16)) * 8 + (i < 16 ? 0 : 4), 4);

/** The eight 6-bit scales and mins of a K block, from the 12 bytes at 4. */
function scaleAndMin(b: Block, sub: number): [number, number] {
  const byte = (i: number) => (4 + i) * 8;
  if (sub < 4) return [b.bits(byte(sub), 6), b.bits(byte(sub + 4), 6)];
  return [
    b.bits(byte(sub + 4), 4) + 16 * b.bits(byte(sub - 4) + 6, 2),
    b.bits(byte(sub + 4) + 4, 4) + 16 * b.bits(byte(sub) + 6, 2)
  ];
}

const TWINS: Record<string, (b: Block, i: number) => number> = {
  Q8_0: (b, i) => f(b.half(0) * signed(b.bits((2 + i) * 8, 8), 8)),
  Q4_0: (b, i) => f(b.half(0) * (nibble(b, 2, i) - 8)),
  Q4_1: (b, i) => f(f(b.half(0) * nibble(b, 4, i)) + b.half(2)),
  Q5_0: (b, i) => f(b.half(0) * (nibble(b, 6, i) + 16 * b.bits(16 + i, 1) - 16)),
  Q5_1: (b, i) => f(f(b.half(0) * (nibble(b, 8, i) + 16 * b.bits(32 + i, 1))) + b.half(2)),
  Q4_K: (b, i) => {
    const [scale, min] = scaleAndMin(b, Math.floor(i / 32));
    const q = b.bits((16 + Math.floor(i / 64) * 32 + (i % 32)) * 8 + (i % 64 < 32 ? 0 : 4), 4);
    return f(f(f(b.half(0) * scale) * q) - f(b.half(2) * min));
  },
  Q5_K: (b, i) => {
    const sub = Math.floor(i / 32);
    const [scale, min] = scaleAndMin(b, sub);
    const low = b.bits((48 + Math.floor(i / 64) * 32 + (i % 32)) * 8 + (i % 64 < 32 ? 0 : 4), 4);
    const q = low + 16 * b.bits((16 + (i % 32)) * 8 + sub, 1);
    return f(f(f(b.half(0) * scale) * q) - f(b.half(2) * min));
  },
  Q6_K: (b, i) => {
    const [half, rest] = [Math.floor(i / 128), i % 128];
    const [group, within] = [Math.floor(rest / 32), rest % 32];
    const low = b.bits((half * 64 + (group % 2) * 32 + within) * 8 + (group < 2 ? 0 : 4), 4);
    const high = b.bits((128 + half * 32 + within) * 8 + group * 2, 2);
    const scale = signed(b.bits((192 + Math.floor(i / 16)) * 8, 8), 8);
    return f(f(b.half(208) * scale) * (low + 16 * high - 32));
  }
};

describe.each(Object.keys(TWINS))('%s', (name) => {
  const type = [...GGML_TYPES.values()].find((candidate) => candidate.name === name)!;

  it('equals its bit-by-bit twin on any bytes with finite scales', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2 * type.bytes, maxLength: 2 * type.bytes }), (bytes) => {
        const out = new Float32Array(2 * type.values);
        DEQUANTIZERS.get(name)!(bytes, out);
        const blocks = [blockOf(bytes.subarray(0, type.bytes)), blockOf(bytes.subarray(type.bytes))];
        const expected = out.map((_, i) => TWINS[name](blocks[Math.floor(i / type.values)], i % type.values));
        // toEqual holds NaN equal to NaN: a NaN scale gives NaN in either.
        expect([...out]).toEqual([...expected]);
      }),
      fuzz(100)
    );
  });
});

it('every readable type equals gguf-py on its golden, to the bit', async () => {
  const file = await openGguf(await fromFile(golden('gguf/types.gguf')));
  const expected = await goldenF32('gguf/types.f32');
  expect(new Set(file.tensors.keys())).toEqual(new Set(DEQUANTIZERS.keys()));
  let at = 0;
  for (const tensor of file.tensors.values()) {
    const actual = await collect(streamTensor(file.source, tensor, 512));
    expect(firstDifference(actual, expected.subarray(at, at + actual.length)), tensor.name).toBeUndefined();
    at += actual.length;
  }
  expect(at).toBe(expected.length);
});
