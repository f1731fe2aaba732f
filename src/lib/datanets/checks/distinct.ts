/** Bits of the map: 8 MiB, in which ten million words are told within about 0.1 %. */
const BITS = 1 << 26;

/**
 * Counts different hashes in bounded memory (linear counting: Whang, Vander-Zanden and Taylor, 1990): each sets one bit
 * of a map, and how many stay clear tells how many there were. Exact for the first thousands.
 */
export class DistinctCounter {
  readonly #map = new Uint8Array(BITS / 8);
  #set = 0;

  /** @param hash 32 bits, well mixed. */
  add(hash: number): void {
    const place = (hash >>> 0) % BITS;
    const bit = 1 << (place & 7);
    if (this.#map[place >>> 3] & bit) return;
    this.#map[place >>> 3] |= bit;
    this.#set += 1;
  }

  get count(): number {
    // All bits set would be infinity; the map is full long before that matters.
    const clear = Math.max(1, BITS - this.#set);
    return Math.round(BITS * Math.log(BITS / clear));
  }
}
