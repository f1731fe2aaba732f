import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { builtins } from '../unroll';
import { statsFields } from './stats';
import { laneTotalText, sumLanes } from './sum';

export interface SumLossOptions {
  /** f32 [trained tokens]: losses by token; those from step.trained on are not read. */
  readonly loss: Tensor;
  /** f32 [statsLength]; `loss` is overwritten when step.accumulate is 0, else added to. */
  readonly stats: Tensor;
  readonly style: Style;
}

/**
 * Sums loss[0 .. step.trained) into stats.loss, in an order that depends on nothing but step.trained.
 * One workgroup: a batch has thousands of trained tokens, not millions.
 */
export function sumLoss({ loss, stats, style }: SumLossOptions): Kernel {
  return {
    label: `sum-loss.${style}`,
    body: style === 'serial' ? serialBody : cooperativeBody,
    bindings: [
      { name: 'loss', tensor: loss, access: 'read' },
      { name: 'stats', tensor: stats, access: 'read_write' }
    ],
    params: {},
    workgroups: [1, 1, 1],
    flops: loss.length
  };
}

const addText = /* wgsl */ `
fn add(total: f32) {
  var before = 0.0;
  if (step.accumulate != 0u) { before = stats[${statsFields.loss}]; }
  stats[${statsFields.loss}] = before + total;
}`;

// Four sums side by side round less than one, and the additions do not wait for each other.
const serialBody = /* wgsl */ `${addText}
@compute @workgroup_size(1)
fn main() {
  var sums = vec4f();
  var i = 0u;
  for (; i + 3u < step.trained; i += 4u) { sums += vec4f(loss[i], loss[i + 1u], loss[i + 2u], loss[i + 3u]); }
  var rest = 0.0;
  for (; i < step.trained; i++) { rest += loss[i]; }
  add((sums.x + sums.y) + (sums.z + sums.w) + rest);
}`;

const cooperativeBody = /* wgsl */ `${addText}
${laneTotalText}
@compute @workgroup_size(${sumLanes})
fn main(${builtins}) {
  var sum = 0.0;
  for (var i = lane; i < step.trained; i += ${sumLanes}u) { sum += loss[i]; }
  let total = lane_total(lane, sum);
  if (lane == 0u) { add(total); }
}`;
