/**
 * PCG-RXS-M-XS (Jarzynski & Olano 2020, "Hash Functions for GPU Rendering"): a 32-bit hash in a handful of integer
 * operations, the same on every device. Chain it over several inputs: `pcg(a ^ pcg(b))`.
 */
export const pcgText = /* wgsl */ `
fn pcg(value: u32) -> u32 {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}`;

/** The same value on the processor; the twin of the WGSL above. */
export function pcg(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}
