import { TabtuneError } from '../errors';

/** The model gives rows no finite score. */
export class NonFiniteScoreError extends TabtuneError {}

/**
 * @param what has no finite score: `Row 3 has`, `The first step has`
 * @param adapted whether an adapter is worn that others trained
 */
export function nonFiniteScore(what: string, adapted: boolean): NonFiniteScoreError {
  return new NonFiniteScoreError(
    `${what} a score that is no number: the model's values overflow on the way. ` +
      (adapted
        ? 'Score the base alone to see whether the adapter diverged in training, or choose another.'
        : 'Its weights are damaged or diverged: choose another model.'),
    { details: { what } }
  );
}
