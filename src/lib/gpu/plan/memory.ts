import { tensorBytes, type Tensor } from './tensor';

/** First and last command that names a tensor; both ends included. */
export interface Interval {
  readonly tensor: Tensor;
  readonly first: number;
  readonly last: number;
}

/** One piece of GPU memory and the transient tensors that take turns in it. */
export interface Slot {
  readonly bytes: number;
  readonly intervals: readonly Interval[];
}

/**
 * Shares memory between transient tensors whose lifetimes do not meet: "greedy by size for shared objects"
 * (Pisarchyk & Lee 2020, "Efficient Memory Management for Deep Neural Net Inference"). Tensors are placed from large
 * to small, each into the smallest slot that is free during its whole life. A slot is one GPU buffer, not a range of
 * an arena, because WebGPU tracks usage by buffer: one dispatch may not read and write two parts of the same one.
 *
 * @param intervals lifetimes in units of commands
 * @returns slots, largest first; their bytes add up to what the plan will allocate for transients
 */
export function assignSlots(intervals: readonly Interval[]): Slot[] {
  const slots: { bytes: number; intervals: Interval[] }[] = [];
  const bySize = [...intervals].sort(
    (a, b) => tensorBytes(b.tensor) - tensorBytes(a.tensor) || a.first - b.first || a.last - b.last
  );
  for (const interval of bySize) {
    const free = slots.findLast((slot) => slot.intervals.every((other) => !overlap(other, interval)));
    if (free) free.intervals.push(interval);
    else slots.push({ bytes: tensorBytes(interval.tensor), intervals: [interval] });
  }
  return slots;
}

/** What no placement can beat: the largest sum of sizes that are alive at one command. */
export function lowerBoundBytes(intervals: readonly Interval[]): number {
  const end = Math.max(0, ...intervals.map((i) => i.last + 1));
  let peak = 0;
  for (let at = 0; at < end; at++) {
    let alive = 0;
    for (const i of intervals) if (i.first <= at && at <= i.last) alive += tensorBytes(i.tensor);
    peak = Math.max(peak, alive);
  }
  return peak;
}

function overlap(a: Interval, b: Interval): boolean {
  return a.first <= b.last && b.first <= a.last;
}
