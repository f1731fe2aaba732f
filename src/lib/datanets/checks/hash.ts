/**
 * Hashes of 32 bits for words and shingles: not for secrets, only for telling apart. Signed integers throughout, as
 * that is what `Math.imul` and `Int32Array` work with.
 */

/** The finaliser of MurmurHash3 (Appleby, 2011): each bit of the input changes each of the output half the time. */
export function mix32(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

/** One more value of a sequence into its running hash, order counted: the body step of MurmurHash3. */
export function combine32(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}
