import type { Dtype } from '../../plan/tensor';
import { builtins, unroll, workgroupIndex } from '../unroll';
import { queryRows, fold, type SerialTile } from './forward-serial';
import { headVector, roomPerHead, storeTurnedBack, type Vector } from './shape';

/** What the text of the backward kernels depends on. */
export interface BackwardText {
  readonly headDim: number;
  readonly qkv: Dtype;
}

/** WGSL: turns back and stores the `d`-th vector pair of row `local` of the finished tile `name`. */
function storePair(v: Vector, name: string, local: string): string {
  const at = `${local} * ${roomPerHead(v)}u + d`;
  return /* wgsl */ `      let a = ${name}[${at}] * params.scale;
      let b = ${name}[${at} + params.perHead / 2u] * params.scale;
${storeTurnedBack(v, `(first + ${local})`, 'd', 'at')}`;
}

/** WGSL: adds the inner products of one vector of each query row, key, output gradient and value to the tiles `s` and `dp`. */
function scoreVectors(v: Vector, text: BackwardText, tile: SerialTile): string {
  return /* wgsl */ `
${unroll(tile.rows, (r) => `      let q_${r} = ${v.load('qkv', `q_at_${r} + d`, text.qkv)}; let do_${r} = dOut[o_at_${r} + d];`)}
${unroll(
  tile.keys,
  (c) => /* wgsl */ `      let k_${c} = ${v.load('qkv', `k_at_${c} + d`, text.qkv)};
      let v_${c} = ${v.load('qkv', `k_at_${c} + params.kvWidth + d`, text.qkv)};
${unroll(tile.rows, (r) => `      s_${r}_${c} += ${v.dot(`q_${r}`, `k_${c}`)}; dp_${r}_${c} += ${v.dot(`do_${r}`, `v_${c}`)};`)}`
)}`;
}

/**
 * Gradient of the queries (Dao 2022, algorithm 4, the part that keeps a query row): with p = exp(s - lse) and dp = dO·v,
 * ds = p (dp - delta), dq = scale * sum over keys of ds k. An invocation owns `tile.rows` query rows of one head as in the forward.
 */
