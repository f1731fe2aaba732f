import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { statsFields } from '../reduce/stats';
import { builtins, ceilDiv, foldGrid, workgroupIndex } from '../unroll';

export interface AdamWOptions {
  /** Number of parameters; all tensors below are f32 of at least that length. */
  readonly count: number;
  readonly weights: Tensor;
  readonly grads: Tensor;
  /** Running mean of the gradients, and of their squares; zero before the first step. */
  readonly m: Tensor;
  readonly v: Tensor;
  /** What {@link gradNorm} wrote. */
  readonly stats: Tensor;
  /** 0.9 when absent. */
  readonly beta1?: number;
  /** 0.999 when absent. */
  readonly beta2?: number;
  /** 1e-8 when absent. */
  readonly epsilon?: number;
  readonly style: Style;
}

/**
 * One AdamW step (Loshchilov and Hutter, arXiv 1711.05101) over all parameters, in the order of torch.optim.AdamW:
 *
 *     g = grad * stats.clipScale
 *     w = w * (1 - learningRate * weightDecay)
 *     m = m + (1 - beta1) * (g - m);  v = beta2 * v + (1 - beta2) * g²
 *     w = w - learningRate / biasCorrection1 * m / (sqrt(v) / sqrt(biasCorrection2) + epsilon)
 *
 * The scalars come from `step`. When the gradient norm is NaN or infinite nothing is written: a step that diverged
 * leaves the last good adapter.
 */
export function adamw(options: AdamWOptions): Kernel {
  const { count, weights, grads, m, v, stats, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, style } = options;
  const wide = count % 4 === 0;
  const element = wide ? 'vec4<f32>' : 'f32';
  const vectors = wide ? count / 4 : count;
  const lanes = style === 'serial' ? 32 : 256;
  return {
    label: `adamw.${style}`,
    body: body(element, lanes),
    bindings: [
      { name: 'weights', tensor: weights, access: 'read_write', length: count, element },
      { name: 'grads', tensor: grads, access: 'read', length: count, element },
      { name: 'm', tensor: m, access: 'read_write', length: count, element },
      { name: 'v', tensor: v, access: 'read_write', length: count, element },
      { name: 'stats', tensor: stats, access: 'read' }
    ],
    params: {
      vectors: { u32: vectors },
      keep2: { f32: beta2 },
      take1: { f32: 1 - beta1 },
      take2: { f32: 1 - beta2 },
      epsilon: { f32: epsilon }
    },
    workgroups: foldGrid(ceilDiv(vectors, lanes)),
    flops: 16 * count
  };
}

function body(element: string, lanes: number): string {
  return /* wgsl */ `
alias V = ${element};

@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let i = ${workgroupIndex} * ${lanes}u + lane;
  // Finite by its bits: compilers may assume that NaN and infinity do not occur.
  let exponent = bitcast<u32>(stats[${statsFields.norm}]) & 0x7f800000u;
  if (i >= params.vectors || exponent == 0x7f800000u) { return; }
  let g = grads[i] * stats[${statsFields.clipScale}];
  var mean = m[i];
  mean += params.take1 * (g - mean);
  let square = params.keep2 * v[i] + params.take2 * (g * g);
  m[i] = mean;
  v[i] = square;
  let denominator = sqrt(square) / sqrt(step.biasCorrection2) + V(params.epsilon);
  let decayed = weights[i] * (1.0 - step.learningRate * step.weightDecay);
  weights[i] = decayed - (step.learningRate / step.biasCorrection1) * (mean / denominator);
}`;
}
