import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { f16BitsToF32, f32ToF16Bits } from './float16';

test('every half-precision value survives the way to f32 and back', () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = f16BitsToF32(bits);
    if (Number.isNaN(value)) expect(Number.isNaN(f16BitsToF32(f32ToF16Bits(value)))).toBe(true);
    else expect(f32ToF16Bits(value)).toBe(bits);
  }
});

test('an f32 becomes the nearest half, ties to the even one', () => {
  fc.assert(
    fc.property(fc.float({ min: -65000, max: 65000, noNaN: true }), (value) => {
      const bits = f32ToF16Bits(value);
      const error = Math.abs(f16BitsToF32(bits) - value);
      for (const neighbour of [bits - 1, bits + 1]) {
        const other = f16BitsToF32(neighbour & 0xffff);
        if (!Number.isFinite(other) || Math.sign(other) !== Math.sign(value)) continue;
        const distance = Math.abs(other - value);
        expect(error < distance || (error === distance && (bits & 1) === 0)).toBe(true);
      }
    }),
    fuzz(2000)
  );
});

test('what is too large becomes infinite, and NaN stays NaN', () => {
  expect(f16BitsToF32(f32ToF16Bits(1e6))).toBe(Infinity);
  expect(f16BitsToF32(f32ToF16Bits(-65520))).toBe(-Infinity);
  expect(f16BitsToF32(f32ToF16Bits(65519))).toBe(65504);
  expect(f16BitsToF32(f32ToF16Bits(NaN))).toBeNaN();
});
