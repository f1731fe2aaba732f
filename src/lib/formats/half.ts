/**
 * 16-bit floats. F16 is IEEE 754 binary16, BF16 the upper half of binary32. All widening is exact.
 * Platforms with WebGPU are little endian, as are all formats here.
 */

/** 2^(e-15) for the 5-bit exponents of F16; exponent 0 is subnormal and shares 2^-14. */
const F16_SCALE = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 15));

/** The value of one F16 bit pattern. */
export function f16ToNumber(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  let magnitude: number;
  if (exponent === 31) magnitude = fraction === 0 ? Infinity : NaN;
  else magnitude = (exponent === 0 ? fraction : fraction + 1024) * F16_SCALE[exponent] * 2 ** -10;
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** The F16 bit pattern nearest to `value`, ties to even; overflow becomes infinity. */
export function numberToF16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  // In units of the last place of its binade; adding a full binade's worth of units carries into the exponent.
  const exponent = magnitude < 2 ** -14 ? -14 : Math.floor(Math.log2(magnitude));
  const units = roundHalfEven(magnitude / 2 ** (exponent - 10));
  return sign | (((exponent + 14) << 10) + units);
}

/** Widens F16 values (little-endian bytes) into `out`, f32. */
export function f16ToF32(bytes: Uint8Array, out: Float32Array): void {
  const source = new Uint16Array(bytes.buffer, bytes.byteOffset, out.length);
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < source.length; i++) {
    const half = source[i];
    const magnitude = half & 0x7fff;
    const sign = (half & 0x8000) << 16;
    if (magnitude >= 0x7c00) bits[i] = sign | 0x7f800000 | ((magnitude & 0x3ff) << 13);
    else if (magnitude >= 0x400) bits[i] = sign | ((magnitude << 13) + 0x38000000);
    else out[i] = sign === 0 ? magnitude * 2 ** -24 : -(magnitude * 2 ** -24);
  }
}

/** Widens BF16 values (little-endian bytes) into `out`, f32. */
export function bf16ToF32(bytes: Uint8Array, out: Float32Array): void {
  const source = new Uint16Array(bytes.buffer, bytes.byteOffset, out.length);
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i] << 16;
}

/** Narrows f32 values to F16 bit patterns, ties to even. */
export function f32ToF16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, numberToF16);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
