/** Gradient norm, clipping and AdamW in float64, as torch.nn.utils.clip_grad_norm_ and torch.optim.AdamW define them. */

export interface AdamWScalars {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  /** Step, from 1. */
  readonly iteration: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface AdamWState {
  readonly weights: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

export function gradNormReference(grads: ArrayLike<number>, maxGradNorm: number) {
  let sumOfSquares = 0;
  for (let i = 0; i < grads.length; i++) sumOfSquares += grads[i] ** 2;
  const norm = Math.sqrt(sumOfSquares);
  return { sumOfSquares, norm, clipScale: maxGradNorm > 0 ? Math.min(1, maxGradNorm / (norm + 1e-6)) : 1 };
}

/** One step, in place. */
export function adamwReference(state: AdamWState, grads: ArrayLike<number>, s: AdamWScalars): void {
  const { clipScale } = gradNormReference(grads, s.maxGradNorm);
  for (let i = 0; i < grads.length; i++) {
    const g = grads[i] * clipScale;
    state.weights[i] *= 1 - s.learningRate * s.weightDecay;
    state.m[i] = s.beta1 * state.m[i] + (1 - s.beta1) * g;
    state.v[i] = s.beta2 * state.v[i] + (1 - s.beta2) * g * g;
    const mean = state.m[i] / (1 - s.beta1 ** s.iteration);
    const square = state.v[i] / (1 - s.beta2 ** s.iteration);
    state.weights[i] -= (s.learningRate * mean) / (Math.sqrt(square) + s.epsilon);
  }
}
