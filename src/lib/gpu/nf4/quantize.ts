import { TabtuneError } from '../../errors';
import { dynamicMap, midpoints, nf4Codebook } from './codebook';
import { blockAbsmax, blockLength, nestedLength, type Nf4Tensor } from './layout';

/** A weight is NaN or infinite: no absmax can scale its block. */
export class NonFiniteWeightError extends TabtuneError {}

/** More or fewer values arrived than the tensor's shape says. */
export class WeightCountError extends TabtuneError {}

/** f32(1e-38): what an absmax is raised to before its reciprocal is taken, so that a block of zeros divides by something. */
const smallestAbsmax = Math.fround(1e-38);

/** Cells a unit in which [-1, 1] is cut to look codes up; most hold no midpoint, so that a walk from a cell's start ends at once. */
const cellsPerUnit = 4096;

/** A table that finds how many of some ascending limits a value in [-1, 1] exceeds. */
interface CodeSearch {
  /** Number of limits below each cell's lower edge. */
  readonly start: Uint8Array;
  /** The limits, then infinity. */
  readonly limits: Float64Array;
}

/**
 * Quantises one matrix to NF4 with double quantisation while its values stream in, byte for byte as bitsandbytes does
 * (`quantize_4bit(quant_type='nf4', blocksize=64, compress_statistics=True)`; the arithmetic is written down in
 * tests/goldens/nf4/README.md). All arithmetic is f32: `Math.fround` of an f64 product of two f32 is the f32 product.
 *
 * Holds the result (half a byte a value) and 4 bytes per 64 values until {@link finish}.
 */
export class Nf4Quantizer {
  readonly #name: string;
  readonly #shape: readonly [number, number];
  readonly #count: number;
  readonly #codes: Uint8Array;
  readonly #absmax: Float32Array;
  /** Values of a block whose rest has not come yet. */
  readonly #carry = new Float32Array(blockLength);
  readonly #search = codeSearch(nf4Codebook);
  #carried = 0;
  #done = 0;

  /**
   * @param name for error messages
   * @param shape [rows, columns], row-major
   */
  constructor(name: string, shape: readonly [number, number]) {
    this.#name = name;
    this.#shape = shape;
    this.#count = shape[0] * shape[1];
    this.#codes = new Uint8Array(Math.ceil(this.#count / 2));
    this.#absmax = new Float32Array(Math.ceil(this.#count / blockLength));
  }

