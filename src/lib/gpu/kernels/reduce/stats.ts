/** Elements of the small f32 tensor that collects a step's figures on the GPU; all that is read back in training. */
export const statsFields = {
  /** Sum of squared gradients of all adapter parameters. */
  sumOfSquares: 0,
  /** Its root: the gradient norm before clipping. */
  norm: 1,
  /** What gradients are multiplied by: min(1, maxGradNorm / (norm + 1e-6)); 1 without clipping, 0 when the norm is not finite. */
  clipScale: 2,
  /** Sum of the negative log-likelihoods of the trained tokens since the last step with `accumulate` 0. */
  loss: 3
} as const;

export const statsLength = Object.keys(statsFields).length;
