import { StoppedError } from '../errors';

/** Pause, resume and stop of one run, asked for from outside while it goes on. */
export class RunControl {
  readonly #abort = new AbortController();
  #gate: { open: Promise<void>; release: () => void } | undefined;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get paused(): boolean {
    return this.#gate !== undefined;
  }

  pause(): void {
    if (this.#gate || this.signal.aborted) return;
    let release!: () => void;
    const open = new Promise<void>((resolve) => (release = resolve));
    this.#gate = { open, release };
  }

  resume(): void {
    this.#gate?.release();
    this.#gate = undefined;
  }

  /** A paused run is let go on, so that it can end. */
  stop(): void {
    this.#abort.abort(new StoppedError());
    this.resume();
  }

  /** Resolves at once, or when a paused run may go on. */
  async untilResumed(): Promise<void> {
    await this.#gate?.open;
  }
}