  /**
   * Takes the next values in row-major order; any number of them.
   * @throws WeightCountError, NonFiniteWeightError
   */
  push(values: Float32Array): void {
    if (this.#done + this.#carried + values.length > this.#count) {
      throw this.#countError(this.#done + this.#carried + values.length);
    }
    let at = 0;
    if (this.#carried > 0) {
      at = Math.min(blockLength - this.#carried, values.length);
      this.#carry.set(values.subarray(0, at), this.#carried);
      this.#carried += at;
      if (this.#carried < blockLength) return;
      this.#carried = 0;
      this.#quantizeBlock(this.#carry, 0, blockLength);
    }
    for (; at + blockLength <= values.length; at += blockLength) this.#quantizeBlock(values, at, blockLength);
    this.#carry.set(values.subarray(at));
    this.#carried = values.length - at;
  }

  /**
   * The quantised matrix, once all values have come.
   * @throws WeightCountError, NonFiniteWeightError
   */
  finish(): Nf4Tensor {
    if (this.#done + this.#carried !== this.#count) throw this.#countError(this.#done + this.#carried);
    if (this.#carried > 0) this.#quantizeBlock(this.#carry, 0, this.#carried);
    this.#carried = 0;
    return {
      shape: [this.#shape[0], this.#shape[1]],
      codes: this.#codes,
      ...quantizeAbsmax(this.#absmax),
      map: Float32Array.from(nf4Codebook)
    };
  }

  #quantizeBlock(values: Float32Array, at: number, length: number): void {
    let absmax = 0;
    let sum = 0;
    for (let i = at; i < at + length; i++) {
      const magnitude = Math.abs(values[i]);
      sum += magnitude;
      if (magnitude > absmax) absmax = magnitude;
    }
    // The f64 sum of 64 f32 magnitudes is finite exactly when all of them are.
    if (!(sum < Infinity)) throw this.#nonFinite(values, at, length);
    this.#absmax[this.#done / blockLength] = absmax;
    const inverse = Math.fround(1 / Math.max(absmax, smallestAbsmax));
    const { start, limits } = this.#search;
    const codes = this.#codes;
    let byte = this.#done >> 1;
    for (let i = at; i < at + length; i += 2) {
      // At most a rounding above 1, which falls into the last cell: bitsandbytes' clamp to [-1, 1] changes nothing.
      const a = Math.fround(values[i] * inverse);
      let high = start[(a * cellsPerUnit + cellsPerUnit) | 0];
      while (a > limits[high]) high++;
      // An odd end is padded with a zero.
      const b = i + 1 < at + length ? Math.fround(values[i + 1] * inverse) : 0;
      let low = start[(b * cellsPerUnit + cellsPerUnit) | 0];
      while (b > limits[low]) low++;
      codes[byte++] = (high << 4) | low;
    }
    this.#done += length;
  }

  #countError(count: number): WeightCountError {
    const [rows, columns] = this.#shape;
    return new WeightCountError(
      `${this.#name}: ${rows} x ${columns} needs ${this.#count} values, ${count} came. The file is cut short or its header is wrong: download it again.`,
      { details: { tensor: this.#name, shape: [rows, columns], expected: this.#count, actual: count } }
    );
  }

  #nonFinite(values: Float32Array, at: number, length: number): NonFiniteWeightError {
    const bad = values.subarray(at, at + length).findIndex((v) => !Number.isFinite(v));
    const index = this.#done + bad;
    const columns = this.#shape[1];
    const [row, column] = [Math.floor(index / columns), index % columns];
    return new NonFiniteWeightError(
      `${this.#name}: the weight in row ${row}, column ${column} is ${values[at + bad]}. The file is damaged or the model diverged: choose another.`,
      { details: { tensor: this.#name, row, column, value: String(values[at + bad]) } }
    );
  }
}

function codeSearch(codebook: ArrayLike<number>): CodeSearch {
  const limits = Float64Array.of(...midpoints(codebook), Infinity);
  // One cell for 1 itself.
  const start = new Uint8Array(2 * cellsPerUnit + 1);
  let below = 0;
  for (let cell = 0; cell < start.length; cell++) {
    while (limits[below] < cell / cellsPerUnit - 1) below++;
    start[cell] = below;
  }
  return { start, limits };
}

/**
 * Double quantisation of absmax values: their mean is taken off, the rest goes to 8 bits in blocks of 256.
 * The mean is summed in f64 and rounded once: PyTorch's own sum depends on the processor in its last bit.
 * @param absmax f32, one per 64 weights
 */
export function quantizeAbsmax(absmax: Float32Array): {
  absmax: Uint8Array;
  nestedAbsmax: Float32Array;
  nestedOffset: number;
  nestedMap: Float32Array;
} {
  const nestedMap = dynamicMap();
  const { start, limits } = codeSearch(nestedMap);
  const nestedOffset = Math.fround(
    absmax.reduce((sum, value) => sum + value, 0) / Math.max(absmax.length, 1)
  );
  const centred = absmax.map((value) => value - nestedOffset);
  const nestedBlocks = Math.ceil(absmax.length / nestedLength);
  const nestedAbsmax = new Float32Array(nestedBlocks);
  const codes = new Uint8Array(absmax.length);
  for (let block = 0; block < nestedBlocks; block++) {
    const part = centred.subarray(block * nestedLength, (block + 1) * nestedLength);
    let largest = 0;
    for (const value of part) largest = Math.max(largest, Math.abs(value));
    nestedAbsmax[block] = largest;
    const inverse = Math.fround(1 / Math.max(largest, smallestAbsmax));
    for (let i = 0; i < part.length; i++) {
      const scaled = Math.fround(part[i] * inverse);
      let code = start[(scaled * cellsPerUnit + cellsPerUnit) | 0];
      while (scaled > limits[code]) code++;
      codes[block * nestedLength + i] = code;
    }
  }
  return { absmax: codes, nestedAbsmax, nestedOffset, nestedMap };
}

/**
 * Quantises values that are at hand as a whole.
 * @param values row-major, rows * columns of them
 * @throws WeightCountError, NonFiniteWeightError
 */
export function quantizeNf4(
  values: Float32Array,
  shape: readonly [number, number],
  name = 'matrix'
): Nf4Tensor {
  const quantizer = new Nf4Quantizer(name, shape);
  quantizer.push(values);
  return quantizer.finish();
}

/** The weights that a quantised matrix stands for: f32, row-major, each rounded once. */
export function dequantizeNf4(tensor: Nf4Tensor): Float32Array {
  const { codes, map } = tensor;
  const absmax = blockAbsmax(tensor);
  const out = new Float32Array(tensor.shape[0] * tensor.shape[1]);
  for (let i = 0; i < out.length; i++) {
    const code = i & 1 ? codes[i >> 1] & 15 : codes[i >> 1] >> 4;
    out[i] = map[code] * absmax[Math.floor(i / blockLength)];
  }
  return out;
}
