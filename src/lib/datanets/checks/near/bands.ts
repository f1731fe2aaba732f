import { combine32, mix32 } from '../hash';

export interface Banding {
  bands: number;
  /** Places of a signature in each band. */
  rows: number;
}

/** Pairs exactly at the threshold that may be missed. Those above it are missed far more seldom. */
const MISSED = 0.005;

/**
 * How to cut signatures into bands (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3.4): a pair of
 * similarity s meets in one of b bands of r places with probability 1 - (1 - s^r)^b. The most places, so the fewest
 * chance meetings, that still find a pair at the threshold.
 */
export function bandingFor(threshold: number, permutations: number): Banding {
  for (let rows = permutations; rows > 1; rows -= 1) {
    const bands = Math.floor(permutations / rows);
    if ((1 - threshold ** rows) ** bands <= MISSED) return { bands, rows };
  }
  return { bands: permutations, rows: 1 };
}

/**
 * For each band, the rows that were there before by what their signatures say in that band. Buckets are chains of row
 * numbers through typed arrays: 8 bytes a row and band. A bucket is found by 32 bits of hash; rows that share one by
 * chance cost a comparison and nothing else.
 */
export class BandIndex {
  readonly #banding: Banding;
  /** Newest row of a bucket, and the row before each row; -1 ends a chain. [bands · buckets] and [bands · capacity] */
  #heads: Int32Array;
  #before: Int32Array;
  #keys: Int32Array;
  #capacity: number;
  #count = 0;

  constructor(banding: Banding, capacity = 1024) {
    this.#banding = banding;
    this.#capacity = capacity;
    this.#heads = new Int32Array(banding.bands * capacity * 2).fill(-1);
    this.#before = new Int32Array(banding.bands * capacity);
    this.#keys = new Int32Array(banding.bands * capacity);
  }

  /**
   * Adds the next row and calls `meet` for each earlier row of the same bucket, newest first, until it returns false or
   * the end of the band; a row met in several bands is met several times.
   */
  add(signature: Int32Array, meet: (row: number) => boolean): void {
    if (this.#count === this.#capacity) this.#grow();
    const row = this.#count;
    this.#count += 1;
    for (let band = 0; band < this.#banding.bands; band += 1) {
      const key = this.#keyOf(signature, band);
      const place = band * this.#capacity;
      for (let other = this.#link(place, row, key); other >= 0; other = this.#before[place + other]) {
        if (this.#keys[place + other] === key && !meet(other)) break;
      }
    }
  }

  #keyOf(signature: Int32Array, band: number): number {
    let key = band;
    const start = band * this.#banding.rows;
    for (let i = start; i < start + this.#banding.rows; i += 1) key = combine32(key, signature[i]);
    return mix32(key);
  }

  /** Puts a row at the head of its bucket; gives the row that was there. */
  #link(place: number, row: number, key: number): number {
    const bucket = 2 * place + ((key >>> 0) % (2 * this.#capacity));
    const other = this.#heads[bucket];
    this.#heads[bucket] = row;
    this.#before[place + row] = other;
    this.#keys[place + row] = key;
    return other;
  }

  #grow(): void {
    const { bands } = this.#banding;
    const old = { capacity: this.#capacity, keys: this.#keys };
    this.#capacity *= 2;
    this.#heads = new Int32Array(bands * this.#capacity * 2).fill(-1);
    this.#before = new Int32Array(bands * this.#capacity);
    this.#keys = new Int32Array(bands * this.#capacity);
    for (let band = 0; band < bands; band += 1) {
      for (let row = 0; row < this.#count; row += 1) {
        this.#link(band * this.#capacity, row, old.keys[band * old.capacity + row]);
      }
    }
  }
}
