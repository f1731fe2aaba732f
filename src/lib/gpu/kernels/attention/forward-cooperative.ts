import { builtins, unroll, workgroupIndex } from '../unroll';
import type { ForwardText } from './forward-serial';
import { headVector, maskedScore, noMaximum } from './shape';
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
  type Tiling
} from './tiles';

/**
 * Flash attention for GPUs (Dao 2023, "FlashAttention-2"): a workgroup owns 64 query rows of one head and streams 32 keys at a time.
 * Output, running maximum and running sum stay in registers; the maximum of a row is agreed upon through workgroup
 * memory once a tile, its sum only at the end. Longest blocks come first, heads of one key head are neighbours and find its keys in the
 * cache. Queries are staged again for every tile of keys: held in workgroup memory, they would leave no room for
 * heads of 128, and they come from the cache.
 */
export function forwardCooperativeText(text: ForwardText, t: Tiling): string {
  const v = headVector(text.headDim);
  const position = text.cached ? 'step.past + ' : '';
  const kv = (offset: string) => (row: string, d: string) =>
    v.load('kv', `min(key + ${row}, high - 1u) * params.kvStride + ${offset} + ${d}`, text.kv);
  return /* wgsl */ `
${arena}
@compute @workgroup_size(${invocations})
fn main(${builtins}) {
  let index = ${workgroupIndex};
  let blocks = (step.tokens + ${t.owned - 1}u) / ${t.owned}u;
  if (index >= blocks * params.heads) { return; }
  let head = index % params.heads;
  let first = (blocks - 1u - index / params.heads) * ${t.owned}u;
  let q_base = params.qOffset + head * ${t.perHead}u;
  let k_base = params.kOffset + head / params.group * ${t.perHead}u;
  let v_base = params.vOffset + head / params.group * ${t.perHead}u;
${placeText(t)}
${unroll(
  4,
  (i) => /* wgsl */ `  let row_${i} = min(first + ty * 4u + ${i}u, step.tokens - 1u);
  let past_${i} = ${position}row_${i} + 1u;
  let low_${i} = max(${text.cached ? '0u' : `spans[2u * row_${i}]`}, select(0u, past_${i} - min(params.window, past_${i}), params.window > 0u));
  let count_${i} = past_${i} - low_${i};`
)}
  // Rows see ranges of keys whose both ends rise with the row: the first row's start and the last row's end bound the block.
  let first_past = ${position}first + 1u;
  let low = max(${text.cached ? '0u' : 'spans[2u * first]'}, select(0u, first_past - min(params.window, first_past), params.window > 0u));
  let high = ${position}min(first + ${t.owned}u, step.tokens);
  var top = vec4<f32>(${noMaximum});
  var sum = vec4<f32>();
${resultRegisters(t, 'o')}
  for (var key = low; key < high; key += ${4 * t.across}u) {
${each16((i, j) => `    var s_${i}_${j} = 0.0;`)}
${scoresText(
  t,
  's',
  (row, d) => v.load('q', `min(first + ${row}, step.tokens - 1u) * params.qStride + q_base + ${d}`, text.q),
  kv('k_base')
)}
${each16((i, j) => `    s_${i}_${j} = select(${maskedScore}, s_${i}_${j} * params.scale, key + tx + ${t.across * j}u - low_${i} < count_${i});`)}
    let own_top = vec4<f32>(${unroll(4, (i) => `max(max(s_${i}_0, s_${i}_1), max(s_${i}_2, s_${i}_3))`, ', ')});
${rowReduceText(t, 'tile_top', 'own_top', (a, b) => `max(${a}, ${b})`)}
    let next = max(top, tile_top);
    let shrink = exp2(top - next);
    top = next;
${each16((i, j) => `    s_${i}_${j} = exp2(s_${i}_${j} - next.${'xyzw'[i]});`)}
    sum = sum * shrink + vec4<f32>(${unroll(4, (i) => unroll(4, (j) => `s_${i}_${j}`, ' + '), ', ')});
${unroll(4, (i) => unroll(t.columns, (j) => `    o_${i}_${j} *= shrink.${'xyzw'[i]};`))}
${shareText(t, 's')}
${resultText(t, 'o', kv('v_base'))}
  }
${rowReduceText(t, 'total', 'sum', (a, b) => `${a} + ${b}`)}
  let scale = 1.0 / total;
${eachResult(
  t,
  (i) => `first + ty * 4u + ${i}u < step.tokens`,
  (i, j) =>
    v.store(
      'out',
      `(row_${i} * params.heads + head) * ${t.perHead}u + column_${j}`,
      `o_${i}_${j} * scale.${'xyzw'[i]}`,
      text.out
    )
)}
${
  text.keepsLse
    ? /* wgsl */ `  if (tx == 0u) {
    let logsumexp = (top + log2(total)) * ${Math.LN2};
${unroll(4, (i) => `    if (first + ty * 4u + ${i}u < step.tokens) { lse[row_${i} * params.heads + head] = logsumexp.${'xyzw'[i]}; }`)}
  }`
    : ''
}
}
`;
}
