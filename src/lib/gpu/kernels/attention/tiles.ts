import type { Params } from '../../plan/kernel';
import { unroll } from '../unroll';

/**
 * How the cooperative kernels cut their work: a workgroup of 128 invocations, `down` x `across`, owns `4 * down` rows and streams
 * `4 * across` rows of the other side past them. Each invocation computes a 4 x 4 piece of the score tile (two vector loads for four
 * inner products) and keeps 4 rows x ceil(vectors / across) vectors of the result in registers.
 *
 * All kernels share one arena of 864 + 128 vectors (under the 16 KiB that WebGPU guarantees), used in turns: slices of both operands while
 * scores are formed; then the transposed scores (so that one load gives the scores of an invocation's four rows) beside a slice
 * of the rows they multiply. Rows are padded to an odd number of vectors, which spreads them over all memory banks.
 */
export interface Tiling {
  /** Invocations down: groups of four owned rows. */
  readonly down: number;
  /** Invocations across: the streamed rows `across * j + tx`, and columns likewise. */
  readonly across: number;
  /** Rows that a workgroup owns: four for each invocation down. */
  readonly owned: number;
  /** Vectors in a head row. */
  readonly perHead: number;
  /** Vectors of a head that are staged at a time to form scores, and the padded length of a staged row. */
  readonly slice: number;
  readonly stride: number;
  /** Result vectors of an invocation in each of its rows. */
  readonly columns: number;
  /** Streamed rows that are staged at a time to form results, and where in the arena. */
  readonly staged: number;
  readonly stagedAt: number;
}

export const invocations = 128;

/** Where the arena's last 128 vectors begin, one for each invocation: row reductions. */
export const reduceAt = 864;

export function tiling(headDim: number, down: 8 | 16): Tiling {
  const across = invocations / down;
  const perHead = headDim / 4;
  const slice = [8, 7, 6, 5, 4, 3, 2, 1].find((n) => perHead % n === 0) ?? 1;
  const streamed = 4 * across;
  const stagedAt = streamed * (down + 1);
  const room = Math.floor((reduceAt - stagedAt) / perHead);
  const staged = Math.min(streamed, 2 ** Math.floor(Math.log2(room)));
  return {
    down,
    across,
    owned: 4 * down,
    perHead,
    slice,
    stride: slice | 1,
    columns: Math.ceil(perHead / across),
    staged,
    stagedAt
  };
}

/**
 * Constants that a tiled kernel reads. Loops run to them, not to numbers in the text: lavapipe took up to a minute to compile what it
 * unrolled. A turn is many multiply-adds of vectors, so that the loop itself should cost a GPU little; this is not measured.
 */
export function tilingParams(t: Tiling): Params {
  return { slice: { u32: t.slice }, staged: { u32: t.staged } };
}

/** Whether the cooperative kernels take heads of this width: whole vectors, and a row of each lane group fits the arena. */
export function isCooperative(headDim: number): boolean {
  return headDim % 8 === 0 && (headDim / 4) * 16 <= reduceAt;
}

/** WGSL declarations at module scope. */
export const arena = `var<workgroup> arena: array<vec4<f32>, ${reduceAt + invocations}>;`;

/** WGSL: this invocation's place in the tile, and its columns (clamped: lanes past the head compute what nobody stores). */
export function placeText(t: Tiling): string {
  return /* wgsl */ `
  let tx = lane % ${t.across}u;
  let ty = lane / ${t.across}u;
${unroll(t.columns, (j) => `  let column_${j} = min(tx + ${t.across * j}u, ${t.perHead - 1}u);`)}`;
}

/** WGSL: for each of the 4 x 4 pairs of owned row i and streamed row j. */
export function each16(text: (i: number, j: number) => string): string {
  return unroll(4, (i) => unroll(4, (j) => text(i, j)));
}

