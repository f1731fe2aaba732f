const PAGE_LENGTH = 1 << 20;

/** Many sets of shingles, end to end in large pages: 4 bytes a shingle and 12 a set, and nothing for a collector to walk. */
export class ShingleSets {
  readonly #pages: Int32Array[] = [];
  #used = 0;
  /** Of each set: page, start in it, length. */
  #places = new Int32Array(3 * 1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Keeps a copy. Sets are numbered from 0 in the order they come. */
  add(set: Int32Array): void {
    if (this.#pages.length === 0 || this.#used + set.length > PAGE_LENGTH) {
      this.#pages.push(new Int32Array(Math.max(PAGE_LENGTH, set.length)));
      this.#used = 0;
    }
    if (3 * this.#count === this.#places.length) {
      const places = new Int32Array(2 * this.#places.length);
      places.set(this.#places);
      this.#places = places;
    }
    this.#pages[this.#pages.length - 1].set(set, this.#used);
    this.#places.set([this.#pages.length - 1, this.#used, set.length], 3 * this.#count);
    this.#used += set.length;
    this.#count += 1;
  }

  /** A view, not to be written to. */
  get(index: number): Int32Array {
    const [page, start, length] = this.#places.subarray(3 * index, 3 * index + 3);
    return this.#pages[page].subarray(start, start + length);
  }
}
