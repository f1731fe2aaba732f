import type { Binding, Kernel, Params } from '../../plan/kernel';
import { ceilDiv, foldGrid } from '../unroll';
import { columnParams, columnTiles } from './columns';
import { epilogueBindings, epilogueParams } from './epilogue';
import { registerBody } from './register';
import { tiledBody, tiledGrid } from './tiled';
import { loraIsAligned, serialWorkgroup, type MatmulArgs, type MatmulText } from './types';
import { isAligned, weightBindings, weightParams } from './weight';

export type { Epilogue, LoraTerm, MatmulArgs } from './types';

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
