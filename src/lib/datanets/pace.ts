/** What long work takes: a way to stop it, and somebody to tell how far it is. */
export interface PaceOptions {
  signal?: AbortSignal;
  /** Called a few times a second and once at the end, with how much of how much is done. */
  onProgress?: (done: number, total: number) => void;
}

/** How long work may run before other work of the same thread gets its turn. */
const SLICE_MILLISECONDS = 25;

/**
 * Keeps a long loop from holding up its thread: `if (pace.due) await pace.breathe(done, total);` on each round. `due`
 * costs little and nothing is awaited until a slice is over.
 */
export class Pace {
  readonly #options: PaceOptions;
  #sliceStart = performance.now();

  /** @throws the reason of the signal, where it is already aborted. */
  constructor(options: PaceOptions = {}) {
    this.#options = options;
    options.signal?.throwIfAborted();
  }

  get due(): boolean {
    return performance.now() - this.#sliceStart >= SLICE_MILLISECONDS;
  }

  /** Tells how far it is and lets other work run. @throws the reason of the signal, once it is aborted. */
  async breathe(done: number, total: number): Promise<void> {
    this.#options.onProgress?.(done, total);
    await new Promise((resolve) => setTimeout(resolve));
    this.#options.signal?.throwIfAborted();
    this.#sliceStart = performance.now();
  }

  /** Tells that all is done. @throws the reason of the signal, where it was aborted meanwhile. */
  finish(total: number): void {
    this.#options.signal?.throwIfAborted();
    this.#options.onProgress?.(total, total);
  }
}
