import { spearman } from './ranks';
import { scoresOf, type Scores } from '../scores';

/**
 * How far two estimators agree on which rows helped a question: Spearman's correlation over the rows, averaged over the
 * questions. 1: the same order; 0: no relation.
 */
export function agreement(a: Scores, b: Scores): number {
  let sum = 0;
  for (let query = 0; query < a.queries; query++) sum += spearman(scoresOf(a, query), scoresOf(b, query));
  return sum / a.queries;
}
