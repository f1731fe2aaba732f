/** What the engine asks of a loaded model; satisfied by every checkpoint here, whatever its file format. */

/**
 * A matrix as bitsandbytes stores it in NF4 with blocks of 64 values, in row-major order.
 * value[i] = map[code i] * absmax[i / 64], where a double-quantised absmax is
 * nestedMap[absmax[b]] * nestedAbsmax[b / 256] + nestedOffset.
 */
export interface Nf4Tensor {
  readonly shape: [number, number];
  /** Two codes a byte, the first in the high nibble; n/2 bytes. */
  readonly codes: Uint8Array;
  /** One per 64 values: 8-bit codes when double-quantised, else f32. */
  readonly absmax: Uint8Array | Float32Array;
  /** One per 256 absmax. */
  readonly nestedAbsmax?: Float32Array;
  readonly nestedOffset?: number;
  /** 256 entries. */
  readonly nestedMap?: Float32Array;
  /** 16 entries. */
  readonly map: Float32Array;
}

/** Tensors by their Hugging Face names, read on demand. */
export interface WeightSource {
  has(name: string): boolean;
  /** Row-major shape; a projection's is [out, in]. */
  shape(name: string): readonly number[];
  /** The values as f32 in row-major order, in chunks of free length, at most CHUNK_VALUES each. */
  stream(name: string, signal?: AbortSignal): AsyncIterable<Float32Array>;
  /** The NF4 bytes, only where the checkpoint stores them. */
  nf4(name: string, signal?: AbortSignal): Promise<Nf4Tensor | undefined>;
}

/** Longest chunk that `stream` yields: 4 MiB of f32. */
export const CHUNK_VALUES = 2 ** 20;
