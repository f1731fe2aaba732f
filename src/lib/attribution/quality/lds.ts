import { spearman } from './ranks';
import { scoresOf, type Scores } from '../scores';

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
  let sum = 0;
  for (let query = 0; query < scores.queries; query++) {
    const values = scoresOf(scores, query);
    const predicted = models.map(({ rows }) => rows.reduce((total, row) => total + values[row], 0));
    sum += spearman(
      predicted,
      models.map(({ outputs }) => outputs[query])
    );
  }
  return sum / scores.queries;
}
