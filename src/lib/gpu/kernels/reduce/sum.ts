import { unroll } from '../unroll';

/** Invocations that share one sum; in the serial style each leaves a partial sum of its own. */
export const sumLanes = 256;

/**
 * WGSL that adds up `lane_sums` (one f32 an invocation, {@link sumLanes} of them) as a tree of fixed shape: the same
 * bits on every run. Call `lane_total(lane, value)` in uniform control flow; every invocation gets the total.
 */
export const laneTotalText = /* wgsl */ `
var<workgroup> lane_sums: array<f32, ${sumLanes}>;
fn lane_total(lane: u32, value: f32) -> f32 {
  lane_sums[lane] = value;
${unroll(
  Math.log2(sumLanes),
  (k) => `  workgroupBarrier();
  if (lane < ${sumLanes >> (k + 1)}u) { lane_sums[lane] += lane_sums[lane + ${sumLanes >> (k + 1)}u]; }`
)}
  return workgroupUniformLoad(&lane_sums[0]);
}`;
