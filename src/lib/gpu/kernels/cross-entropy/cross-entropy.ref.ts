/** Cross-entropy in float64: what the kernel computes, one row after another. */

/** -log softmax(logits)[target] of one row. */
export function negativeLogLikelihood(logits: ArrayLike<number>, target: number): number {
  return logSumExp(logits) - logits[target];
}

/** Gradient of {@link negativeLogLikelihood} times `weight` by each logit. */
export function negativeLogLikelihoodBackward(
  logits: ArrayLike<number>,
  target: number,
  weight: number
): Float64Array {
  const lse = logSumExp(logits);
  return Float64Array.from(logits, (v, i) => (Math.exp(v - lse) - (i === target ? 1 : 0)) * weight);
}

function logSumExp(logits: ArrayLike<number>): number {
  let top = -Infinity;
  for (let i = 0; i < logits.length; i++) top = Math.max(top, logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - top);
  return top + Math.log(sum);
}
