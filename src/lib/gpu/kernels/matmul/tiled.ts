import { builtins, unroll } from '../unroll';
import { columnText } from './columns';
import { epilogueText, liveRows } from './epilogue';
import { loraHelpers, loraText } from './lora-term';
import type { MatmulText } from './types';
import { zeroAccumulators } from './products';
import { weightText } from './weight';

/** A workgroup's tile: 64 rows x 64 columns, 16 inner indices at a time; 16 x 8 invocations of 4 x 8 results. */
const tile = { rows: 64, columnTiles: 8, inner: 16, invocations: 128, invocationRows: 4 } as const;

export function tiledGrid(rows: number, columnTiles: number): [number, number, number] {
  return [Math.ceil(columnTiles / tile.columnTiles), Math.ceil(rows / tile.rows), 1];
}

/**
 * The form for GPUs: a workgroup stages a tile of x and a tile of the weight in workgroup memory, each word of 4-bit
 * codes being read and expanded once, and each invocation multiplies from there. Same result layout as
 * {@link registerBody}: eight columns an invocation in two groups, so all epilogues are shared.
 */
export function tiledBody(args: MatmulText): string {
  const rows = tile.invocationRows;
  return /* wgsl */ `
${weightText(args.weight, 'workgroup')}
${loraHelpers(args)}
// By inner index: 64 rows of x in groups of four, and 64 columns of the weight (8 invocations' low and high groups).
var<workgroup> x_tile: array<array<vec4f, 16>, ${tile.inner}>;
var<workgroup> w_tile: array<array<vec4f, 16>, ${tile.inner}>;
${args.transposed ? '' : 'var<workgroup> row_start: array<u32, 64>;'}
@compute @workgroup_size(${tile.invocations})
fn main(${builtins}) {
  let live = ${liveRows(args)};
  let first_row = group.y * ${tile.rows}u;
  if (first_row >= live) { return; }
  let tx = lane % 8u;
  let ty = lane / 8u;
  let tile = group.x * ${tile.columnTiles}u + tx;
  let row0 = first_row + ty * ${rows}u;
${unroll(rows - 1, (i) => `let row${i + 1} = row0 + ${i + 1}u;`)}
${unroll(rows, (i) => `let safe${i} = min(row${i}, params.rows - 1u);`)}
${columnText(args)}
${args.weight.format === 'nf4' ? 'load_codebook(lane);' : ''}
${args.transposed ? '' : `if (ty == 0u) {\n${unroll(8, (j) => `row_start[tx * 8u + ${j}u] = flat${j};`)}\n}`}
${zeroAccumulators(rows)}
${args.transposed ? args.weight.parts.map((_, p) => partLoop(args, p)).join('\n') : forwardLoop(args)}
${loraText(args, rows, '0u', 1)}
${epilogueText(args, rows)}
}`;
}

function forwardLoop(args: MatmulText): string {
  return /* wgsl */ `for (var k0 = 0u; k0 < params.inner; k0 += ${tile.inner}u) {
  workgroupBarrier();
${loadX(args, 'params.inner')}
${args.weight.format === 'nf4' && args.aligned ? forwardWords() : forwardElements(args)}
  workgroupBarrier();
${multiply()}
}`;
}

/** 64 rows x 16 inner indices of x: two vec4 loads an invocation, turned so that rows lie side by side. */
function loadX(args: MatmulText, end: string): string {
  const value = args.aligned
    ? 'select(vec4f(), vec4f(x[(at + k) >> 2u]), k < ' + end + ')'
    : `vec4f(${[0, 1, 2, 3].map((e) => `select(0.0, f32(x[at + min(k + ${e}u, params.inner - 1u)]), k + ${e}u < ${end})`).join(', ')})`;
  return /* wgsl */ `  for (var item = lane; item < 256u; item += ${tile.invocations}u) {
    let row = item / 4u;
    let k = k0 + (item % 4u) * 4u;
    let at = (min(first_row + row, params.rows - 1u) + params.x_row) * params.x_stride + params.x_column;
    let value = ${value};
    let inner = (item % 4u) * 4u;
${unroll(4, (e) => `    x_tile[inner + ${e}u][row / 4u][row % 4u] = value[${e}];`)}
  }`;
}

