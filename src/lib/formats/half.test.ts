import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { bf16ToF32, f16ToF32, f16ToNumber, f32ToF16, numberToF16 } from './half';

/** IEEE 754 binary16, read off its definition. */
function twin(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const everyHalf = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

describe('F16', () => {
  it('widens every bit pattern to its value', () => {
    const wide = new Float32Array(65536);
    f16ToF32(new Uint8Array(everyHalf.buffer), wide);
    for (const bits of everyHalf) {
      if (!Object.is(wide[bits], twin(bits)))
        expect.fail(`pattern ${bits}: ${wide[bits]}, not ${twin(bits)}`);
      if (!Object.is(f16ToNumber(bits), twin(bits))) expect.fail(`pattern ${bits}: ${f16ToNumber(bits)}`);
    }
  });

  it('narrows every F16 value to its own pattern', () => {
    for (const bits of everyHalf) {
      const value = twin(bits);
      if (!Number.isNaN(value) && numberToF16(value) !== bits)
        expect.fail(`pattern ${bits}: ${numberToF16(value)}`);
    }
    expect(numberToF16(NaN)).toBe(0x7e00);
  });

  it('narrows to the nearest value, ties to even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7bfe }), (bits) => {
        const [low, high] = [twin(bits), twin(bits + 1)];
        const middle = (low + high) / 2;
        const even = bits % 2 === 0 ? bits : bits + 1;
        expect([...f32ToF16(new Float32Array([middle, -middle]))]).toEqual([even, even | 0x8000]);
        expect(numberToF16(middle - (high - low) / 1024)).toBe(bits);
        expect(numberToF16(middle + (high - low) / 1024)).toBe(bits + 1);
      }),
      fuzz(100)
    );
    expect([65519, 65520, 1e9].map(numberToF16)).toEqual([0x7bff, 0x7c00, 0x7c00]);
  });
});

it('BF16 is the upper half of an f32', () => {
  const wide = new Float32Array(4);
  bf16ToF32(new Uint8Array(new Uint16Array([0x3f80, 0xbf80, 0x7f80, 0x0001]).buffer), wide);
  expect([...wide]).toEqual([1, -1, Infinity, 2 ** -133]);
});
