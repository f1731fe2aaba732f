import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import { transient, type Tensor } from '../../plan/tensor';
import { statsFields } from '../reduce/stats';
import { laneTotalText, sumLanes } from '../reduce/sum';
import { builtins, ceilDiv, workgroupIndex } from '../unroll';

export interface GradNormOptions {
  /** f32 [count]: the gradients of all parameters, one behind another. */
  readonly grads: Tensor;
  readonly count: number;
  /** f32 [statsLength]; receives `sumOfSquares`, `norm` and `clipScale`. */
  readonly stats: Tensor;
  readonly style: Style;
}

/** Partial sums, and so the invocations (serial) or workgroups (cooperative) of the first dispatch. */
const partialCount = 256;
const serialLanes = 8;

/**
 * The norm of all gradients and the factor that clips it, in two dispatches.
 *
 * clipScale = min(1, step.maxGradNorm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_; 1 when maxGradNorm is 0, and
 * 0 when the norm is NaN or infinite. Summation order is fixed, so the same gradients give the same bits.
 */
export function gradNorm({ grads, count, stats, style }: GradNormOptions): [Kernel, Kernel] {
  const partials = transient('gradNorm.partials', partialCount);
  const wide = count % 4 === 0;
  const vectors = wide ? count / 4 : count;
  return [
    {
      label: `grad-norm.partial.${style}`,
      body: style === 'serial' ? serialBody(wide) : cooperativeBody(wide),
      bindings: [
        { name: 'grads', tensor: grads, access: 'read', length: count, element: wide ? 'vec4<f32>' : 'f32' },
        { name: 'partials', tensor: partials, access: 'write' }
      ],
      params: { vectors: { u32: vectors }, share: { u32: ceilDiv(vectors, partialCount) } },
      workgroups: [style === 'serial' ? partialCount / serialLanes : partialCount, 1, 1],
      flops: 2 * count
    },
    {
      label: 'grad-norm.total',
      body: totalBody,
      bindings: [
        { name: 'partials', tensor: partials, access: 'read' },
        { name: 'stats', tensor: stats, access: 'read_write' }
      ],
      params: {},
      workgroups: [1, 1, 1],
      flops: partialCount
    }
  ];
}

/** Square of a load: of its four elements, or of its one. */
const squareText = (wide: boolean) => (wide ? 'dot(g, g)' : 'g * g');

/** Each invocation sums one contiguous share. */
function serialBody(wide: boolean): string {
  return /* wgsl */ `
@compute @workgroup_size(${serialLanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${serialLanes}u + lane;
  let end = min((index + 1u) * params.share, params.vectors);
  var sum = 0.0;
  for (var i = index * params.share; i < end; i++) {
    let g = grads[i];
    sum += ${squareText(wide)};
  }
  partials[index] = sum;
}`;
}

/** Each workgroup sums every {@link partialCount}th row of lanes. */
function cooperativeBody(wide: boolean): string {
  return /* wgsl */ `${laneTotalText}
@compute @workgroup_size(${sumLanes})
fn main(${builtins}) {
  var sum = 0.0;
  for (var i = group.x * ${sumLanes}u + lane; i < params.vectors; i += ${sumLanes * partialCount}u) {
    let g = grads[i];
    sum += ${squareText(wide)};
  }
  let total = lane_total(lane, sum);
  if (lane == 0u) { partials[group.x] = total; }
}`;
}

// One invocation for 256 additions: shorter than the barriers of a tree, and nothing waits beside it.
const totalBody = /* wgsl */ `
@compute @workgroup_size(1)
fn main() {
  var sums = vec4f();
  for (var i = 0u; i < ${partialCount}u; i += 4u) {
    sums += vec4f(partials[i], partials[i + 1u], partials[i + 2u], partials[i + 3u]);
  }
  let total = (sums.x + sums.y) + (sums.z + sums.w);
  let norm = sqrt(total);
  var scale = 1.0;
  if (step.maxGradNorm > 0.0) { scale = min(1.0, step.maxGradNorm / (norm + 1e-6)); }
  // By its bits: compilers may assume that NaN and infinity do not occur.
  if ((bitcast<u32>(norm) & 0x7f800000u) == 0x7f800000u) { scale = 0.0; }
  stats[${statsFields.sumOfSquares}] = total;
  stats[${statsFields.norm}] = norm;
  stats[${statsFields.clipScale}] = scale;
}`;
