import { ranksOf } from './ranks';

/**
 * Area under the ROC curve: the chance that a positive scores higher than a negative, ties counting half (Mann and Whitney
 * 1947; Hanley and McNeil 1982). NaN where there is no positive or no negative to compare.
 */
export function rocAuc(scores: ArrayLike<number>, positive: ArrayLike<boolean>): number {
  const ranks = ranksOf(scores);
  let [positives, sum] = [0, 0];
  for (let i = 0; i < ranks.length; i++) {
    if (!positive[i]) continue;
    positives += 1;
    sum += ranks[i];
  }
  const negatives = ranks.length - positives;
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
