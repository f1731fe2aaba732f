/** Disjoint sets of the numbers below `count` (Tarjan, 1975): union by size, paths halved. */
export class DisjointSets {
  readonly #parents: Uint32Array;
  readonly #sizes: Uint32Array;

  constructor(count: number) {
    this.#parents = Uint32Array.from({ length: count }, (_, i) => i);
    this.#sizes = new Uint32Array(count).fill(1);
  }

  /** The member that stands for the set of `item`. */
  find(item: number): number {
    const parents = this.#parents;
    let at = item;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  }

  union(a: number, b: number): void {
    const [left, right] = [this.find(a), this.find(b)];
    if (left === right) return;
    const [big, small] = this.#sizes[left] >= this.#sizes[right] ? [left, right] : [right, left];
    this.#parents[small] = big;
    this.#sizes[big] += this.#sizes[small];
  }
}
