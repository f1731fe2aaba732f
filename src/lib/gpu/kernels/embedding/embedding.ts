import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { builtins, ceilDiv, foldGrid, workgroupIndex } from '../unroll';

export interface EmbeddingLookupOptions {
  /** Capacity of `ids` and `out`, in rows. */
  readonly tokens: number;
  /** Elements of a row of the table. */
  readonly width: number;
  /** First row of the vocabulary that this table holds, and how many it holds. */
  readonly firstRow: number;
  readonly shardRows: number;
  /** [shardRows, width]: f32, or u32 words that hold two half-precision values each (no `shader-f16` needed). */
  readonly table: Tensor;
  /** u32 [tokens] */
  readonly ids: Tensor;
  /** f32 or f16 [tokens, width] */
  readonly out: Tensor;
  readonly style: Style;
}

/**
 * Copies the table's row of each live token to `out`. Only tokens whose id lies in this table's rows are written: a
 * vocabulary matrix too large for one binding is several tables, and one dispatch a table.
 */
export function embeddingLookup(options: EmbeddingLookupOptions): Kernel {
  const { tokens, width, firstRow, shardRows, table, ids, out, style } = options;
  const wide = width % 4 === 0;
  const packed = table.dtype === 'u32';
  const lanes = style === 'serial' ? 32 : 128;
  const columns = wide ? width / 4 : width;
  return {
    label: `embedding.${packed ? 'f16' : 'f32'}.${style}`,
    body: body(wide, packed, out.dtype === 'f16', lanes),
    bindings: [
      {
        name: 'table',
        tensor: table,
        access: 'read',
        element: packed ? (wide ? 'vec2<u32>' : 'u32') : wide ? 'vec4<f32>' : 'f32'
      },
      { name: 'ids', tensor: ids, access: 'read' },
      { name: 'out', tensor: out, access: 'write', element: wide ? `vec4<${out.dtype}>` : out.dtype }
    ],
    params: {
      tokens: { u32: tokens },
      columns: { u32: columns },
      firstRow: { u32: firstRow },
      shardRows: { u32: shardRows }
    },
    workgroups: foldGrid(ceilDiv(tokens * columns, lanes)),
    flops: 0
  };
}

function body(wide: boolean, packed: boolean, f16: boolean, lanes: number): string {
  const value = !packed
    ? 'table[source]'
    : wide
      ? 'vec4f(unpack2x16float(table[source].x), unpack2x16float(table[source].y))'
      : 'unpack2x16float(table[source / 2u])[source % 2u]';
  const rounded = f16 ? (wide ? `vec4<f16>(${value})` : `f16(${value})`) : value;
  return /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let token = index / params.columns;
  if (token >= min(params.tokens, step.tokens)) { return; }
  // An id below firstRow wraps round to a number past shardRows.
  let row = ids[token] - params.firstRow;
  if (row >= params.shardRows) { return; }
  let source = row * params.columns + index % params.columns;
  out[index] = ${rounded};
}`;
}
