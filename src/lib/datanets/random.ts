/**
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its 128-bit state
 * filled by SplitMix32 steps from the seeds. Integer arithmetic only, so every browser and Node give the same order.
 */
export class Random {
  readonly #state: Uint32Array;

  /** @param seeds any integers; each changes the whole sequence. */
  constructor(...seeds: number[]) {
    let mixed = 0x9e3779b9;
    for (const seed of seeds) {
      // Both halves of a seed over 2^32 count.
      mixed = mix(mixed ^ (seed >>> 0)) + 0x9e3779b9;
      mixed = mix(mixed ^ (Math.floor(seed / 2 ** 32) >>> 0)) + 0x9e3779b9;
    }
    this.#state = Uint32Array.from({ length: 4 }, () => mix((mixed = (mixed + 0x9e3779b9) >>> 0)));
    // All zeros is the one state that never leaves itself.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** A uniform integer in [0, 2^32). */
  next(): number {
    const s = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** A uniform integer in [0, limit), without the bias of a plain remainder. `limit` from 1 to 2^32. */
  below(limit: number): number {
    const fair = 2 ** 32 - (2 ** 32 % limit);
    let value = this.next();
    while (value >= fair) value = this.next();
    return value % limit;
  }

  /** Puts a list into a random order, in place (Fisher and Yates). */
  shuffle(list: Uint32Array): Uint32Array {
    for (let i = list.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      const held = list[i];
      list[i] = list[j];
      list[j] = held;
    }
    return list;
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** The finaliser of MurmurHash3, as in SplitMix32. */
function mix(value: number): number {
  let z = value >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
