import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import type { WeightMatrix } from './weight';

/** What becomes of the product before it is stored. */
export type Epilogue =
  | { readonly kind: 'store' }
  /** out = product + residual; residual has out's shape. */
  | { readonly kind: 'residual'; readonly residual: Tensor }
  /** out += product: shards of one matrix add up. */
  | { readonly kind: 'accumulate' }
  /** Rotary embedding of all parts but the last (q and k of [q; k; v]). `rope`: f32 [rows, headDim / 2, 2], cosine and sine. */
  | { readonly kind: 'rope'; readonly rope: Tensor; readonly headDim: number }
  /** out = silu(gate) * up for weights [gate; up]. `gateUp`: [rows, 2 * out columns], kept for the backward pass. */
  | { readonly kind: 'swiglu'; readonly gateUp?: Tensor }
  /** The product is dL/d(silu(gate) * up); out = [d gate | d up], which may be `gateUp` itself. */
  | { readonly kind: 'swiglu-backward'; readonly gateUp: Tensor };

/**
 * The low-rank term. Forward: y += scale * projected · Bᵀ, part by part. Transposed: y += scale * projected · A.
 * `projected`: f32 [rows, stride].
 */
export interface LoraTerm {
  readonly projected: Tensor;
  /** Columns of `projected`, and the first of them that is this term's; parts * rank and 0 when absent. */
  readonly stride?: number;
  readonly column?: number;
  readonly matrix: Tensor;
  /** First element of B (forward; [stacked rows, rank]) or A (transposed; [parts * rank, columns]) in `matrix`. */
  readonly offset: number;
  readonly rank: number;
  readonly parts: number;
  readonly scale: number;
  /** Transposed only: the masks that the forward pass put on the adapter's input. */
  readonly dropout?: { readonly probability: number; readonly stream: number };
}

export interface MatmulArgs {
  readonly label: string;
  /** Capacity: rows of x and out. */
  readonly rows: number;
  /** Rows that count: the step's tokens, the trained tokens from `xRow` or `outRow` on, or all. */
  readonly live: 'tokens' | 'trained' | 'all';
  /** f32 or f16 [.., inner]; inner is weight.columns, or weight.rows when transposed. */
  readonly x: Tensor;
  /** Elements from one row of x to the next, and the first column that takes part; inner and 0 when absent. */
  readonly xStride?: number;
  readonly xColumn?: number;
  /** First row of x that is read; first row of out that is written. */
  readonly xRow?: number;
  readonly outRow?: number;
  /** First trained token of a chunk, for `live: 'trained'`. */
  readonly firstTrained?: number;
  readonly weight: WeightMatrix;
  /** false: y = x · Wᵀ (forward). true: y = x · W (backward, x being dL/dy). */
  readonly transposed: boolean;
  readonly bias?: Tensor;
  readonly lora?: LoraTerm;
  readonly epilogue: Epilogue;
  readonly out: Tensor;
  /** Columns of out, and the first of them that is written; the product's own width and 0 when absent. */
  readonly outStride?: number;
  readonly outColumn?: number;
  readonly style: Style;
  /** Rows of one invocation's tile; 8, or fewer for few rows. */
  readonly tileRows?: 1 | 2 | 4 | 8;
}

/** Invocations of a workgroup in the serial style: few, so that all processors get some. */
export const serialWorkgroup = 16;

export interface MatmulText extends MatmulArgs {
  readonly outStride: number;
  readonly outColumn: number;
  /** All loads of x and the weight can be four wide. */
  readonly aligned: boolean;
}

/** Whether the low-rank factors can be read four at a time. */
export function loraIsAligned(args: MatmulArgs): boolean {
  const { lora, weight, transposed } = args;
  return (
    !!lora &&
    lora.rank % 4 === 0 &&
    (lora.stride ?? 0) % 4 === 0 &&
    (lora.column ?? 0) % 4 === 0 &&
    (!transposed || weight.columns % 4 === 0)
  );
}
