/** Element types that a tensor can have in GPU memory. `f16` needs the device feature `shader-f16`. */
export type Dtype = 'f32' | 'f16' | 'u32';

export const bytesPerElement: Record<Dtype, number> = { f32: 4, f16: 2, u32: 4 };

/**
 * What decides when a tensor's memory may be shared.
 * - `persistent`: lives as long as the plan (weights, adapter, optimizer state, inputs).
 * - `transient`: lives from the first to the last dispatch that names it; the planner reuses its memory.
 */
export type Lifetime = 'persistent' | 'transient';

/** A tensor of a plan: a name, a type and a size. It has no memory until the plan is built. */
export interface Tensor {
  readonly label: string;
  readonly dtype: Dtype;
  /** Number of elements. */
  readonly length: number;
  readonly lifetime: Lifetime;
}

/** Bytes of a tensor, rounded up to whole 32-bit words as WebGPU wants them. */
export function tensorBytes(tensor: Pick<Tensor, 'dtype' | 'length'>): number {
  return Math.ceil((Math.max(tensor.length, 1) * bytesPerElement[tensor.dtype]) / 4) * 4;
}

export function transient(label: string, length: number, dtype: Dtype = 'f32'): Tensor {
  return { label, dtype, length, lifetime: 'transient' };
}

export function persistent(label: string, length: number, dtype: Dtype = 'f32'): Tensor {
  return { label, dtype, length, lifetime: 'persistent' };
}
