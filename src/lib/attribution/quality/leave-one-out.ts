import { scoresOf, type Scores } from '../scores';
import { spearman } from './ranks';

/** A model that was trained without the rows of one contributor. */
export interface LeftOut {
  readonly contributor: string;
  /** [queries] How well it does: larger is better, such as the negative loss. */
  readonly outputs: ArrayLike<number>;
}

/**
 * For each question, Spearman's correlation over contributors between the sum of the scores of somebody's rows and what is
 * lost without them: how much worse a model does that was trained on all other rows (leave-one-out, the definition that
 * influence functions approximate: Koh and Liang 2017, arXiv 1703.04730; of groups: Koh et al. 2019, arXiv 1905.13289).
 * @param contributors [rows]
 * @param whole [queries] how well the model does that was trained on all rows
 */
export function leaveOneOutCorrelations(
  scores: Scores,
  contributors: readonly string[],
  whole: ArrayLike<number>,
  left: readonly LeftOut[]
): Float64Array {
  return Float64Array.from({ length: scores.queries }, (_, query) => {
    const values = scoresOf(scores, query);
    const sums = new Map(left.map(({ contributor }) => [contributor, 0]));
    contributors.forEach((contributor, row) =>
      sums.set(contributor, (sums.get(contributor) ?? 0) + values[row])
    );
    return spearman(
      left.map(({ contributor }) => sums.get(contributor)!),
      left.map(({ outputs }) => whole[query] - outputs[query])
    );
  });
}
