import { builtins, unroll } from '../unroll';
import type { ForwardText } from './forward-serial';
import { headVector, maskedScore, noMaximum } from './shape';

/** Keys that a workgroup of the decode kernel looks at at a time: one for each invocation's softmax. */
const keys = 128;
/** Invocations that share a key while scores are formed: eight neighbouring vectors are one memory transaction. */
const across = 8;

/**
 * One query row against a long cache, for GPUs ("flash decoding", Dao et al. 2023, without its split over workgroups): the tiles of the
 * forward would leave 63 of 64 rows idle, so the keys are spread over the lanes instead. A workgroup owns one query head. Eight lanes
 * share a key to form its score, then each lane owns a key's weight, then lanes own columns of the output and share the
 * keys out among `shares`: every load is of neighbouring vectors. Costs three barriers for 128 keys.
 */
export function decodeText(text: ForwardText): string {
  const v = headVector(text.headDim);
  const shares = Math.floor(keys / v.perHead);
  const kv = (row: string, offset: string, d: string) =>
    v.load('kv', `min(${row}, high - 1u) * params.kvStride + ${offset} + ${d}`, text.kv);
  return /* wgsl */ `
var<workgroup> query: array<${v.type}, ${v.perHead}>;
var<workgroup> partial: array<f32, ${keys * (across + 1)}>;
var<workgroup> weights: array<f32, ${keys}>;
var<workgroup> reduced: array<f32, 8>;
var<workgroup> shared_out: array<${v.type}, ${keys}>;

// Over the workgroup, of what weights holds; the caller has put a barrier before.
fn greatest(lane: u32) -> f32 {
  if (lane < 8u) {
    var found = weights[lane * 16u];
    for (var i = 1u; i < 16u; i++) { found = max(found, weights[lane * 16u + i]); }
    reduced[lane] = found;
  }
  workgroupBarrier();
  return ${unroll(7, () => 'max(', '')}reduced[0]${unroll(7, (i) => `, reduced[${i + 1}])`, '')};
}

@compute @workgroup_size(${keys})
fn main(${builtins}) {
  let head = group.x;
  let k_base = params.kOffset + head / params.group * ${v.perHead}u;
  let v_base = params.vOffset + head / params.group * ${v.perHead}u;
  let high = step.past + 1u;
  let low = select(0u, high - min(params.window, high), params.window > 0u);
  for (var d = lane; d < ${v.perHead}u; d += ${keys}u) {
    query[d] = ${v.load('q', `params.qOffset + head * ${v.perHead}u + d`, text.q)};
  }
  let share = lane / ${v.perHead}u;
  let column = lane % ${v.perHead}u;
  var top = ${noMaximum};
  var sum = 0.0;
  var o = ${v.type}();
  for (var key = low; key < high; key += ${keys}u) {
    workgroupBarrier();
    for (var i = lane; i < ${keys * across}u; i += ${keys}u) {
      let n = i / ${across}u;
      var score = 0.0;
      for (var d = i % ${across}u; d < ${v.perHead}u; d += ${across}u) {
        score += ${v.dot('query[d]', kv('key + n', 'k_base', 'd'))};
      }
      partial[n * ${across + 1}u + i % ${across}u] = score;
    }
    workgroupBarrier();
    var score = 0.0;
    for (var i = 0u; i < ${across}u; i++) { score += partial[lane * ${across + 1}u + i]; }
    score = select(${maskedScore}, score * params.scale, key + lane < high);
    weights[lane] = score;
    workgroupBarrier();
    let next = max(top, greatest(lane));
    let shrink = exp2(top - next);
    top = next;
    let weight = exp2(score - next);
    sum = sum * shrink + weight;
    weights[lane] = weight;
    workgroupBarrier();
    o *= shrink;
    let end = min(${keys}u, high - key);
    if (share < ${shares}u) {
      for (var n = share; n < end; n += ${shares}u) { o += ${kv('key + n', 'v_base', 'column')} * weights[n]; }
    }
  }
  shared_out[lane] = o;
  workgroupBarrier();
  weights[lane] = sum;
  workgroupBarrier();
  if (lane < ${v.perHead}u) {
    var total = 0.0;
    for (var i = 0u; i < ${keys}u; i++) { total += weights[i]; }
    for (var i = 1u; i < ${shares}u; i++) { o += shared_out[i * ${v.perHead}u + lane]; }
    ${v.store('out', `head * ${v.perHead}u + lane`, 'o * (1.0 / total)', text.out)}
${text.keepsLse ? `    if (lane == 0u) { lse[head] = (top + log2(total)) * ${Math.LN2}; }` : ''}
  }
}
`;
}

/** Whether the decode kernel can take heads of this width: a lane for each vector. */
export function canDecode(headDim: number): boolean {
  return headVector(headDim).perHead <= keys;
}
