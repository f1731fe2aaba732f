/** Steps whose pace is that of the next: enough that one stall is not all of it, few enough to follow a change. */
const recent = 12;

/**
 * How long the rest of a run takes, by the clock: what a step waits for, saving included, belongs to it. It is right
 * from step to step, and while one takes longer than those before.
 */
export class Pace {
  #arrivals: { step: number; at: number }[] = [];

  /** A step is done. @param at in milliseconds */
  note(step: number, at: number): void {
    const last = this.#arrivals.at(-1);
    if (last && step <= last.step) this.#arrivals = [];
    this.#arrivals = [...this.#arrivals, { step, at }].slice(-recent);
  }

  /** The run rests, or begins anew: the time until the next step is none of its steps'. */
  rest(): void {
    this.#arrivals = [];
  }

  /** Seconds until all `steps` are done; undefined until two of them have shown it. */
  secondsLeft(steps: number, now: number): number | undefined {
    const [first, last] = [this.#arrivals.at(0), this.#arrivals.at(-1)];
    if (!first || !last || first === last) return undefined;
    const perStep = (last.at - first.at) / (last.step - first.step);
    const waited = now - last.at;
    // The step that is at work counts as soon as it is slower than the others.
    const slower = (now - first.at) / (last.step - first.step + 1);
    const pace = Math.max(perStep, slower);
    return Math.max(0, (steps - last.step) * pace - Math.min(waited, pace)) / 1000;
  }
}
