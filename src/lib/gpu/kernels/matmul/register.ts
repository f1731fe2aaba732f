import { laneSum, partialLength } from '../lanes';
import { builtins, unroll, workgroupIndex } from '../unroll';
import { columnText } from './columns';
import { epilogueText, liveRows } from './epilogue';
import { loraHelpers, loraLoopText, loraText, termIsLooped } from './lora-term';
import { serialWorkgroup, type MatmulText } from './types';
import { forwardProducts, scalarProducts, transposedProducts, zeroAccumulators } from './products';
import { mostParts, weightText } from './weight';

/**
 * Each invocation keeps a tile of `tileRows` x 8 results in registers and reads its operands straight from storage.
 * With one lane there is no barrier and no workgroup memory: the form for software adapters, where a load costs about
 * as much as ten multiply-adds and a barrier far more. With several lanes the inner dimension is split between the
 * invocations of a workgroup, which add up at the end: the form for few rows (decoding) on GPUs.
 */
export function registerBody(args: MatmulText, shape: { tileRows: number; lanes: number }): string {
  const { tileRows, lanes } = shape;
  const unit = lanes > 1 ? workgroupIndex : `${workgroupIndex} * ${serialWorkgroup}u + lane`;
  const first = lanes > 1 ? 'lane' : '0u';
  return /* wgsl */ `
${weightText(args.weight, 'private')}
${loraHelpers(args)}
${lanes > 1 ? `var<workgroup> partial: array<vec4f, ${partialLength(tileRows, lanes)}>;` : ''}
@compute @workgroup_size(${lanes > 1 ? lanes : serialWorkgroup})
fn main(${builtins}) {
  let unit = ${unit};
  let tile = unit % params.column_tiles;
  let live = ${liveRows(args)};
  let row0 = (unit / params.column_tiles) * ${tileRows}u;
  if (row0 >= live) { return; }
${unroll(tileRows - 1, (i) => `let row${i + 1} = row0 + ${i + 1}u;`)}
${unroll(tileRows, (i) => `let safe${i} = min(row${i}, params.rows - 1u);`)}
${columnText(args)}
${unroll(tileRows, (i) => `let x${i} = (safe${i} + params.x_row) * params.x_stride + params.x_column;`)}
${zeroAccumulators(tileRows)}
${innerLoop(args, tileRows, first, lanes)}
${loraText(args, tileRows, first, lanes)}
${lanes > 1 ? `${laneSum(tileRows, lanes)}\nif (lane > 0u) { return; }` : ''}
${epilogueText(args, tileRows, termIsLooped(args, lanes) ? loraLoopText(args, tileRows) : '')}
}`;
}

function innerLoop(args: MatmulText, rows: number, first: string, lanes: number): string {
  if (args.transposed) return transposedParts(args, rows, first, lanes);
  if (!args.aligned) {
    return `for (var k = ${first}; k < params.inner; k += ${lanes}u) ${scalarProducts(
      rows,
      (i) => `f32(x[x${i} + k])`,
      (j) => `weight_at(flat${j} + k)`
    )}`;
  }
  const x4 = (i: number, k: string) => `vec4f(x[(x${i} + ${k}) >> 2u])`;
  if (args.weight.format !== 'nf4') {
    return `for (var k = ${first} * 4u; k < params.inner; k += ${lanes * 4}u) ${forwardProducts(
      rows,
      (i) => x4(i, 'k'),
      (j) => `weight4(flat${j} + k)`
    )}`;
  }
  // A word of eight codes and its block's scale are read once for both halves.
  const half = (h: number) =>
    forwardProducts(
      rows,
      (i) => x4(i, `k + ${4 * h}u`),
      (j) => `decode4(word${j} >> ${16 * h}u) * scale${j}`
    );
  const words = `${unroll(8, (j) => `let word${j} = codes[(flat${j} + k) >> 3u];`)}\n${half(0)}\n${half(1)}`;
  const scales = unroll(8, (j) => `let scale${j} = absmax(flat${j} + k);`);
  // The inner loop's bound looks variable on purpose: a driver that unrolls it compiles eight times as long.
  if (args.weight.columns % 64 === 0 && lanes === 1) {
    return /* wgsl */ `for (var block = 0u; block < params.inner; block += 64u) {
${unroll(8, (j) => `let scale${j} = absmax(flat${j} + block);`)}
for (var k = block; k < min(block + 64u, params.inner); k += 8u) {
${words}
}
}`;
  }
  return `for (var k = ${first} * 8u; k < params.inner; k += ${lanes * 8}u) {\n${scales}\n${words}\n}`;
}

/** One loop in a loop over the parts, not one for each: drivers compile it in a third of the time. */
function transposedParts(args: MatmulText, rows: number, first: string, lanes: number): string {
  const parts = Math.max(mostParts, args.weight.parts.length);
  const range = (p: number) => `start = params.start${p}; end = params.end${p}; base = params.base${p};`;
  return /* wgsl */ `for (var p = 0u; p < params.parts; p++) {
var start = params.start0; var end = params.end0; var base = params.base0;
${unroll(parts - 1, (p) => `if (p == ${p + 1}u) { ${range(p + 1)} }`)}
${transposedPart(args, rows, first, lanes)}
}`;
}

function transposedPart(args: MatmulText, rows: number, first: string, lanes: number): string {
  const flat = (k: string) => `base + (${k} - start) * params.columns`;
  if (!args.aligned) {
    const at = (j: number) => `weight_at(${flat('k')} + select(0u, column${j}, valid${j}))`;
    return `for (var k = start + ${first}; k < end; k += ${lanes}u) ${scalarProducts(rows, (i) => `f32(x[x${i} + k])`, at)}`;
  }
  const x4 = (i: number) => `vec4f(x[(x${i} + k) >> 2u])`;
  const loop = `for (var k = start + ${first} * 4u; k < end; k += ${lanes * 4}u)`;
  if (args.weight.format !== 'nf4') {
    const at = (e: number, from: number) =>
      `weight4(${flat(`k + ${e}u`)} + select(0u, column${from}, valid${from}))`;
    return `${loop} ${transposedProducts(
      rows,
      x4,
      (e) => at(e, 0),
      (e) => at(e, 4)
    )}`;
  }
  // Eight columns of a row are one word of codes, all in one block.
  return /* wgsl */ `${loop} {
${unroll(4, (e) => `let at${e} = ${flat(`k + ${e}u`)} + column0; let word${e} = codes[at${e} >> 3u]; let scale${e} = absmax(at${e});`)}
${transposedProducts(
  rows,
  x4,
  (e) => `decode4(word${e}) * scale${e}`,
  (e) => `decode4(word${e} >> 16u) * scale${e}`
)}
}`;
}
