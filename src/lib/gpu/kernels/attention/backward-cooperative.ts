import type { Dtype } from '../../plan/tensor';
import { builtins, unroll, workgroupIndex } from '../unroll';
import type { BackwardText } from './backward-serial';
import { headVector, storeTurnedBack, type Vector } from './shape';
import {
  arena,
  each16,
  eachResult,
  invocations,
  placeText,
  resultRegisters,
  resultText,
  rowReduceText,
  scoresText,
  shareText,
  tiling,
  type Tiling
} from './tiles';

/** Two results a key in registers: a workgroup owns 64 keys of narrow heads, 32 of wide ones. */
export function keyValueTiling(headDim: number): Tiling {
  return tiling(headDim, headDim > 64 ? 8 : 16);
}

/**
 * WGSL: turns the owned rows `name_i_j` back by the inverse rotary embedding and stores them. The two halves of a pair may lie with
 * different invocations: rows go through the arena, one of each invocation's four at a time.
 * @param base WGSL of a row's first vector in `dQkv`, less `row * params.stride`
 */
function storeRowsTurnedBack(v: Vector, t: Tiling, name: string, base: string): string {
  return /* wgsl */ `
  for (var i = 0u; i < 4u; i++) {
    workgroupBarrier();
${unroll(
  t.columns,
  (j) => /* wgsl */ `    var owned_${j} = ${name}_0_${j};
${unroll(3, (i) => `    if (i == ${i + 1}u) { owned_${j} = ${name}_${i + 1}_${j}; }`)}
    if (tx + ${t.across * j}u < ${t.perHead}u) { arena[ty * ${t.perHead}u + column_${j}] = owned_${j} * params.scale; }`
)}
    workgroupBarrier();
    let row = first + ty * 4u + i;
    let at = row * params.stride + ${base};
    let end = select(0u, ${t.perHead / 2}u, row < step.tokens);
    for (var d = tx; d < end; d += ${t.across}u) {
      let a = arena[ty * ${t.perHead}u + d];
      let b = arena[ty * ${t.perHead}u + ${t.perHead / 2}u + d];
${storeTurnedBack(v, 'row', 'd', 'at')}
    }
  }`;
}

/**
 * Gradient of the queries for GPUs: 64 query rows of a head a workgroup, 32 keys at a time, as in the forward. Scores and dO·v are formed
 * one after the other in the same arena; their 4 x 4 pieces wait in registers.
 */
export function backwardQueryCooperativeText(
  text: BackwardText & { readonly out: Dtype },
  t: Tiling
): string {
  const v = headVector(text.headDim);
  const liveRow = (row: string) => `min(first + ${row}, step.tokens - 1u)`;
  const key = (offset: string) => (row: string, d: string) =>
    v.load('qkv', `min(key + ${row}, high - 1u) * params.stride + ${offset} + ${d}`, text.qkv);
  return /* wgsl */ `
${arena}
@compute @workgroup_size(${invocations})
fn main(${builtins}) {
  let index = ${workgroupIndex};
  let blocks = (step.tokens + ${t.owned - 1}u) / ${t.owned}u;
  if (index >= blocks * params.heads) { return; }
  let head = index % params.heads;
  let first = (blocks - 1u - index / params.heads) * ${t.owned}u;
  let k_base = params.kOffset + head / params.group * ${t.perHead}u;
  let v_base = k_base + params.kvWidth;
${placeText(t)}
  var partial = vec4<f32>();
${unroll(
  4,
  (i) => /* wgsl */ `  let row_${i} = ${liveRow(`ty * 4u + ${i}u`)};
  let past_${i} = row_${i} + 1u;
  let low_${i} = max(spans[2u * row_${i}], select(0u, past_${i} - min(params.window, past_${i}), params.window > 0u));
  let count_${i} = past_${i} - low_${i};
  let lse_${i} = lse[row_${i} * params.heads + head] * ${Math.LOG2E};`
)}
  for (var i = 0u; i < 4u; i++) {
    for (var d = tx; d < ${t.perHead}u; d += ${t.across}u) {
      let at = (min(first + ty * 4u + i, step.tokens - 1u) * params.heads + head) * ${t.perHead}u + d;
      partial[i] += dot(${v.load('out', 'at', text.out)}, dOut[at]);
    }
  }
${rowReduceText(t, 'row_delta', 'partial', (a, b) => `${a} + ${b}`)}
  if (tx == 0u) {
${unroll(4, (i) => `    if (first + ty * 4u + ${i}u < step.tokens) { delta[row_${i} * params.heads + head] = row_delta.${'xyzw'[i]}; }`)}
  }
  // Both ends of a row's keys rise with the row: the first row's start and the last row's end bound the block.
  let low = max(spans[2u * first], select(0u, first + 1u - min(params.window, first + 1u), params.window > 0u));
  let high = min(first + ${t.owned}u, step.tokens);
${resultRegisters(t, 'dq')}
  for (var key = low; key < high; key += ${4 * t.across}u) {
${each16((i, j) => `    var s_${i}_${j} = 0.0; var ds_${i}_${j} = 0.0;`)}
${scoresText(t, 's', (row, d) => v.load('qkv', `${liveRow(row)} * params.stride + head * ${t.perHead}u + ${d}`, text.qkv), key('k_base'))}
${scoresText(t, 'ds', (row, d) => `dOut[(${liveRow(row)} * params.heads + head) * ${t.perHead}u + ${d}]`, key('v_base'))}
${each16(
  (
    i,
    j
  ) => /* wgsl */ `    ds_${i}_${j} = select(0.0, exp2(s_${i}_${j} * params.scale2 - lse_${i}), key + tx + ${t.across * j}u - low_${i} < count_${i})
      * (ds_${i}_${j} - row_delta.${'xyzw'[i]});`
)}
    workgroupBarrier();
${shareText(t, 'ds')}
${resultText(t, 'dq', key('k_base'))}
  }
${storeRowsTurnedBack(v, t, 'dq', `head * ${t.perHead}u`)}
}
`;
}

