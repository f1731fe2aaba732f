/** The time that is promised follows the clock, not what steps say that they took. */
import { describe, expect, it } from 'vitest';
import { Pace } from './pace';

/** Steps from `first` to `last`, one each `milliseconds`; gives the moment of the last. */
function run(pace: Pace, first: number, last: number, milliseconds: number, begin = 0): number {
  let at = begin;
  for (let step = first; step <= last; step += 1) pace.note(step, (at += milliseconds));
  return at;
}

describe('the time left', () => {
  it('is not known before two steps are done', () => {
    const pace = new Pace();
    expect(pace.secondsLeft(10, 0)).toBeUndefined();
    pace.note(1, 1000);
    expect(pace.secondsLeft(10, 1000)).toBeUndefined();
    pace.note(2, 2000);
    expect(pace.secondsLeft(10, 2000)).toBe(8);
  });

  it('runs down between two steps, and is corrected while one takes longer', () => {
    const pace = new Pace();
    const now = run(pace, 1, 20, 1000);
    expect(pace.secondsLeft(60, now)).toBe(40);
    expect(pace.secondsLeft(60, now + 500)).toBe(39.5);
    expect(pace.secondsLeft(60, now + 60_000)).toBeGreaterThan(200);
  });

  it('follows a run that becomes slower', () => {
    const pace = new Pace();
    const now = run(pace, 1, 20, 1000);
    expect(pace.secondsLeft(100, run(pace, 21, 32, 4000, now))).toBeCloseTo(68 * 4);
  });

  it('does not count a rest, nor the steps before a run that goes back', () => {
    const pace = new Pace();
    run(pace, 1, 10, 1000);
    pace.rest();
    const now = run(pace, 11, 12, 1000, 1_000_000);
    expect(pace.secondsLeft(20, now)).toBe(8);
    pace.note(5, now + 500);
    expect(pace.secondsLeft(20, now + 500)).toBeUndefined();
  });
});
