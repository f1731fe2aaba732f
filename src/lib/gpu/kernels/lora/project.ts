import type { Binding, Kernel, Params } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { dropoutText } from '../dropout';
import { laneSum, laneSums, partialLength } from '../lanes';
import { mostParts } from '../matmul/weight';
import { forwardProducts, scalarProducts, transposedProducts, zeroAccumulators } from '../matmul/products';
import { builtins, ceilDiv, foldGrid, unroll, workgroupIndex, xyzw } from '../unroll';
import { prologueBindings, prologueText, type Prologue } from './prologue';

/** The low-rank factor that an input is projected on. */
export type Factor = {
  readonly matrix: Tensor;
  /** First element in `matrix`. */
  readonly offset: number;
  readonly rank: number;
  /** f32 [rows, outStride]; the result starts at column outColumn. Stride and column are the result's own width and 0 when absent. */
  readonly out: Tensor;
  readonly outStride?: number;
  readonly outColumn?: number;
} & (
  | {
      /** Forward, A: [parts * rank, width], out = input · Aᵀ. */
      readonly orientation: 'rows';
      readonly parts: number;
      readonly dropout?: { readonly probability: number; readonly stream: number };
    }
  | {
      /** Backward, B: [sum of partRows, rank], out's part p = (input's columns of part p) · B's rows of part p. */
      readonly orientation: 'columns';
      readonly partRows: readonly number[];
    }
);

export interface ProjectArgs {
  readonly label: string;
  /** Capacity of rows. */
  readonly rows: number;
  readonly live: 'tokens' | 'trained';
  /** f32 or f16 [rows, width]. */
  readonly input: Tensor;
  readonly width: number;
  /** What is done to a row before it is projected, and stored on the way. */
  readonly prologue: Prologue;
  /** Absent where no adapter reads this input: then the prologue alone runs. */
  readonly factor?: Factor;
  readonly style: Style;
}

/** Invocations per workgroup when each works alone. */
const serialWorkgroup = 16;
const cooperativeLanes = 32;

/**
 * Projects token rows on a thin factor, out = f(input) · Aᵀ or f(input) · B, after a row-wise prologue f (RMSNorm or
 * its backward) whose result is stored as well. One dispatch does what would be a normalisation and two or three tall,
 * thin products. out: f32 [rows, parts * rank].
 */
export function project(args: ProjectArgs): Kernel {
  const { factor, width, rows, style } = args;
  const lanes = style === 'serial' ? 1 : cooperativeLanes;
  // Two rows: more would cost compile time, which grows faster than code, and save little in a product this thin.
  const tileRows = Math.min(style === 'serial' ? 2 : 4, rows >= 4 ? 4 : rows >= 2 ? 2 : 1);
  const parts = factor ? partRanges(factor, width) : [];
  const tilesPerPart = !factor
    ? 1
    : factor.orientation === 'rows'
      ? ceilDiv(factor.parts * factor.rank, 8)
      : ceilDiv(factor.rank, 8);
  const tiles = Math.max(1, parts.length) * tilesPerPart;
  const units = ceilDiv(rows, tileRows) * tiles;
  const columns = !factor
    ? 0
    : factor.orientation === 'rows'
      ? factor.parts * factor.rank
      : factor.rank * parts.length;
  const params: Record<string, { u32: number } | { f32: number }> = {
    rows: { u32: rows },
    width: { u32: width },
    columns: { u32: columns },
    rank: { u32: factor?.rank ?? 0 },
    out_stride: { u32: factor?.outStride ?? columns },
    out_column: { u32: factor?.outColumn ?? 0 },
    tiles: { u32: tiles },
    tiles_per_part: { u32: tilesPerPart },
    ...('epsilon' in args.prologue ? { epsilon: { f32: args.prologue.epsilon } } : {})
  };
  // Stacks of fewer parts share the text of the largest.
  const slots = factor?.orientation === 'columns' ? Math.max(mostParts, parts.length) : parts.length;
  for (let p = 0; p < slots; p++) {
    const [start, end] = parts[p] ?? [0, 0];
    params[`start${p}`] = { u32: start };
    params[`end${p}`] = { u32: end };
  }
  if (factor?.orientation === 'rows' && factor.dropout)
    params.dropout_stream = { u32: factor.dropout.stream };
  const shape = {
    lanes,
    tileRows,
    parts: slots,
    wide: width % 4 === 0 && parts.every(([s, e]) => s % 4 === 0 && e % 4 === 0)
  };
  return {
    label: `project.${args.prologue.kind} ${args.label}`,
    get body() {
      return body(args, shape);
    },
    bindings: bindings(args, shape.wide),
    params: params as Params,
    workgroups: foldGrid(lanes > 1 ? units : ceilDiv(units, serialWorkgroup)),
    flops:
      2 * rows * columns * (factor?.orientation === 'columns' ? ceilDiv(width, parts.length) : width) +
      6 * rows * width
  };
}

