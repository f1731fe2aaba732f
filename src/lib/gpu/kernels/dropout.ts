import { pcg, pcgText } from './pcg';

/**
 * Dropout without stored masks: whether an element is kept is a hash of (seed of the micro-step, stream of the
 * projection, row, column), so the backward pass and a recomputed forward pass see the same mask.
 */
export function dropoutText(probability: number): string {
  const threshold = dropoutThreshold(probability);
  return /* wgsl */ `${pcgText}
// 0 for a dropped element, 1 / (1 - probability) for a kept one.
fn dropout(stream: u32, row: u32, column: u32) -> f32 {
  let hash = pcg(column ^ pcg(row ^ pcg(stream ^ pcg(step.seed))));
  return select(0.0, ${(1 / (1 - probability)).toPrecision(9)}, hash >= ${threshold}u);
}`;
}

function dropoutThreshold(probability: number): number {
  return Math.min(0xffffffff, Math.round(probability * 2 ** 32));
}

/** The same value on the processor; the twin of the WGSL above. */
export function dropoutScale(
  probability: number,
  seed: number,
  stream: number,
  row: number,
  column: number
): number {
  if (probability === 0) return 1;
  const hash = pcg((column ^ pcg((row ^ pcg((stream ^ pcg(seed)) >>> 0)) >>> 0)) >>> 0);
  return hash >= dropoutThreshold(probability) ? 1 / (1 - probability) : 0;
}
