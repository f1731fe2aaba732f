import { expect } from 'vitest';

/** Milliseconds of processor, not of clock: another process on the machine takes none of them. */
export async function processorTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Less than this is compilation and garbage, and says nothing about growth. */
const NOISE_MS = 60;
/** Twice the input may take three times as long; with the square of it, it would take four times. */
const MAX_GROWTH = 3;
const MAX_MS = 1000;
const TRIES = 3;

/**
 * Expects work on an input of `n` and `2 n` to take less than a second of processor, and no longer than its size says.
 * Measured again where it seems not so: a pause may fall into one measurement, not into three.
 * @param n half of the largest input that is admitted
 */
export async function expectLinear(what: string, n: number, work: (size: number) => unknown): Promise<void> {
  let [once, twice] = [0, 0];
  for (let i = 0; i < TRIES; i++) {
    once = await processorTime(() => work(n));
    twice = await processorTime(() => work(2 * n));
    if (twice <= MAX_MS && twice <= MAX_GROWTH * Math.max(once, NOISE_MS)) return;
  }
  expect.fail(`${what}: ${once.toFixed(0)} ms of processor at ${n}, ${twice.toFixed(0)} ms at ${2 * n}`);
}

/** Expects work to take less than a second of processor, measured again where it seems not so. */
export async function expectQuick(what: string, work: () => unknown): Promise<void> {
  let time = 0;
  for (let i = 0; i < TRIES; i++) {
    time = await processorTime(work);
    if (time <= MAX_MS) return;
  }
  expect.fail(`${what}: ${time.toFixed(0)} ms of processor`);
}

/** A text of about `length` UTF-16 units that repeats a piece. */
export function repeated(piece: string, length: number): string {
  return piece.repeat(Math.max(1, Math.floor(length / piece.length)));
}

/** Text of at least a length, of pieces that each know their number. */
export function numbered(piece: (i: number) => string, length: number): string {
  let text = '';
  for (let i = 0; text.length < length; i++) text += piece(i);
  return text;
}
