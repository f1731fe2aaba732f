import type { Params } from '../../plan/kernel';
import { ceilDiv, unroll } from '../unroll';
import type { MatmulArgs } from './types';

/**
 * Output columns of one invocation: two groups of four, "low" (0..3) and "high" (4..7). Which columns they are depends
 * on what the epilogue combines:
 * - plain: eight neighbours;
 * - swiglu: four columns of the gate, and the same four of the up projection;
 * - rope: four columns of the first half of a head, and their partners in the second half. Tiles run over q, then k,
 *   then v (where nothing is rotated: eight neighbours), and never cross from one part into the next.
 */
export const columnsPerTile = 8;

/** Number of column tiles of a matmul. */
export function columnTiles(args: MatmulArgs): number {
  const { weight, transposed, epilogue } = args;
  if (transposed) return ceilDiv(weight.columns, columnsPerTile);
  if (epilogue.kind === 'rope')
    return weight.parts.reduce((sum, p) => sum + ceilDiv(p.rows, columnsPerTile), 0);
  if (epilogue.kind === 'swiglu') return ceilDiv(weight.parts[0].rows, columnsPerTile / 2);
  return ceilDiv(weight.rows, columnsPerTile);
}

export function columnParams(args: MatmulArgs): Params {
  const { weight, epilogue, transposed } = args;
  const params: Record<string, { u32: number }> = {
    columns: {
      u32: transposed ? weight.columns : epilogue.kind === 'swiglu' ? weight.parts[0].rows : weight.rows
    },
    column_tiles: { u32: columnTiles(args) }
  };
  if (!transposed && epilogue.kind === 'rope') {
    weight.parts.forEach((part, i) => {
      params[`part_rows${i}`] = { u32: part.rows };
      params[`part_tiles${i}`] = { u32: ceilDiv(part.rows, columnsPerTile) };
    });
  }
  return params;
}

/**
 * WGSL that turns `tile` (a column tile) into `column0..7` (row of the stacked weight = column of the output),
 * `valid0..7`, for forward products `flat0..7` (flat index at which the weight's row starts), and the LoRA part of
 * either group, `part_low` and `part_high`.
 */
export function columnText(args: MatmulArgs): string {
  const { weight, transposed, epilogue } = args;
  const flats = (base: (j: number) => string, local: (j: number) => string) =>
    transposed
      ? ''
      : unroll(8, (j) => `let flat${j} = ${base(j)} + select(0u, ${local(j)}, valid${j}) * params.inner;`);
  if (transposed || (epilogue.kind !== 'rope' && epilogue.kind !== 'swiglu')) {
    return /* wgsl */ `
${unroll(8, (j) => `let column${j} = tile * 8u + ${j}u; let valid${j} = column${j} < params.columns;`)}
${flats(
  () => 'params.base0',
  (j) => `column${j}`
)}
let part_low = 0u; let part_high = 0u;`;
  }
  if (epilogue.kind === 'swiglu') {
    return /* wgsl */ `
${unroll(8, (j) => `let local${j} = tile * 4u + ${j % 4}u; let valid${j} = local${j} < params.columns; let column${j} = local${j}${j < 4 ? '' : ' + params.columns'};`)}
${flats(
  (j) => (j < 4 ? 'params.base0' : 'params.base1'),
  (j) => `local${j}`
)}
let part_low = 0u; let part_high = 1u;`;
  }
  const half = epilogue.headDim / 2;
  const last = weight.parts.length - 1;
  return /* wgsl */ `
var part = 0u; var first = 0u; var part_tile = tile; var part_base = params.base0; var part_rows = params.part_rows0;
${unroll(last, (i) => `if (part == ${i}u && part_tile >= params.part_tiles${i}) { part = ${i + 1}u; part_tile -= params.part_tiles${i}; first += params.part_rows${i}; part_base = params.base${i + 1}; part_rows = params.part_rows${i + 1}; }`)}
let rotated = part < ${last}u;
${unroll(8, (j) => {
  const pair = `(part_tile * 4u + ${j % 4}u)`;
  const paired = `(${pair} / ${half}u) * ${2 * half}u + ${pair} % ${half}u${j < 4 ? '' : ` + ${half}u`}`;
  return `let local${j} = select(part_tile * 8u + ${j}u, ${paired}, rotated); let valid${j} = local${j} < part_rows; let column${j} = first + local${j};`;
})}
${flats(
  () => 'part_base',
  (j) => `local${j}`
)}
let part_low = part; let part_high = part;`;
}

/** Whether each group of four is four neighbouring, equally valid columns, so that it can be stored as one vec4. */
export function groupsAreWide(args: MatmulArgs): boolean {
  const { weight, transposed, epilogue, outStride, outColumn } = args;
  const strides = (outStride ?? 0) % 4 === 0 && (outColumn ?? 0) % 4 === 0;
  if (transposed) return strides && weight.columns % 4 === 0;
  if (epilogue.kind === 'rope' && (epilogue.headDim / 2) % 4 !== 0) return false;
  return strides && weight.parts.every((part) => part.rows % 4 === 0);
}
