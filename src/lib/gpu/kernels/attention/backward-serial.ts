import type { Dtype } from '../../plan/tensor';
import { builtins, unroll, workgroupIndex } from '../unroll';
import { queryRows, fold, type SerialTile } from './forward-serial';
import { headVector, type Vector } from './shape';

/** What the text of the backward kernels depends on. */
export interface BackwardText {
  readonly headDim: number;
  readonly qkv: Dtype;
  readonly out: Dtype;
}

/**
 * WGSL that turns one finished gradient row back by the inverse rotary embedding and stores it: the layer rotated its queries and keys
 * in place, so their gradients are wanted before the rotation.
 * @param value WGSL of the row's j-th vector
 * @param at WGSL index of the row's first vector in `dQkv`
 */
export function storeRotatedBack(v: Vector, headDim: number, row: string, at: string, value: (j: number) => string): string {
  const half = v.perHead / 2;
  const turn = (j: number, part: 'x' | 'y') => {
    const one = (i: number) => `rope[${row} * ${headDim / 2}u + ${j * v.width + i}u].${part}`;
    return v.width === 1 ? one(0) : `${v.type}(${unroll(v.width, one, ', ')})`;
  };
  return unroll(
    half,
    (j) => /* wgsl */ `    {
      let c = ${turn(j, 'x')};
      let s = ${turn(j, 'y')};
      let a = ${value(j)};
      let b = ${value(j + half)};
      dQkv[${at} + ${j}u] = a * c + b * s;
      dQkv[${at} + ${j + half}u] = b * c - a * s;
    }`
  );
}

/**
 * Gradient of the queries (Dao 2022, algorithm 4, the part that keeps a query row): with p = exp(s - lse) and dp = dO·v,
 * ds = p (dp - delta), dq = scale * sum over keys of ds k. An invocation owns `tile.rows` query rows of one head as in the forward.
 */