/**
 * Gradients of keys and values for GPUs: a workgroup owns 64 keys of a key head (32 of wide heads) and streams the queries of all
 * heads of the group that see them, so that no two workgroups write the same place: no atomics, the same bits on every run.
 */
export function backwardKeyValueCooperativeText(text: BackwardText, t: Tiling): string {
  const v = headVector(text.headDim);
  const key = (offset: string) => (row: string, d: string) =>
    v.load('qkv', `min(first + ${row}, step.tokens - 1u) * params.stride + ${offset} + ${d}`, text.qkv);
  const query = (row: string, d: string) =>
    v.load(
      'qkv',
      `min(row_start + ${row}, high - 1u) * params.stride + head * ${t.perHead}u + ${d}`,
      text.qkv
    );
  const gradient = (row: string, d: string) =>
    `dOut[(min(row_start + ${row}, high - 1u) * params.heads + head) * ${t.perHead}u + ${d}]`;
  return /* wgsl */ `
${arena}
@compute @workgroup_size(${invocations})
fn main(${builtins}) {
  let index = ${workgroupIndex};
  let blocks = (step.tokens + ${t.owned - 1}u) / ${t.owned}u;
  if (index >= blocks * params.kvHeads) { return; }
  let kvHead = index % params.kvHeads;
  let first = index / params.kvHeads * ${t.owned}u;
  let k_base = params.kOffset + kvHead * ${t.perHead}u;
  let v_base = k_base + params.kvWidth;
${placeText(t)}
${unroll(
  4,
  (i) => /* wgsl */ `  let key_${i} = min(first + ty * 4u + ${i}u, step.tokens - 1u);
  let end_${i} = min(min(spans[2u * key_${i} + 1u], step.tokens), select(step.tokens, key_${i} + params.window, params.window > 0u));
  let count_${i} = end_${i} - key_${i};`
)}
  // Both ends of the rows that see a key rise with the key: the last key's end bounds the block.
  let last = min(first + ${t.owned}u, step.tokens) - 1u;
  let high = min(min(spans[2u * last + 1u], step.tokens), select(step.tokens, last + params.window, params.window > 0u));
${resultRegisters(t, 'dk')}
${resultRegisters(t, 'dv')}
  for (var g = 0u; g < params.group; g++) {
    let head = kvHead * params.group + g;
    for (var row_start = first; row_start < high; row_start += ${4 * t.across}u) {
${each16((i, j) => `    var p_${i}_${j} = 0.0; var ds_${i}_${j} = 0.0;`)}
${scoresText(t, 'p', key('k_base'), query)}
${scoresText(t, 'ds', key('v_base'), gradient)}
${unroll(
  4,
  (j) => /* wgsl */ `    {
      let row = row_start + tx + ${t.across * j}u;
      let at = min(row, high - 1u) * params.heads + head;
      let row_lse = lse[at] * ${Math.LOG2E};
      let row_delta = delta[at];
${unroll(
  4,
  (
    i
  ) => /* wgsl */ `      p_${i}_${j} = select(0.0, exp2(p_${i}_${j} * params.scale2 - row_lse), row - key_${i} < count_${i});
      ds_${i}_${j} = p_${i}_${j} * (ds_${i}_${j} - row_delta);`
)}
    }`
)}
    workgroupBarrier();
${shareText(t, 'p')}
${resultText(t, 'dv', gradient)}
    workgroupBarrier();
${shareText(t, 'ds')}
${resultText(t, 'dk', query)}
    }
  }
${eachResult(
  t,
  (i) => `first + ty * 4u + ${i}u < step.tokens`,
  (i, j) => `dQkv[key_${i} * params.stride + v_base + column_${j}] = dv_${i}_${j};`
)}
${storeRowsTurnedBack(v, t, 'dk', 'k_base')}
}
`;
}
