import { f16ToNumber, bf16ToF32, f16ToF32 } from './half';

/**
 * Dequantisation of ggml's block formats, value for value what ggml's reference gives in f32. Block layouts from
 * ggml-common.h; `d` and `m` are a block's scale and offset (F16), `q` its integers.
 *
 * Every product below is exact in double precision, so storing to f32 rounds once, as ggml's f32 arithmetic does.
 */

/** Writes `out.length` values, a whole number of blocks, from the blocks in `bytes`. */
export type Dequantizer = (bytes: Uint8Array, out: Float32Array) => void;

/** The F16 at byte `at`. */
function half(bytes: Uint8Array, at: number): number {
  return f16ToNumber(bytes[at] | (bytes[at + 1] << 8));
}

/** f32 values as they are. */
const f32: Dequantizer = (bytes, out) => {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes.subarray(0, out.byteLength));
};

/** { d; 32 x i8 }: value = d * q. */
const q8_0: Dequantizer = (bytes, out) => {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let o = 0, at = 0; o < out.length; o += 32, at += 34) {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) out[o + i] = d * signed[at + 2 + i];
  }
};

/** { d; 16 bytes: low nibbles are values 0..15, high nibbles 16..31 }: value = d * (q - 8). */
const q4_0: Dequantizer = (bytes, out) => {
  for (let o = 0, at = 0; o < out.length; o += 32, at += 18) {
    const d = half(bytes, at);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 2 + i];
      out[o + i] = d * ((q & 15) - 8);
      out[o + 16 + i] = d * ((q >> 4) - 8);
    }
  }
};

/** { d; m; nibbles as in Q4_0 }: value = d * q + m. */
const q4_1: Dequantizer = (bytes, out) => {
  for (let o = 0, at = 0; o < out.length; o += 32, at += 20) {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 4 + i];
      out[o + i] = d * (q & 15) + m;
      out[o + 16 + i] = d * (q >> 4) + m;
    }
  }
};

/** { d; 32 fifth bits; nibbles as in Q4_0 }: value = d * (q - 16). */
const q5_0: Dequantizer = (bytes, out) => {
  for (let o = 0, at = 0; o < out.length; o += 32, at += 22) {
    const d = half(bytes, at);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 6 + i];
      out[o + i] = d * (((q & 15) | fifthBit(bytes, at + 2, i)) - 16);
      out[o + 16 + i] = d * (((q >> 4) | fifthBit(bytes, at + 2, i + 16)) - 16);
    }
  }
};

/** { d; m; 32 fifth bits; nibbles as in Q4_0 }: value = d * q + m. */
const q5_1: Dequantizer = (bytes, out) => {
  for (let o = 0, at = 0; o < out.length; o += 32, at += 24) {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const q = bytes[at + 8 + i];
      out[o + i] = d * ((q & 15) | fifthBit(bytes, at + 4, i)) + m;
      out[o + 16 + i] = d * ((q >> 4) | fifthBit(bytes, at + 4, i + 16)) + m;
    }
  }
};

/** Bit `i` of the little-endian bit field at `at`, as the value 16 or 0. */
function fifthBit(bytes: Uint8Array, at: number, i: number): number {
  return ((bytes[at + (i >> 3)] >> (i & 7)) & 1) << 4;
}

/**
 * { d; dmin; 12 bytes of eight 6-bit scales and mins; 128 bytes of nibbles }, 256 values in eight sub-blocks of 32.
 * Each 32 bytes hold two sub-blocks: the first in the low nibbles, the second in the high ones.
 * value = d * scale * q - dmin * min.
 */
const q4_K: Dequantizer = (bytes, out) => {
  for (let block = 0, at = 0; block < out.length; block += 256, at += 144) {
    const d = half(bytes, at);
    const dmin = half(bytes, at + 2);
    for (let sub = 0; sub < 8; sub++) {
      const scale = d * scale6(bytes, at + 4, sub);
      const min = dmin * min6(bytes, at + 4, sub);
      const shift = (sub & 1) * 4;
      const codes = at + 16 + (sub >> 1) * 32;
      const o = block + sub * 32;
      for (let i = 0; i < 32; i++) out[o + i] = scale * ((bytes[codes + i] >> shift) & 15) - min;
    }
  }
};

/**
 * Q4_K with 32 bytes of fifth bits between scales and nibbles: bit `sub` of byte `i` belongs to value `i` of
 * sub-block `sub`.
 */
const q5_K: Dequantizer = (bytes, out) => {
  for (let block = 0, at = 0; block < out.length; block += 256, at += 176) {
    const d = half(bytes, at);
    const dmin = half(bytes, at + 2);
    for (let sub = 0; sub < 8; sub++) {
      const scale = d * scale6(bytes, at + 4, sub);
      const min = dmin * min6(bytes, at + 4, sub);
      const shift = (sub & 1) * 4;
      const high = at + 16;
      const codes = at + 48 + (sub >> 1) * 32;
      const o = block + sub * 32;
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[codes + i] >> shift) & 15) | (((bytes[high + i] >> sub) & 1) << 4);
        out[o + i] = scale * q - min;
      }
    }
  }
};

/** The 6-bit scale of sub-block `sub`: the first four lie whole in bytes 0..3, the others in two parts. */
function scale6(bytes: Uint8Array, at: number, sub: number): number {
  if (sub < 4) return bytes[at + sub] & 63;
  return (bytes[at + sub + 4] & 15) | ((bytes[at + sub - 4] >> 6) << 4);
}

/** The 6-bit min of sub-block `sub`, packed like the scales, from byte 4 on. */
function min6(bytes: Uint8Array, at: number, sub: number): number {
  if (sub < 4) return bytes[at + sub + 4] & 63;
  return (bytes[at + sub + 4] >> 4) | ((bytes[at + sub] >> 6) << 4);
}

/**
 * { 128 bytes of low nibbles; 64 bytes of upper bit pairs; 16 i8 scales; d }, 256 values in two halves of 128.
 * In a half, group g (of four, 32 values each) takes nibble g >> 1 of low byte i + 32 * (g & 1), and bit pair g of
 * upper byte i; there is a scale per 16 values. value = d * scale * (q - 32).
 */
const q6_K: Dequantizer = (bytes, out) => {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let block = 0, at = 0; block < out.length; block += 256, at += 210) {
    const d = half(bytes, at + 208);
    for (let run = 0; run < 16; run++) {
      // A run is the 16 values under one scale.
      const scale = d * signed[at + 192 + run];
      const halfIndex = run >> 3;
      const group = (run >> 1) & 3;
      const inGroup = (run & 1) * 16;
      const low = at + halfIndex * 64 + (group & 1) * 32 + inGroup;
      const high = at + 128 + halfIndex * 32 + inGroup;
      const lowShift = (group >> 1) * 4;
      const highShift = group * 2;
      const o = block + run * 16;
      for (let i = 0; i < 16; i++) {
        const q = ((bytes[low + i] >> lowShift) & 15) | (((bytes[high + i] >> highShift) & 3) << 4);
        out[o + i] = scale * (q - 32);
      }
    }
  }
};

/** The readable formats by ggml's name. */
export const DEQUANTIZERS: ReadonlyMap<string, Dequantizer> = new Map([
  ['F32', f32],
  ['F16', f16ToF32],
  ['BF16', bf16ToF32],
  ['Q8_0', q8_0],
  ['Q4_0', q4_0],
  ['Q4_1', q4_1],
  ['Q5_0', q5_0],
  ['Q5_1', q5_1],
  ['Q4_K', q4_K],
  ['Q5_K', q5_K],
  ['Q6_K', q6_K]
]);
