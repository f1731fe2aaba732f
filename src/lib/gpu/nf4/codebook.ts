/**
 * The two codebooks of NF4: the 16 values of a weight code, and the 256 values of an absmax code.
 * Both are f32 values and agree with bitsandbytes to the bit.
 */

/**
 * Values of the 16 NF4 codes, ascending: quantiles of a normal distribution scaled to [-1, 1], with an exact zero.
 * Source: QLoRA (arXiv 2305.14314), appendix E, as bitsandbytes rounds them to f32.
 */
export const nf4Codebook: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1
];

/** Where one code ends and the next begins: f32 midpoints of neighbouring values. A value on one takes the lower code. */
export function midpoints(values: ArrayLike<number>): Float32Array {
  const between = new Float32Array(values.length - 1);
  for (let i = 0; i < between.length; i++) between[i] = Math.fround(values[i] + values[i + 1]) / 2;
  return between;
}

/**
 * The signed dynamic map of 8-bit codes: sign, a unary exponent of base 10 and a linear fraction in the remaining
 * bits, ascending. Source: 8-bit Optimizers via Block-wise Quantization (arXiv 2110.02861), section 2.1.
 *
 * bitsandbytes makes it in f32, so its last bits depend on the order of operations: 2^i + 1 boundaries from 0.1 to 1
 * with a fused multiply-add a boundary, counted from the nearer end; then their means times the power of ten.
 */
export function dynamicMap(): Float32Array {
  const f32 = Math.fround;
  const values = [0, 1];
  for (let exponent = 0; exponent < 7; exponent++) {
    const power = f32(10 ** (exponent - 6));
    const boundaries = linspaceTenthToOne(2 ** exponent + 1);
    for (let i = 0; i + 1 < boundaries.length; i++) {
      const value = f32(power * (f32(boundaries[i] + boundaries[i + 1]) / 2));
      values.push(value, -value);
    }
  }
  return Float32Array.from(values.sort((a, b) => a - b));
}

function linspaceTenthToOne(count: number): Float32Array {
  const first = Math.fround(0.1);
  const step = Math.fround(Math.fround(1 - first) / (count - 1));
  const out = new Float32Array(count);
  // The product is exact in f64, so the only rounding is that of the store.
  for (let i = 0; i < count; i++) out[i] = i < count >> 1 ? first + step * i : 1 - step * (count - 1 - i);
  return out;
}
