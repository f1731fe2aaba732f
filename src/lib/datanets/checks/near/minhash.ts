import { Random } from '../../random';

/** Hash functions of a signature: the standard error of the similarity it tells is 1/√128, below 0.09. */
export const PERMUTATIONS = 128;

/** Same functions everywhere and always, so that signatures made at different times can be compared. */
const SEED = 0x7ab7;

/**
 * MinHash (Broder, 1997): of each of many orders of all shingles, the first that a set holds. Two sets agree in one
 * place of their signatures with the probability of their Jaccard similarity. The orders are x ↦ a·x + b modulo 2³²
 * with odd a: each is a permutation of the 32-bit shingles, which are well mixed already.
 */
export class MinHash {
  readonly #factors: Int32Array;
  readonly #offsets: Int32Array;

  constructor(permutations = PERMUTATIONS) {
    const random = new Random(SEED, permutations);
    this.#factors = Int32Array.from({ length: permutations }, () => random.next() | 1);
    this.#offsets = Int32Array.from({ length: permutations }, () => random.next() | 0);
  }

  /** Writes the signature of a set of shingles into `signature` [permutations]. */
  sign(shingles: Int32Array, signature: Int32Array): void {
    const count = shingles.length;
    // Two functions a walk: the shingles are read half as often, and the two chains do not wait for one another.
    for (let p = 0; p < signature.length; p += 2) {
      const a0 = this.#factors[p];
      const b0 = this.#offsets[p];
      const a1 = this.#factors[p + 1];
      const b1 = this.#offsets[p + 1];
      let least0 = 0x7fffffff;
      let least1 = 0x7fffffff;
      for (let i = 0; i < count; i += 1) {
        const shingle = shingles[i];
        const h0 = (Math.imul(a0, shingle) + b0) | 0;
        const h1 = (Math.imul(a1, shingle) + b1) | 0;
        if (h0 < least0) least0 = h0;
        if (h1 < least1) least1 = h1;
      }
      signature[p] = least0;
      signature[p + 1] = least1;
    }
  }
}
