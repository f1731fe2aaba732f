import { Pace, type PaceOptions } from '../../datanets/pace';

/**
 * The suffixes of `text` in their order: `result[i]` is where the i-th smallest begins. Prefix doubling (Manber and Myers,
 * "Suffix arrays: a new method for on-line string searches", 1993): suffixes sorted by their first k numbers are sorted by
 * their first 2k with two counting sorts, as what follows k places later is a suffix whose rank is known. Takes as many
 * rounds as the logarithm of the longest part that occurs twice.
 * @param text [n] whole numbers from 0 to `letters` - 1
 * @returns i32 [n]
 * @throws the abort reason
 */
export async function suffixArray(
  text: Int32Array,
  letters: number,
  options: PaceOptions = {}
): Promise<Int32Array> {
  const n = text.length;
  const pace = new Pace(options);
  const order = new Int32Array(n);
  const spare = new Int32Array(n);
  let rank = Int32Array.from(text);
  let nextRank = new Int32Array(n);
  const counts = new Int32Array(Math.max(n, letters) + 1);
  countingSort(rank, undefined, order, counts, letters);
  let ranks = letters;
  for (let k = 0; n > 0; k = k === 0 ? 1 : 2 * k) {
    if (k > 0) {
      // By the second half: suffixes that have none come first, then the others as they are sorted already.
      let at = 0;
      for (let i = n - k; i < n; i++) spare[at++] = i;
      for (let i = 0; i < n; i++) if (order[i] >= k) spare[at++] = order[i] - k;
      // Then by the first half, which leaves the order of the second where the first is equal.
      countingSort(rank, spare, order, counts, ranks);
    }
    const second = (i: number) => (i + k < n ? rank[i + k] : -1);
    let last = 0;
    nextRank[order[0]] = 0;
    for (let i = 1; i < n; i++) {
      const [a, b] = [order[i - 1], order[i]];
      const same = rank[a] === rank[b] && (k === 0 || second(a) === second(b));
      nextRank[b] = same ? last : ++last;
    }
    [rank, nextRank] = [nextRank, rank];
    ranks = last + 1;
    if (ranks === n) break;
    if (pace.due) await pace.breathe(ranks, n);
  }
  pace.finish(n);
  return order;
}

/** Sorts `items` (or 0 … n - 1) by their ranks into `sorted`; equal ones keep their order. */
function countingSort(
  rank: Int32Array,
  items: Int32Array | undefined,
  sorted: Int32Array,
  counts: Int32Array,
  ranks: number
): void {
  const n = rank.length;
  counts.fill(0, 0, ranks + 1);
  for (let i = 0; i < n; i++) counts[rank[i] + 1] += 1;
  for (let i = 0; i < ranks; i++) counts[i + 1] += counts[i];
  for (let i = 0; i < n; i++) {
    const item = items ? items[i] : i;
    sorted[counts[rank[item]]++] = item;
  }
}
