import { TabtuneError } from '../../errors';

/** The model's scores of the next token hold NaN or nothing above -infinity: no token can be chosen. */
export class InvalidLogitsError extends TabtuneError {}

export interface SamplingOptions {
  /** 0 always takes the highest logit; 1 samples the model's own distribution; higher flattens it. */
  readonly temperature: number;
  /** Nucleus: only the most probable tokens whose probabilities together reach this are sampled; 1 allows all. */
  readonly topP: number;
  /** Numbers in [0, 1), such as {@link seededRandom} gives. Not called when the temperature is 0. */
  readonly random: () => number;
}

/**
 * Chooses the next token.
 * @param logits f32 [vocabulary]; -Infinity bars a token
 * @returns the token's id; among equal logits the lowest id comes first
 * @throws InvalidLogitsError, and RangeError for options out of range
 */
export function sample(logits: Float32Array, { temperature, topP, random }: SamplingOptions): number {
  if (!(temperature >= 0 && temperature < Infinity))
    throw new RangeError(`temperature ${temperature} is not 0 or above`);
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`top-p ${topP} is not above 0 and at most 1`);
  const best = argmax(logits);
  if (temperature === 0) return best;
  const weights = Float64Array.from(logits, (v) => Math.exp((v - logits[best]) / temperature));
  const total = weights.reduce((sum, w) => sum + w, 0);
  const ids = topP < 1 ? nucleus(weights, total, topP) : undefined;
  return draw(weights, ids, random());
}

/**
 * Id of the highest logit, the lowest one among equals.
 * @throws InvalidLogitsError
 */
export function argmax(logits: Float32Array): number {
  let best = -1;
  let invalid = false;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i];
    invalid ||= value !== value;
    if (value > (best < 0 ? -Infinity : logits[best])) best = i;
  }
  if (best >= 0 && !invalid && logits[best] < Infinity) return best;
  throw new InvalidLogitsError(
    'The model gives no valid score for the next token (NaN or infinity). The adapter diverged in training or the weights are damaged: load another adapter, or train with a lower learning rate.',
    { details: { vocabulary: logits.length } }
  );
}

/** Ids of the fewest tokens whose weights reach `topP` of the total, from the heaviest; equal weights by id. */
function nucleus(weights: Float64Array, total: number, topP: number): number[] {
  // Tokens lighter than this weigh less than 1 - topP together: they are never needed, and sorting is spared them.
  const floor = ((1 - topP) * total) / weights.length;
  const ids: number[] = [];
  weights.forEach((weight, id) => {
    if (weight >= floor && weight > 0) ids.push(id);
  });
  ids.sort((a, b) => weights[b] - weights[a] || a - b);
  let sum = 0;
  const end = ids.findIndex((id) => (sum += weights[id]) >= topP * total);
  return end < 0 ? ids : ids.slice(0, end + 1);
}

/** The id at which the running sum of weights passes `at` (in [0, 1)) of their total. */
function draw(weights: Float64Array, ids: readonly number[] | undefined, at: number): number {
  const count = ids?.length ?? weights.length;
  let total = 0;
  for (let k = 0; k < count; k++) total += weights[ids ? ids[k] : k];
  const limit = at * total;
  let sum = 0;
  let last = 0;
  for (let k = 0; k < count; k++) {
    const id = ids ? ids[k] : k;
    if (weights[id] === 0) continue;
    last = id;
    sum += weights[id];
    if (sum > limit) return id;
  }
  return last;
}