export function backwardQuerySerialText(text: BackwardText, tile: SerialTile): string {
  const { rows, keys, lanes } = tile;
  const v = headVector(text.headDim);
  return /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let blocks = (step.tokens + ${rows - 1}u) / ${rows}u;
  if (index >= blocks * params.heads) { return; }
  let head = index % params.heads;
  let first = (blocks - 1u - index / params.heads) * ${rows}u;
  let kvBase = head / params.group * ${v.perHead}u;
${queryRows(rows, false)}
${unroll(
  rows,
  (r) => /* wgsl */ `  let q_at_${r} = row_${r} * params.stride + head * ${v.perHead}u;
  let o_at_${r} = (row_${r} * params.heads + head) * ${v.perHead}u;
  let lse_${r} = lse[row_${r} * params.heads + head] * ${Math.LOG2E};
  var delta_${r} = 0.0;`
)}
  for (var d = 0u; d < ${v.perHead}u; d++) {
${unroll(rows, (r) => `    delta_${r} += ${v.dot(v.load('out', `o_at_${r} + d`, text.out), `dOut[o_at_${r} + d]`)};`)}
  }
${unroll(rows, (r) => `  if (first + ${r}u < step.tokens) { delta[row_${r} * params.heads + head] = delta_${r}; }`)}
${unroll(rows, (r) => unroll(v.perHead, (j) => `  var dq_${r}_${j} = ${v.type}();`))}
  let low = ${fold('min', rows, (r) => `low_${r}`)};
  let high = ${fold('max', rows, (r) => `past_${r}`)};
  for (var key = low; key < high; key += ${keys}u) {
${unroll(keys, (c) => `    let k_at_${c} = min(key + ${c}u, high - 1u) * params.stride + kvBase + params.kOffset;`)}
${unroll(rows, (r) => unroll(keys, (c) => `    var s_${r}_${c} = 0.0; var dp_${r}_${c} = 0.0;`))}
    for (var d = 0u; d < ${v.perHead}u; d++) {
${unroll(rows, (r) => `      let q_${r} = ${v.load('qkv', `q_at_${r} + d`, text.qkv)}; let do_${r} = dOut[o_at_${r} + d];`)}
${unroll(
  keys,
  (c) => /* wgsl */ `      {
        let k = ${v.load('qkv', `k_at_${c} + d`, text.qkv)};
        let v = ${v.load('qkv', `k_at_${c} + params.kvWidth + d`, text.qkv)};
${unroll(rows, (r) => `        s_${r}_${c} += ${v.dot(`q_${r}`, 'k')}; dp_${r}_${c} += ${v.dot(`do_${r}`, 'v')};`)}
      }`
)}
    }
${unroll(rows, (r) =>
  unroll(
    keys,
    (c) =>
      `    let ds_${r}_${c} = select(0.0, exp2(s_${r}_${c} * params.scale2 - lse_${r}), key + ${c}u - low_${r} < count_${r}) * (dp_${r}_${c} - delta_${r});`
  )
)}
${unroll(
  v.perHead,
  (j) => /* wgsl */ `    {
${unroll(keys, (c) => `      let k_${c} = ${v.load('qkv', `k_at_${c} + ${j}u`, text.qkv)};`)}
${unroll(rows, (r) => `      dq_${r}_${j} += ${unroll(keys, (c) => `k_${c} * ds_${r}_${c}`, ' + ')};`)}
    }`
)}
  }
${unroll(
  rows,
  (r) => /* wgsl */ `  if (first + ${r}u < step.tokens) {
${storeRotatedBack(v, text.headDim, `row_${r}`, `q_at_${r}`, (j) => `dq_${r}_${j} * params.scale`)}
  }`
)}
}
`;
}

/**
 * Gradients of keys and values (Dao 2022, algorithm 4, the part that keeps a key): an invocation owns `tile.keys` keys of one key head and walks
 * over the queries that see them, of all query heads of the group: dv = sum of p dO, dk = scale * sum of ds q.
 */
export function backwardKeyValueSerialText(text: BackwardText, tile: SerialTile): string {
  const { rows, keys, lanes } = tile;
  const v = headVector(text.headDim);
  return /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let blocks = (step.tokens + ${keys - 1}u) / ${keys}u;
  if (index >= blocks * params.kvHeads) { return; }
  let kvHead = index % params.kvHeads;
  let first = index / params.kvHeads * ${keys}u;
${unroll(
  keys,
  (c) => /* wgsl */ `  let key_${c} = min(first + ${c}u, step.tokens - 1u);
  let end_${c} = min(min(spans[2u * key_${c} + 1u], step.tokens), select(step.tokens, key_${c} + params.window, params.window > 0u));
  let count_${c} = end_${c} - key_${c};
  let k_at_${c} = params.kOffset + key_${c} * params.stride + kvHead * ${v.perHead}u;`
)}
${unroll(keys, (c) => unroll(v.perHead, (j) => `  var dk_${c}_${j} = ${v.type}(); var dv_${c}_${j} = ${v.type}();`))}
  let high = ${fold('max', keys, (c) => `end_${c}`)};
  for (var g = 0u; g < params.group; g++) {
    let head = kvHead * params.group + g;
    for (var row = first; row < high; row += ${rows}u) {
${unroll(
  rows,
  (r) => /* wgsl */ `      let row_${r} = min(row + ${r}u, high - 1u);
      let q_at_${r} = row_${r} * params.stride + head * ${v.perHead}u;
      let o_at_${r} = (row_${r} * params.heads + head) * ${v.perHead}u;
      let lse_${r} = lse[row_${r} * params.heads + head] * ${Math.LOG2E};
      let delta_${r} = delta[row_${r} * params.heads + head];`
)}
${unroll(rows, (r) => unroll(keys, (c) => `      var s_${r}_${c} = 0.0; var dp_${r}_${c} = 0.0;`))}
      for (var d = 0u; d < ${v.perHead}u; d++) {
${unroll(rows, (r) => `        let q_${r} = ${v.load('qkv', `q_at_${r} + d`, text.qkv)}; let do_${r} = dOut[o_at_${r} + d];`)}
${unroll(
  keys,
  (c) => /* wgsl */ `        {
          let k = ${v.load('qkv', `k_at_${c} + d`, text.qkv)};
          let v = ${v.load('qkv', `k_at_${c} + params.kvWidth + d`, text.qkv)};
${unroll(rows, (r) => `          s_${r}_${c} += ${v.dot(`q_${r}`, 'k')}; dp_${r}_${c} += ${v.dot(`do_${r}`, 'v')};`)}
        }`
)}
      }
${unroll(rows, (r) =>
  unroll(
    keys,
    (c) => /* wgsl */ `      s_${r}_${c} = select(0.0, exp2(s_${r}_${c} * params.scale2 - lse_${r}), row + ${r}u - key_${c} < count_${c});
      dp_${r}_${c} = s_${r}_${c} * (dp_${r}_${c} - delta_${r});`
  )
)}
${unroll(
  v.perHead,
  (j) => /* wgsl */ `      {
${unroll(rows, (r) => `        let do_${r} = dOut[o_at_${r} + ${j}u];`)}
${unroll(keys, (c) => `        dv_${c}_${j} += ${unroll(rows, (r) => `do_${r} * s_${r}_${c}`, ' + ')};`)}
      }
      {
${unroll(rows, (r) => `        let q_${r} = ${v.load('qkv', `q_at_${r} + ${j}u`, text.qkv)};`)}
${unroll(keys, (c) => `        dk_${c}_${j} += ${unroll(rows, (r) => `q_${r} * dp_${r}_${c}`, ' + ')};`)}
      }`
)}
    }
  }
${unroll(
  keys,
  (c) => /* wgsl */ `  if (first + ${c}u < step.tokens) {
${storeRotatedBack(v, text.headDim, `key_${c}`, `k_at_${c}`, (j) => `dk_${c}_${j} * params.scale`)}
${unroll(v.perHead, (j) => `    dQkv[k_at_${c} + params.kvWidth + ${j}u] = dv_${c}_${j};`)}
  }`
)}
}
`;
}
