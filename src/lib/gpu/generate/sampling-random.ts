/**
 * A seeded source of numbers in [0, 1), uniform in steps of 2^-32: xoshiro128** (Blackman and Vigna, Scrambled linear
 * pseudorandom number generators, ACM TOMS 47, 2021), whose state is filled by splitmix32 from a 32-bit seed.
 * The same seed gives the same numbers on every machine.
 */
export function seededRandom(seed: number): () => number {
  const fill = splitmix32(seed);
  return fromState(fill(), fill(), fill(), fill());
}

/** The generator from its four 32-bit words of state, which must not all be 0. */
export function fromState(a: number, b: number, c: number, d: number): () => number {
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result / 2 ** 32;
  };
}

/** A counter under MurmurHash3's finaliser: every seed, 0 included, gives well-mixed words. */
function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return word ^ (word >>> 16);
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
