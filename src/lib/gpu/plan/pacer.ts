/**
 * Decides how much work one submit may hold. Operating systems reset a GPU whose submit runs for long (2 s on Windows),
 * and a page cannot draw while one runs, so a submit aims at {@link SubmitPacer.targetMilliseconds}.
 */
export class SubmitPacer {
  readonly targetMilliseconds = 100;
  /** Each dispatch counts as this much arithmetic, for its launch. */
  readonly #launchFlops = 1e5;
  /** Cautious until the first measurement: a software adapter runs about this much in 100 ms. */
  #budget = 3e8;

  /** Cost of a dispatch in the unit of {@link budget}. */
  cost(flops: number): number {
    return flops + this.#launchFlops;
  }

  /** Cost at which a submit is full. */
  get budget(): number {
    return this.#budget;
  }

  /** Learns from a finished replay of the given cost. */
  observe(cost: number, milliseconds: number): void {
    if (cost <= 0 || milliseconds <= 0) return;
    const measured = (cost / milliseconds) * this.targetMilliseconds;
    // Moves by a factor of four at most: one stalled step must not turn into a thousand tiny submits.
    this.#budget = Math.min(Math.max(measured, this.#budget / 4), this.#budget * 4);
  }
}
