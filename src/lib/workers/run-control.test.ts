import { describe, expect, it } from 'vitest';
import { RunControl } from './run-control';

describe('control of a run', () => {
  it('holds a paused run until it is resumed', async () => {
    const control = new RunControl();
    await control.untilResumed();
    control.pause();
    let passed = false;
    const waiting = control.untilResumed().then(() => (passed = true));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([control.paused, passed]).toEqual([true, false]);
    control.resume();
    await waiting;
    expect([control.paused, passed]).toEqual([false, true]);
  });

  it('lets a paused run go when it is stopped, and does not pause it again', async () => {
    const control = new RunControl();
    control.pause();
    control.stop();
    await control.untilResumed();
    expect(control.signal.aborted).toBe(true);
    control.pause();
    expect(control.paused).toBe(false);
  });
});