export function backwardQuerySerialText(
  text: BackwardText & { readonly out: Dtype },
  tile: SerialTile
): string {
  const { rows, keys, lanes } = tile;
  const v = headVector(text.headDim);
  const room = roomPerHead(v);
  return /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let blocks = (step.tokens + ${rows - 1}u) / ${rows}u;
  if (index >= blocks * params.heads) { return; }
  let head = index % params.heads;
  let first = (blocks - 1u - index / params.heads) * ${rows}u;
  let kvBase = head / params.group * params.perHead + params.kOffset;
  let live = min(${rows}u, step.tokens - first);
  var deltas: array<f32, ${rows}>;
  for (var r = 0u; r < ${rows}u; r++) {
    let at = min(first + r, step.tokens - 1u) * params.heads + head;
    for (var d = 0u; d < params.perHead; d++) {
      deltas[r] += ${v.dot(v.load('out', `at * params.perHead + d`, text.out), `dOut[at * params.perHead + d]`)};
    }
    if (r < live) { delta[at] = deltas[r]; }
  }
${queryRows(rows, false)}
${unroll(
  rows,
  (r) => /* wgsl */ `  let q_at_${r} = row_${r} * params.stride + head * params.perHead;
  let o_at_${r} = (row_${r} * params.heads + head) * params.perHead;
  let lse_${r} = lse[row_${r} * params.heads + head] * ${Math.LOG2E};
  let delta_${r} = deltas[${r}];`
)}
  var dq: array<${v.type}, ${rows * room}>;
  let low = ${fold('min', rows, (r) => `low_${r}`)};
  let high = ${fold('max', rows, (r) => `past_${r}`)};
  for (var key = low; key < high; key += ${keys}u) {
${unroll(keys, (c) => `    let k_at_${c} = min(key + ${c}u, high - 1u) * params.stride + kvBase;`)}
${unroll(rows, (r) => unroll(keys, (c) => `    var s_${r}_${c} = 0.0; var dp_${r}_${c} = 0.0;`))}
    for (var d = 0u; d < params.perHead; d++) {
${scoreVectors(v, text, tile)}
    }
${unroll(rows, (r) =>
  unroll(
    keys,
    (c) =>
      `    let ds_${r}_${c} = select(0.0, exp2(s_${r}_${c} * params.scale2 - lse_${r}), key + ${c}u - low_${r} < count_${r}) * (dp_${r}_${c} - delta_${r});`
  )
)}
    for (var d = 0u; d < params.perHead; d++) {
${unroll(keys, (c) => `      let k_${c} = ${v.load('qkv', `k_at_${c} + d`, text.qkv)};`)}
${unroll(rows, (r) => `      dq[d + ${r * room}u] += ${unroll(keys, (c) => `k_${c} * ds_${r}_${c}`, ' + ')};`)}
    }
  }
  for (var r = 0u; r < live; r++) {
    let at = (first + r) * params.stride + head * params.perHead;
    for (var d = 0u; d < params.perHead / 2u; d++) {
${storePair(v, 'dq', 'r')}
    }
  }
}
`;
}

/**
 * Gradients of keys and values (Dao 2022, algorithm 4, the part that keeps a key): an invocation owns `tile.keys` keys of one key
 * head and walks over the queries that see them, of all query heads of the group: dv = sum of p dO, dk = scale * sum of ds q.
 */
export function backwardKeyValueSerialText(text: BackwardText, tile: SerialTile): string {
  const { rows, keys, lanes } = tile;
  const v = headVector(text.headDim);
  const room = roomPerHead(v);
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
  let k_at_${c} = params.kOffset + key_${c} * params.stride + kvHead * params.perHead;`
)}
  var dk: array<${v.type}, ${keys * room}>;
  var dv: array<${v.type}, ${keys * room}>;
  let high = ${fold('max', keys, (c) => `end_${c}`)};
  for (var g = 0u; g < params.group; g++) {
    let head = kvHead * params.group + g;
    for (var row = first; row < high; row += ${rows}u) {
${unroll(
  rows,
  (r) => /* wgsl */ `      let row_${r} = min(row + ${r}u, high - 1u) * params.heads + head;
      let q_at_${r} = min(row + ${r}u, high - 1u) * params.stride + head * params.perHead;
      let o_at_${r} = row_${r} * params.perHead;
      let lse_${r} = lse[row_${r}] * ${Math.LOG2E};
      let delta_${r} = delta[row_${r}];`
)}
${unroll(rows, (r) => unroll(keys, (c) => `      var s_${r}_${c} = 0.0; var dp_${r}_${c} = 0.0;`))}
      for (var d = 0u; d < params.perHead; d++) {
${scoreVectors(v, text, tile)}
      }
${unroll(rows, (r) =>
  unroll(
    keys,
    (
      c
    ) => /* wgsl */ `      s_${r}_${c} = select(0.0, exp2(s_${r}_${c} * params.scale2 - lse_${r}), row + ${r}u - key_${c} < count_${c});
      dp_${r}_${c} = s_${r}_${c} * (dp_${r}_${c} - delta_${r});`
  )
)}
      for (var d = 0u; d < params.perHead; d++) {
${unroll(rows, (r) => `        let q_${r} = ${v.load('qkv', `q_at_${r} + d`, text.qkv)}; let do_${r} = dOut[o_at_${r} + d];`)}
${unroll(
  keys,
  (c) => /* wgsl */ `        dk[d + ${c * room}u] += ${unroll(rows, (r) => `q_${r} * dp_${r}_${c}`, ' + ')};
        dv[d + ${c * room}u] += ${unroll(rows, (r) => `do_${r} * s_${r}_${c}`, ' + ')};`
)}
      }
    }
  }
  let live = min(${keys}u, step.tokens - first);
  for (var c = 0u; c < live; c++) {
    let at = params.kOffset + (first + c) * params.stride + kvHead * params.perHead;
    for (var d = 0u; d < params.perHead; d++) {
      dQkv[at + params.kvWidth + d] = dv[c * ${room}u + d];
    }
    for (var d = 0u; d < params.perHead / 2u; d++) {
${storePair(v, 'dk', 'c')}
    }
  }
}
`;
}
