import { scoresOf, type Scores } from '../scores';
import { bootstrapEstimate, type BootstrapOptions, type Estimate } from './estimate';
import { spearman } from './ranks';

/** A model that was trained on some of the rows only. */
export interface Retrained {
  /** Rows that it was trained on. */
  readonly rows: readonly number[];
  /** [queries] How well it does: larger is better, such as the negative loss. */
  readonly outputs: ArrayLike<number>;
}

/**
 * Linear datamodeling score (Park et al. 2023, arXiv 2303.14186, definition 2.3): for each question, Spearman's correlation
 * over models trained on parts of the rows between what such a model does and the sum of the scores of its rows; averaged
 * over the questions. 1: the scores tell which rows make a model better at a question; 0: they tell nothing.
 */
export function linearDatamodelingScore(scores: Scores, models: readonly Retrained[]): number {
  return mean(predictionsOf(scores, models).map(({ predicted, found }) => spearman(predicted, found)));
}

/**
 * The same with its interval over questions and models.
 * @throws the abort reason
 */
export function linearDatamodelingEstimate(
  scores: Scores,
  models: readonly Retrained[],
  options: BootstrapOptions
): Promise<Estimate> {
  const predictions = predictionsOf(scores, models);
  return bootstrapEstimate(
    [predictions.length, models.length],
    ([asked, drawn]) => {
      // A question that is drawn twice has the same correlation twice.
      const known = new Map<number, number>();
      const correlations = Array.from(asked, (query) => {
        const { predicted, found } = predictions[query];
        const correlation = known.get(query) ?? spearman(pick(predicted, drawn), pick(found, drawn));
        known.set(query, correlation);
        return correlation;
      });
      return mean(correlations);
    },
    options
  );
}

/** For each question: what the scores say of each model, and what it does. */
function predictionsOf(scores: Scores, models: readonly Retrained[]) {
  return Array.from({ length: scores.queries }, (_, query) => {
    const values = scoresOf(scores, query);
    return {
      predicted: Float64Array.from(models, ({ rows }) => rows.reduce((sum, row) => sum + values[row], 0)),
      found: Float64Array.from(models, ({ outputs }) => outputs[query])
    };
  });
}

function pick(values: Float64Array, at: Uint32Array): Float64Array {
  return Float64Array.from(at, (i) => values[i]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
