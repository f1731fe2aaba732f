import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { builtins, ceilDiv, foldGrid, unroll, workgroupIndex } from '../unroll';

export interface CrossEntropyOptions {
  /** Capacity of the chunk of logits, in rows. */
  readonly rows: number;
  /** Logits of a row that count; at most `stride`. */
  readonly vocabulary: number;
  /** Elements from one row of logits to the next, a multiple of 4. */
  readonly stride: number;
  /** f32 [rows, stride]; overwritten by its gradient when `backward`. */
  readonly logits: Tensor;
  /** u32 [trained tokens]: the token that each row should have predicted. */
  readonly targets: Tensor;
  /** f32 [trained tokens]: receives each row's negative log-likelihood. */
  readonly loss: Tensor;
  /** Index in `targets` and `loss` of the chunk's first row. */
  readonly firstRow: number;
  readonly backward: boolean;
  readonly style: Style;
}

/** Invocations of a workgroup of the serial style: each owns a row, and a few hundred rows must reach every core. */
const serialLanes = 8;
const cooperativeLanes = 256;
/** vec4 loads between two corrections of the running maximum. */
const unrolled = 4;
/** Corrections after which a partial sum joins the total. */
const stepsPerSum = 32;

/**
 * Cross-entropy of a chunk of logits, with its gradient in place.
 *
 * For every row r with firstRow + r < step.trained:
 * loss[firstRow + r] = logsumexp(logits[r]) - logits[r, target], and with `backward`
 * logits[r, v] = (softmax(logits[r])[v] - [v = target]) * step.lossWeight; columns from `vocabulary` to `stride` become 0.
 * Rows past step.trained are left alone.
 *
 * One pass finds maximum and sum together (Milakov and Gimelshein, Online normalizer calculation for softmax,
 * arXiv 1805.02867), a second one writes the gradient.
 */
export function crossEntropy(options: CrossEntropyOptions): Kernel {
  const { rows, vocabulary, stride, logits, targets, loss, firstRow, backward, style } = options;
  if (stride % 4 !== 0 || stride < vocabulary)
    throw new RangeError(`stride ${stride} for a vocabulary of ${vocabulary}`);
  return {
    label: `cross-entropy.${backward ? 'backward' : 'forward'}.${style}`,
    body: style === 'serial' ? serialBody(backward) : cooperativeBody(backward),
    bindings: [
      { name: 'logits', tensor: logits, access: backward ? 'read_write' : 'read', element: 'vec4<f32>' },
      { name: 'targets', tensor: targets, access: 'read' },
      { name: 'loss', tensor: loss, access: 'write' }
    ],
    params: {
      rows: { u32: rows },
      vocabulary: { u32: vocabulary },
      stride: { u32: stride },
      firstRow: { u32: firstRow }
    },
    workgroups: foldGrid(style === 'serial' ? ceilDiv(rows, serialLanes) : rows),
    // An exponential counts as one operation, as do the comparison, the subtraction and the sum.
    flops: rows * vocabulary * (backward ? 7 : 4)
  };
}

/** The largest negative f32: an initial maximum that, unlike -infinity, can be subtracted from itself. */
const lowest = '-3.4028234e38';

const common = /* wgsl */ `
struct Running { top: f32, sum: f32 }

// Both maxima and sums in one: exp of the smaller maximum is rescaled to the larger.
fn join(a: Running, b: Running) -> Running {
  let top = max(a.top, b.top);
  return Running(top, a.sum * exp(a.top - top) + b.sum * exp(b.top - top));
}

fn highest(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }

// The last vec4 of a row whose vocabulary is not a multiple of 4: what lies past its end weighs nothing.
fn ended(v: vec4f, column: u32) -> vec4f {
  return select(vec4f(${lowest}), v, vec4u(column) + vec4u(0, 1, 2, 3) < vec4u(params.vocabulary));
}
`;

/**
 * Walks the vec4s `first`, `first + step`, … of a row and leaves maximum and sum in `state`. Sums are taken in two
 * levels: one accumulator over a quarter of a million terms would lose more digits than f32 has to spare.
 */
function onlinePass(first: string, step: string): string {
  const higher = Array.from({ length: unrolled }, (_, k) => `v${k}`).reduce((a, b) => `max(${a}, ${b})`);
  return /* wgsl */ `
  var top = f32(${lowest});
  var total = vec4f();
  let whole = params.vocabulary / 4u;
  var i = ${first};
  while (i + ${unrolled - 1}u * ${step} < whole) {
    var sums = vec4f();
    for (var k = 0u; k < ${stepsPerSum}u && i + ${unrolled - 1}u * ${step} < whole; k++) {
${unroll(unrolled, (k) => `      let v${k} = logits[base + i + ${k}u * ${step}];`)}
      let higher = max(top, highest(${higher}));
      let fade = exp(top - higher);
      total *= fade;
      sums = sums * fade + ${`((${unroll(unrolled, (k) => `exp(v${k} - higher)`, ') + (')}))`};
      top = higher;
      i += ${unrolled}u * ${step};
    }
    total += sums;
  }
  for (; i * 4u < params.vocabulary; i += ${step}) {
    let v = ended(logits[base + i], i * 4u);
    let higher = max(top, highest(v));
    total = total * exp(top - higher) + exp(v - higher);
    top = higher;
  }
  var state = Running(top, dot(total, vec4f(1)));`;
}

/** Writes the gradient over the vec4s `from`, `from + step`, … of a row. */
function gradientPass(first: string, step: string): string {
  return /* wgsl */ `
  let scale = step.lossWeight / state.sum;
  for (var i = ${first}; i < params.stride / 4u; i += ${step}) {
    let column = i * 4u;
    let p = exp(ended(logits[base + i], column) - state.top) * scale;
    logits[base + i] = p - select(vec4f(), vec4f(step.lossWeight), vec4u(column) + vec4u(0, 1, 2, 3) == vec4u(goal));
  }`;
}

function serialBody(backward: boolean): string {
  return /* wgsl */ `${common}
@compute @workgroup_size(${serialLanes})
fn main(${builtins}) {
  let row = ${workgroupIndex} * ${serialLanes}u + lane;
  if (row >= params.rows || params.firstRow + row >= step.trained) { return; }
  let base = row * (params.stride / 4u);
  ${onlinePass('0u', '1u')}
  let goal = targets[params.firstRow + row];
  loss[params.firstRow + row] = state.top + log(state.sum) - logits[base + goal / 4u][goal % 4u];
  ${backward ? gradientPass('0u', '1u') : ''}
}`;
}

function cooperativeBody(backward: boolean): string {
  return /* wgsl */ `${common}
var<workgroup> states: array<Running, ${cooperativeLanes}>;

@compute @workgroup_size(${cooperativeLanes})
fn main(${builtins}) {
  let row = ${workgroupIndex};
  if (row >= params.rows || params.firstRow + row >= step.trained) { return; }
  let base = row * (params.stride / 4u);
  ${onlinePass('lane', `${cooperativeLanes}u`)}
  states[lane] = state;
  for (var half = ${cooperativeLanes / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { states[lane] = join(states[lane], states[lane + half]); }
  }
  workgroupBarrier();
  state = states[0];
  let goal = targets[params.firstRow + row];
  if (lane == 0u) {
    loss[params.firstRow + row] = state.top + log(state.sum) - logits[base + goal / 4u][goal % 4u];
  }
  ${
    backward
      ? `// The first lane still reads the target's logit, which another lane overwrites below.
  storageBarrier();
  ${gradientPass('lane', `${cooperativeLanes}u`)}`
      : ''
  }
}`;
}
