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
  const slots: { bytes: number; intervals: Interval[]; lives: Interval[] }[] = [];
  const bySize = [...intervals].sort(
    (a, b) => tensorBytes(b.tensor) - tensorBytes(a.tensor) || a.first - b.first || a.last - b.last
  );
  for (const interval of bySize) {
    const free = slots.findLast((slot) => isFree(slot.lives, interval));
    if (free) {
      free.intervals.push(interval);
      free.lives.splice(placeOf(free.lives, interval), 0, interval);
    } else slots.push({ bytes: tensorBytes(interval.tensor), intervals: [interval], lives: [interval] });
  }
  return slots.map(({ bytes, intervals: own }) => ({ bytes, intervals: own }));
}

/** @param lives in order of time, none of which meet: only the neighbours can meet another */
function isFree(lives: readonly Interval[], interval: Interval): boolean {
  const at = placeOf(lives, interval);
  return (
    !(at > 0 && overlap(lives[at - 1], interval)) && !(at < lives.length && overlap(lives[at], interval))
  );
}

/** Index of the first life that begins no earlier, by bisection. */
function placeOf(lives: readonly Interval[], { first }: Interval): number {
  let [low, high] = [0, lives.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lives[middle].first < first) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What no placement can beat: the largest sum of sizes that are alive at one command. */
export function lowerBoundBytes(intervals: readonly Interval[]): number {
  /** What begins to live at each command, less what ended at the one before. */
  const changes: number[] = [];
  for (const { tensor, first, last } of intervals) {
    changes[first] = (changes[first] ?? 0) + tensorBytes(tensor);
    changes[last + 1] = (changes[last + 1] ?? 0) - tensorBytes(tensor);
  }
  let [alive, peak] = [0, 0];
  for (const change of changes) {
    alive += change ?? 0;
    peak = Math.max(peak, alive);
  }
  return peak;
}

function overlap(a: Interval, b: Interval): boolean {
  return a.first <= b.last && b.first <= a.last;
}