interface Shape {
  readonly lanes: number;
  readonly tileRows: number;
  readonly parts: number;
  readonly wide: boolean;
}

/** Columns of the input that each tile of a part runs over. */
function partRanges(factor: Factor, width: number): [number, number][] {
  if (factor.orientation === 'rows') return [[0, width]];
  let start = 0;
  return factor.partRows.map((rows) => {
    start += rows;
    return [start - rows, start];
  });
}

/** A factor is read four wide along its own rows. */
function factorIsWide(factor: Factor, wide: boolean): boolean {
  return factor.orientation === 'rows' ? wide : factor.rank % 4 === 0;
}

function bindings(args: ProjectArgs, wide: boolean): Binding[] {
  const { factor, input, prologue, width } = args;
  const list: Binding[] = [
    { name: 'x', tensor: input, access: 'read', element: wide ? `vec4<${input.dtype}>` : input.dtype },
    ...prologueBindings(prologue, wide)
  ];
  if (factor) {
    const rows =
      factor.orientation === 'rows' ? factor.parts * factor.rank : factor.partRows.reduce((a, b) => a + b, 0);
    const length = factor.orientation === 'rows' ? rows * width : rows * factor.rank;
    list.push(
      {
        name: 'factor',
        tensor: factor.matrix,
        access: 'read',
        offset: factor.offset,
        length,
        element: factorIsWide(factor, wide) ? 'vec4<f32>' : 'f32'
      },
      { name: 'out', tensor: factor.out, access: 'write' }
    );
  }
  return list;
}

function body(args: ProjectArgs, shape: Shape): string {
  const { lanes, tileRows, parts } = shape;
  const { factor } = args;
  const dropout = factor?.orientation === 'rows' ? factor.dropout : undefined;
  const liveCount = args.live === 'tokens' ? 'step.tokens' : 'step.trained';
  const prologue = prologueText(args.prologue, shape.wide, tileRows);
  const select =
    parts > 1
      ? `var start = params.start0; var end = params.end0;\n${unroll(parts - 1, (p) => `if (part == ${p + 1}u) { start = params.start${p + 1}; end = params.end${p + 1}; }`)}`
      : `let start = ${parts ? 'params.start0' : '0u'}; let end = ${parts ? 'params.end0' : 'params.width'};`;
  return /* wgsl */ `
${dropout ? dropoutText(dropout.probability) : ''}
${lanes > 1 ? `var<workgroup> partial: array<vec4f, ${partialLength(tileRows, lanes)}>;` : ''}
@compute @workgroup_size(${lanes > 1 ? lanes : serialWorkgroup})
fn main(${builtins}) {
  let unit = ${lanes > 1 ? workgroupIndex : `${workgroupIndex} * ${serialWorkgroup}u + lane`};
  let tile = unit % params.tiles;
  let live = min(${liveCount}, params.rows);
  let row0 = (unit / params.tiles) * ${tileRows}u;
  if (row0 >= live) { return; }
${unroll(tileRows - 1, (i) => `let row${i + 1} = row0 + ${i + 1}u;`)}
${unroll(tileRows, (i) => `let safe${i} = min(row${i}, live - 1u);`)}
${prologue.rows}
  let part = tile / params.tiles_per_part;
  let first = (tile % params.tiles_per_part) * 8u;
  ${select}
${prologue.statistics ? laneSums(prologue.statistics, lanes) : ''}
${prologue.afterStatistics}
${zeroAccumulators(tileRows)}
  for (var k = start + ${lanes > 1 ? 'lane' : '0u'} * ${shape.wide ? 4 : 1}u; k < end; k += ${lanes * (shape.wide ? 4 : 1)}u) {
${unroll(tileRows, (i) => prologue.value(i))}
${factor ? products(factor, shape) : ''}
  }
${factor ? finish(factor, shape) : ''}
}`;
}

