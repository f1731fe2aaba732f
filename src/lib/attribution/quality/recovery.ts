import { rocAuc } from './auc';
import { scoresOf, type Scores } from '../scores';

/** How well scores find what a question is known to come from. */
export interface Recovery {
  /** Area under the ROC curve of the rows with the question's label among all rows, averaged over the questions. */
  readonly rows: number;
  /** The same of labels, each with the sum over its rows: 1 where the right one has the most for every question. */
  readonly labels: number;
  /** Share of questions for which the right label has the most. */
  readonly first: number;
}

/**
 * @param rowLabels [rows] such as contributors
 * @param queryLabels [queries] the right label of each; questions whose label no row has, or every row, are left out
 */
export function recoveryOf(
  scores: Scores,
  rowLabels: readonly string[],
  queryLabels: readonly string[]
): Recovery {
  const found = recoveriesOf(scores, rowLabels, queryLabels);
  const mean = (key: keyof Recovery) => found.reduce((sum, each) => sum + each[key], 0) / found.length;
  return { rows: mean('rows'), labels: mean('labels'), first: mean('first') };
}

/** The same of each question that is not left out. `first`: 1 or 0. */
export function recoveriesOf(
  scores: Scores,
  rowLabels: readonly string[],
  queryLabels: readonly string[]
): Recovery[] {
  const labels = [...new Set(rowLabels)];
  const place = new Map(labels.map((label, i) => [label, i]));
  const asked = queryLabels.flatMap((label, query) =>
    labels.length > 1 && place.has(label) ? [{ query, right: place.get(label)! }] : []
  );
  return asked.map(({ query, right }) => {
    const values = scoresOf(scores, query);
    const sums = new Float64Array(labels.length);
    values.forEach((score, row) => (sums[place.get(rowLabels[row])!] += score));
    return {
      rows: rocAuc(
        values,
        rowLabels.map((label) => label === labels[right])
      ),
      labels: rocAuc(
        sums,
        labels.map((_, i) => i === right)
      ),
      first: sums.every((sum, i) => i === right || sum < sums[right]) ? 1 : 0
    };
  });
}