/** 64 columns x 16 inner indices of 4-bit weights: one word an invocation. */
function forwardWords(): string {
  return /* wgsl */ `  {
    let column = lane / 2u;
    let inner = (lane % 2u) * 8u;
    if (k0 + inner < params.inner) {
      let flat = row_start[column] + k0 + inner;
      let word = codes[flat >> 3u];
      let scale = absmax(flat);
      let low = decode4(word) * scale;
      let high = decode4(word >> 16u) * scale;
${unroll(4, (e) => `      w_tile[inner + ${e}u][column / 4u][column % 4u] = low[${e}]; w_tile[inner + ${e + 4}u][column / 4u][column % 4u] = high[${e}];`)}
    } else {
${unroll(8, (e) => `      w_tile[inner + ${e}u][column / 4u][column % 4u] = 0.0;`)}
    }
  }`;
}

function forwardElements(args: MatmulText): string {
  const value = args.aligned
    ? 'select(vec4f(), weight4(row_start[column] + min(k, params.inner - 4u)), k < params.inner)'
    : `vec4f(${[0, 1, 2, 3].map((e) => `select(0.0, weight_at(row_start[column] + min(k + ${e}u, params.inner - 1u)), k + ${e}u < params.inner)`).join(', ')})`;
  return /* wgsl */ `  for (var item = lane; item < 256u; item += ${tile.invocations}u) {
    let column = item / 4u;
    let inner = (item % 4u) * 4u;
    let k = k0 + inner;
    let value = ${value};
${unroll(4, (e) => `    w_tile[inner + ${e}u][column / 4u][column % 4u] = value[${e}];`)}
  }`;
}

/** Inner indices of one part of the stack: rows of the weight, contiguous along the columns. */
function partLoop(args: MatmulText, part: number): string {
  const [start, end] = [`params.start${part}`, `params.end${part}`];
  const flat = `params.base${part} + (k - ${start}) * params.columns + column`;
  const weights =
    args.weight.format === 'nf4' && args.aligned
      ? /* wgsl */ `  {
    let inner = lane / 8u;
    let k = k0 + inner;
    let column = group.x * 64u + (lane % 8u) * 8u;
    let inside = k < ${end} && column < params.columns;
    let flat = select(params.base${part}, ${flat}, inside);
    let word = codes[flat >> 3u];
    let scale = select(0.0, absmax(flat), inside);
    w_tile[inner][(lane % 8u) * 2u] = decode4(word) * scale;
    w_tile[inner][(lane % 8u) * 2u + 1u] = decode4(word >> 16u) * scale;
  }`
      : /* wgsl */ `  for (var item = lane; item < 256u; item += ${tile.invocations}u) {
    let inner = item / 16u;
    let k = k0 + inner;
    let column = group.x * 64u + (item % 16u) * 4u;
    w_tile[inner][item % 16u] = ${
      args.aligned
        ? `select(vec4f(), weight4(select(params.base${part}, ${flat}, k < ${end} && column < params.columns)), k < ${end})`
        : `vec4f(${[0, 1, 2, 3].map((e) => `select(0.0, weight_at(select(params.base${part}, ${flat} + ${e}u, k < ${end} && column + ${e}u < params.columns)), k < ${end})`).join(', ')})`
    };
  }`;
  return /* wgsl */ `for (var k0 = ${start}; k0 < ${end}; k0 += ${tile.inner}u) {
  workgroupBarrier();
${loadX(args, `${end}`)}
${weights}
  workgroupBarrier();
${multiply()}
}`;
}

function multiply(): string {
  return /* wgsl */ `  for (var inner = 0u; inner < ${tile.inner}u; inner++) {
    let v = x_tile[inner][ty];
    let low = w_tile[inner][tx * 2u];
    let high = w_tile[inner][tx * 2u + 1u];
${unroll(tile.invocationRows, (i) => `    a${i}_0 += v[${i}] * low; a${i}_1 += v[${i}] * high;`)}
  }`;
}