function products(factor: Factor, { tileRows, wide }: Shape): string {
  const dropout = factor.orientation === 'rows' ? factor.dropout : undefined;
  const clamp = (j: number, limit: string) => `min(first + ${j}u, ${limit} - 1u)`;
  if (factor.orientation === 'rows') {
    // A mask for each projection: the columns of a tile may belong to several.
    if (dropout) return maskedProducts({ tileRows, wide }, (j) => clamp(j, 'params.columns'));
    const at = (j: number) => `${clamp(j, 'params.columns')} * params.width + k`;
    return wide
      ? forwardProducts(
          tileRows,
          (i) => `v${i}`,
          (j) => `factor[(${at(j)}) >> 2u]`
        )
      : scalarProducts(
          tileRows,
          (i) => `v${i}`,
          (j) => `factor[${at(j)}]`
        );
  }
  const row = (e: number) => `(k + ${e}u) * params.rank`;
  if (!wide) {
    const one = (j: number) =>
      factor.rank % 4 === 0
        ? `factor[(k * params.rank + ${clamp(j, 'params.rank')}) >> 2u][${clamp(j, 'params.rank')} & 3u]`
        : `factor[k * params.rank + ${clamp(j, 'params.rank')}]`;
    return scalarProducts(tileRows, (i) => `v${i}`, one);
  }
  const group = (e: number, from: number) =>
    factor.rank % 4 === 0
      ? `factor[(${row(e)} + ${clamp(from, '(params.rank - 3u)')}) >> 2u]`
      : `vec4f(${[0, 1, 2, 3].map((c) => `factor[${row(e)} + ${clamp(from + c, 'params.rank')}]`).join(', ')})`;
  return transposedProducts(
    tileRows,
    (i) => `v${i}`,
    (e) => group(e, 0),
    (e) => group(e, 4)
  );
}

function maskedProducts(
  { tileRows, wide }: { tileRows: number; wide: boolean },
  column: (j: number) => string
): string {
  const lines = unroll(8, (j) => {
    const at = `${column(j)} * params.width + k`;
    const stream = `params.dropout_stream + ${column(j)} / params.rank`;
    const target = (i: number) => `a${i}_${j < 4 ? 0 : 1}.${xyzw[j % 4]}`;
    return unroll(tileRows, (i) =>
      wide
        ? `${target(i)} += dot(v${i} * vec4f(${[0, 1, 2, 3].map((e) => `dropout(${stream}, row${i}, k + ${e}u)`).join(', ')}), factor[(${at}) >> 2u]);`
        : `${target(i)} += v${i} * dropout(${stream}, row${i}, k) * factor[${at}];`
    );
  });
  return lines;
}

function finish(factor: Factor, { lanes, tileRows }: Shape): string {
  const limit = factor.orientation === 'rows' ? 'params.columns' : 'params.rank';
  return /* wgsl */ `
${lanes > 1 ? laneSum(tileRows, lanes) : ''}
var results = array<vec4f, ${2 * tileRows}>(${unroll(tileRows, (i) => `a${i}_0, a${i}_1`, ', ')});
for (var i = 0u; i < min(live - row0, ${tileRows}u)${lanes > 1 ? ' && lane == 0u' : ''}; i++) {
  let at = (row0 + i) * params.out_stride + params.out_column + part * params.rank + first;
  for (var j = 0u; j < min(${limit} - first, 8u); j++) { out[at + j] = results[2u * i + j / 4u][j % 4u]; }
}`;
}
