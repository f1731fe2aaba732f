import type { Binding, Kernel, Params } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { ceilDiv, foldGrid } from '../unroll';
import { columnParams, columnTiles, columnsPerTile } from './columns';
import { epilogueBindings, epilogueParams } from './epilogue';
import { registerBody } from './register';
import { tiledBody, tiledGrid } from './tiled';
import { isAligned, weightBindings, weightParams, type WeightMatrix } from './weight';

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

/**
 * Matrix product with frozen weights, y = x · Wᵀ or x · W, fused with what surrounds it in a decoder layer: bias, the
 * LoRA term, the residual, rotary embedding, SwiGLU and its backward. Weights are read as they are stored and, when
 * 4-bit, expanded inside the tile. Accumulates in f32.
 */
export function matmul(given: MatmulArgs): Kernel {
  const args = { ...given, outStride: given.outStride ?? outWidth(given), outColumn: given.outColumn ?? 0 };
  const { weight, rows, transposed, lora } = args;
  const inner = transposed ? weight.rows : weight.columns;
  const product = transposed ? weight.columns : weight.rows;
  const tiled = args.style === 'cooperative' && rows >= 16;
  const shape = {
    tileRows: tiled ? 4 : Math.min(args.tileRows ?? 8, rows >= 8 ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1),
    lanes: tiled || args.style === 'serial' ? 1 : 32
  };
  const tiles = columnTiles(args);
  const params: Params = {
    rows: { u32: rows },
    inner: { u32: inner },
    x_stride: { u32: args.xStride ?? inner },
    x_column: { u32: args.xColumn ?? 0 },
    x_row: { u32: args.xRow ?? 0 },
    out_row: { u32: args.outRow ?? 0 },
    out_stride: { u32: args.outStride },
    out_column: { u32: args.outColumn },
    first_trained: { u32: args.firstTrained ?? 0 },
    ...columnParams(args),
    ...weightParams(weight),
    ...epilogueParams(args)
  };
  const workgroups = tiled
    ? tiledGrid(rows, tiles)
    : foldGrid(
        shape.lanes > 1
          ? ceilDiv(rows, shape.tileRows) * tiles
          : ceilDiv(ceilDiv(rows, shape.tileRows) * tiles, serialWorkgroup)
      );
  const text = { ...args, aligned: loadsAreAligned(args, inner) };
  return {
    label: `matmul.${weight.format}.${transposed ? 'transposed' : 'forward'}.${args.epilogue.kind} ${args.label}`,
    get body() {
      return tiled ? tiledBody(text) : registerBody(text, shape);
    },
    bindings: bindings(text),
    params,
    workgroups,
    flops:
      2 * rows * inner * product +
      (lora ? 2 * rows * lora.rank * (transposed ? lora.parts * product : product) : 0)
  };
}

export interface MatmulText extends MatmulArgs {
  readonly outStride: number;
  readonly outColumn: number;
  /** All loads of x and the weight can be four wide. */
  readonly aligned: boolean;
}

function loadsAreAligned(args: MatmulArgs, inner: number): boolean {
  if (
    !isAligned(args.weight) ||
    inner % 4 !== 0 ||
    (args.xStride ?? 0) % 4 !== 0 ||
    (args.xColumn ?? 0) % 4 !== 0
  )
    return false;
  return !args.transposed || args.weight.parts.every((p) => p.rows % 4 === 0 && p.base % 8 === 0);
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

function bindings(args: MatmulText): Binding[] {
  const scalar = args.x.dtype;
  const list: Binding[] = [
    { name: 'x', tensor: args.x, access: 'read', element: args.aligned ? `vec4<${scalar}>` : scalar },
    ...weightBindings(args.weight)
  ];
  if (args.bias) list.push({ name: 'bias', tensor: args.bias, access: 'read' });
  if (args.lora) {
    const element = loraIsAligned(args) ? 'vec4<f32>' : 'f32';
    const { lora } = args;
    const length = args.transposed
      ? lora.parts * lora.rank * args.weight.columns
      : args.weight.rows * lora.rank;
    list.push(
      { name: 'projected', tensor: lora.projected, access: 'read', element },
      { name: 'lora', tensor: lora.matrix, access: 'read', element, offset: lora.offset, length }
    );
  }
  return [...list, ...epilogueBindings(args)];
}

function outWidth(args: MatmulArgs): number {
  const { weight, transposed, epilogue } = args;
  if (epilogue.kind === 'swiglu') return weight.parts[0].rows;
  if (epilogue.kind === 'swiglu-backward') return 2 * weight.columns;
  return transposed ? weight.columns : weight.rows;
}

export { columnsPerTile };
