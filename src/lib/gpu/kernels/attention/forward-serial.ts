import type { Dtype } from '../../plan/tensor';
import { builtins, unroll, workgroupIndex } from '../unroll';
import { headVector, maskedScore, noMaximum, roomPerHead } from './shape';

/** What the text of the forward kernels depends on. */
export interface ForwardText {
  readonly headDim: number;
  readonly q: Dtype;
  readonly kv: Dtype;
  readonly out: Dtype;
  readonly cached: boolean;
  readonly keepsLse: boolean;
}

/** Query rows and keys of the register tile of the serial kernels, and invocations of a workgroup. */
export interface SerialTile {
  readonly rows: number;
  readonly keys: number;
  readonly lanes: number;
}

/**
 * WGSL: `row_i` (clamped to a live row), and the keys it sees as `low_i` and `count_i`. In training the keys are those of its span
 * up to itself, in generation all cached ones up to itself; the window cuts both.
 */
export function queryRows(rows: number, cached: boolean): string {
  return unroll(
    rows,
    (i) => /* wgsl */ `
  let row_${i} = min(first + ${i}u, step.tokens - 1u);
  let past_${i} = ${cached ? 'step.past + ' : ''}row_${i} + 1u;
  let low_${i} = max(${cached ? '0u' : `spans[2u * row_${i}]`}, select(0u, past_${i} - min(params.window, past_${i}), params.window > 0u));
  let count_${i} = past_${i} - low_${i};`
  );
}

/** WGSL expression: least or greatest of `name(0) … name(count - 1)`. */
export function fold(operation: 'min' | 'max', count: number, name: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => name(i)).reduce((a, b) => `${operation}(${a}, ${b})`);
}

/**
 * Serial flash attention (Dao 2022, "FlashAttention", algorithm 1): an invocation owns `tile.rows` query rows of one head and walks
 * over the keys, `tile.keys` at a time. The score tile is an outer product in registers, so that a loaded q or k vector serves a
 * whole row or column of it. Neighbouring lanes take the heads of the same rows: they run equally long. Long rows come first, so
 * that no core ends on the longest piece.
 *
 * Loops over the width of a head run to `params.perHead`, which compilers cannot unroll: software drivers take seconds to compile
 * what they unroll, and every load in the text counts.
 */
export function forwardSerialText(text: ForwardText, tile: SerialTile): string {
  const { rows, keys, lanes } = tile;
  const v = headVector(text.headDim);
  const room = roomPerHead(v);
  const score = (r: number, c: number) => `s_${r}_${c}`;
  return /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let blocks = (step.tokens + ${rows - 1}u) / ${rows}u;
  if (index >= blocks * params.heads) { return; }
  let head = index % params.heads;
  let first = (blocks - 1u - index / params.heads) * ${rows}u;
  let kvBase = head / params.group * params.perHead;
${queryRows(rows, text.cached)}
${unroll(rows, (r) => `  let q_at_${r} = params.qOffset + row_${r} * params.qStride + head * params.perHead;`)}
${unroll(rows, (r) => `  var top_${r} = ${noMaximum}; var sum_${r} = 0.0;`)}
  var o: array<${v.type}, ${rows * room}>;
  let low = ${fold('min', rows, (r) => `low_${r}`)};
  let high = ${fold('max', rows, (r) => `past_${r}`)};
  for (var key = low; key < high; key += ${keys}u) {
${unroll(keys, (c) => `    let kv_at_${c} = min(key + ${c}u, high - 1u) * params.kvStride + kvBase;`)}
${unroll(rows, (r) => unroll(keys, (c) => `    var ${score(r, c)} = 0.0;`, ''))}
    for (var d = 0u; d < params.perHead; d++) {
${unroll(rows, (r) => `      let q_${r} = ${v.load('q', `q_at_${r} + d`, text.q)};`)}
${unroll(keys, (c) => `      let k_${c} = ${v.load('kv', `kv_at_${c} + params.kOffset + d`, text.kv)};`)}
${unroll(rows, (r) => unroll(keys, (c) => `      ${score(r, c)} += ${v.dot(`q_${r}`, `k_${c}`)};`))}
    }
${unroll(rows, (r) =>
  unroll(
    keys,
    (c) =>
      `    ${score(r, c)} = select(${maskedScore}, ${score(r, c)} * params.scale, key + ${c}u - low_${r} < count_${r});`
  )
)}
${unroll(
  rows,
  (r) => /* wgsl */ `    let next_${r} = max(top_${r}, ${fold('max', keys, (c) => score(r, c))});
    let shrink_${r} = exp2(top_${r} - next_${r});
    top_${r} = next_${r};
${unroll(keys, (c) => `    ${score(r, c)} = exp2(${score(r, c)} - next_${r});`)}
    sum_${r} = sum_${r} * shrink_${r} + (${unroll(keys, (c) => score(r, c), ' + ')});`
)}
    for (var d = 0u; d < params.perHead; d++) {
${unroll(keys, (c) => `      let v_${c} = ${v.load('kv', `kv_at_${c} + params.vOffset + d`, text.kv)};`)}
${unroll(rows, (r) => `      o[d + ${r * room}u] = o[d + ${r * room}u] * shrink_${r} + ${unroll(keys, (c) => `v_${c} * ${score(r, c)}`, ' + ')};`)}
    }
  }
  var sums: array<f32, ${rows}>;
${text.keepsLse ? `  var tops: array<f32, ${rows}>;` : ''}
${unroll(rows, (r) => `  sums[${r}] = sum_${r}; ${text.keepsLse ? `tops[${r}] = top_${r};` : ''}`)}
  let live = min(${rows}u, step.tokens - first);
  for (var r = 0u; r < live; r++) {
    let scale = 1.0 / sums[r];
    let at = (first + r) * params.heads + head;
    for (var d = 0u; d < params.perHead; d++) {
      ${v.store('out', `at * params.perHead + d`, `o[r * ${room}u + d] * scale`, text.out)}
    }
${text.keepsLse ? `    lse[at] = (tops[r] + log2(sums[r])) * ${Math.LN2};` : ''}
  }
}
`;
}
