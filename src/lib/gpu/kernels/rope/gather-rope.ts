import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { builtins, ceilDiv, foldGrid, workgroupIndex } from '../unroll';

export interface GatherRopeOptions {
  /** Capacity of `positions` and `out`, in rows. */
  readonly tokens: number;
  readonly headDim: number;
  /** f32 [longest position + 1, headDim / 2, 2]: see {@link ropeTable}. */
  readonly table: Tensor;
  /** u32 [tokens]: each token's position in its own sequence. */
  readonly positions: Tensor;
  /** f32 [tokens, headDim / 2, 2] */
  readonly out: Tensor;
  readonly style: Style;
}

/** Copies the table's row for each live token's position, so that packed sequences each begin at their own 0. */
export function gatherRope({ tokens, headDim, table, positions, out, style }: GatherRopeOptions): Kernel {
  const lanes = style === 'serial' ? 32 : 128;
  const pairs = headDim / 2;
  return {
    label: `rope.gather.${style}`,
    body: /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let token = index / params.pairs;
  if (token >= min(params.tokens, step.tokens)) { return; }
  out[index] = table[positions[token] * params.pairs + index % params.pairs];
}`,
    bindings: [
      { name: 'table', tensor: table, access: 'read', element: 'vec2<f32>' },
      { name: 'positions', tensor: positions, access: 'read' },
      { name: 'out', tensor: out, access: 'write', element: 'vec2<f32>' }
    ],
    params: { tokens: { u32: tokens }, pairs: { u32: pairs } },
    workgroups: foldGrid(ceilDiv(tokens * pairs, lanes)),
    flops: 0
  };
}