/** WGSL: `into_i_j += owned row (ty * 4 + i) · streamed row (tx + across * j)`. `owned` and `streamed` give WGSL that loads vector `d` of row `row` of the tile. */
export function scoresText(
  t: Tiling,
  into: string,
  owned: (row: string, d: string) => string,
  streamed: (row: string, d: string) => string
): string {
  const streamedAt = 4 * t.down * t.stride;
  const stage = (rows: number, at: number, load: (row: string, d: string) => string) => /* wgsl */ `
      for (var i = lane; i < ${rows * t.slice}u; i += ${invocations}u) {
        let row = i / ${t.slice}u;
        let d = i % ${t.slice}u;
        arena[${at}u + row * ${t.stride}u + d] = ${load('row', 'slice + d')};
      }`;
  return /* wgsl */ `
    for (var slice = 0u; slice < params.perHead; slice += params.slice) {
      workgroupBarrier();
${stage(4 * t.down, 0, owned)}
${stage(4 * t.across, streamedAt, streamed)}
      workgroupBarrier();
      for (var d = 0u; d < params.slice; d++) {
${unroll(4, (i) => `        let a_${i} = arena[(ty * 4u + ${i}u) * ${t.stride}u + d];`)}
${unroll(4, (j) => `        let b_${j} = arena[${streamedAt}u + (tx + ${t.across * j}u) * ${t.stride}u + d];`)}
${each16((i, j) => `        ${into}_${i}_${j} += dot(a_${i}, b_${j});`)}
      }
    }`;
}

/** WGSL: puts the tile `name_i_j` into the arena, transposed. The caller has seen to it that the arena's first part is free. */
export function shareText(t: Tiling, name: string): string {
  return unroll(
    4,
    (j) =>
      `    arena[(tx + ${t.across * j}u) * ${t.down + 1}u + ty] = vec4<f32>(${unroll(4, (i) => `${name}_${i}_${j}`, ', ')});`
  );
}

/** WGSL: `into_i_j += sum over streamed rows of the shared tile times the row`. `streamed` gives WGSL that loads vector `d` of row `row`. */
export function resultText(t: Tiling, into: string, streamed: (row: string, d: string) => string): string {
  return /* wgsl */ `
    for (var chunk = 0u; chunk < ${4 * t.across}u; chunk += params.staged) {
      if (chunk > 0u) { workgroupBarrier(); }
      for (var i = lane; i < ${t.staged * t.perHead}u; i += ${invocations}u) {
        let row = chunk + i / ${t.perHead}u;
        let d = i % ${t.perHead}u;
        arena[${t.stagedAt}u + i] = ${streamed('row', 'd')};
      }
      workgroupBarrier();
      for (var n = 0u; n < params.staged; n++) {
        let weight = arena[(chunk + n) * ${t.down + 1}u + ty];
${unroll(
  t.columns,
  (j) => /* wgsl */ `        {
          let x = arena[${t.stagedAt}u + n * ${t.perHead}u + column_${j}];
${unroll(4, (i) => `          ${into}_${i}_${j} += x * weight.${'xyzw'[i]};`)}
        }`
)}
      }
    }`;
}

/** WGSL: declares the result registers `name_i_j`. */
export function resultRegisters(t: Tiling, name: string): string {
  return unroll(4, (i) => unroll(t.columns, (j) => `  var ${name}_${i}_${j} = vec4<f32>();`));
}

/** WGSL: `operation` over all invocations of a row of the tile; `value` and the result hold an invocation's four rows. */
export function rowReduceText(
  t: Tiling,
  result: string,
  value: string,
  operation: (a: string, b: string) => string
): string {
  return /* wgsl */ `
    arena[${reduceAt}u + lane] = ${value};
    workgroupBarrier();
    var ${result} = arena[${reduceAt}u + ty * ${t.across}u];
    for (var i = 1u; i < ${t.across}u; i++) { ${result} = ${operation(result, `arena[${reduceAt}u + ty * ${t.across}u + i]`)}; }`;
}

/** WGSL: for each owned row i and each of this invocation's columns j that exist. */
export function eachResult(
  t: Tiling,
  live: (i: number) => string,
  text: (i: number, j: number) => string
): string {
  return unroll(
    4,
    (i) => /* wgsl */ `  if (${live(i)}) {
${unroll(t.columns, (j) =>
  t.across * (j + 1) <= t.perHead
    ? `    { ${text(i, j)} }`
    : `    if (tx + ${t.across * j}u < ${t.perHead}u) { ${text(i, j)} }`
)}
  }`
  );
}
