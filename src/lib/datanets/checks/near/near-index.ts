import { combine32 } from '../hash';
import { BandIndex, bandingFor } from './bands';
import { MinHash, PERMUTATIONS } from './minhash';
import { jaccard } from './shingles';
import { ShingleSets } from './shingle-sets';

/** Similarity from which rows are near duplicates where nobody says otherwise. */
export const DEFAULT_SIMILARITY = 0.8;

/** An earlier row that the new one is like. */
export interface NearMatch {
  /** Its place in the order of adding, from 0. */
  row: number;
  /** Jaccard similarity of the two sets of shingles, not an estimate. */
  similarity: number;
}

/**
 * Rows compared with one new row at most. Rows written to one template can all be somewhat alike: without a bound, a
 * hundred thousand of them would be five thousand million comparisons.
 */
const MAX_COMPARED = 500;

/** And rows met in buckets at most, those that are passed over without a comparison among them. */
const MAX_MET = 5000;

/**
 * Finds earlier rows that are like a new one: MinHash signatures in bands find candidates, the sets themselves decide.
 * So nothing is reported that is not as alike as said, and a pair at the threshold is missed once in hundreds.
 * Memory: about 340 bytes and 4 bytes a shingle for each row that is not word for word another.
 */
export class NearIndex {
  readonly #similarity: number;
  readonly #minHash = new MinHash();
  readonly #signature = new Int32Array(PERMUTATIONS);
  readonly #bands: BandIndex;
  readonly #sets = new ShingleSets();
  /** Row of each set, and the first set of each hash over all of a set. */
  readonly #rows: number[] = [];
  readonly #whole = new Map<number, number>();
  #count = 0;

  constructor(similarity = DEFAULT_SIMILARITY) {
    this.#similarity = similarity;
    this.#bands = new BandIndex(bandingFor(similarity, PERMUTATIONS));
  }

  /** Adds a row and gives the earlier rows that it is like; see `each`. */
  add(shingles: Int32Array): NearMatch[] {
    const found: NearMatch[] = [];
    this.each(
      shingles,
      () => false,
      (row, similarity) => found.push({ row, similarity })
    );
    return found;
  }

  /**
   * Adds a row and calls `meet` for each earlier row that it is like. A row without shingles is like none. Of rows with
   * the same shingles only the first is ever met.
   * @param shingles sorted and distinct, as `Shingler` gives them.
   * @param skip rows of no interest, which are then not compared. Asked before each comparison.
   */
  each(
    shingles: Int32Array,
    skip: (row: number) => boolean,
    meet: (row: number, similarity: number) => void
  ): void {
    const row = this.#count;
    this.#count += 1;
    if (shingles.length === 0) return;
    const hash = shingles.reduce(combine32, shingles.length);
    const same = this.#whole.get(hash);
    if (same !== undefined && jaccard(this.#sets.get(same), shingles) === 1) {
      meet(this.#rows[same], 1);
      return;
    }
    this.#whole.set(hash, this.#sets.count);
    this.#sets.add(shingles);
    this.#rows.push(row);
    this.#compare(shingles, skip, meet);
  }

  #compare(
    shingles: Int32Array,
    skip: (row: number) => boolean,
    meet: (row: number, similarity: number) => void
  ): void {
    const seen = new Set<number>();
    let compared = 0;
    this.#minHash.sign(shingles, this.#signature);
    this.#bands.add(this.#signature, (set) => {
      if (seen.has(set)) return true;
      seen.add(set);
      if (seen.size > MAX_MET || compared === MAX_COMPARED) return false;
      if (skip(this.#rows[set])) return true;
      const other = this.#sets.get(set);
      // The smaller set over the larger bounds what they can share.
      const [fewer, more] = other.length < shingles.length ? [other, shingles] : [shingles, other];
      if (fewer.length < this.#similarity * more.length) return true;
      compared += 1;
      const similarity = jaccard(other, shingles);
      if (similarity >= this.#similarity) meet(this.#rows[set], similarity);
      return true;
    });
  }
}
