import { describe, expect, it } from 'vitest';
import { lockManager } from './testing-locks';
import { AnotherTabTrainsError, isTraining, withTrainingLock } from './training-lock';

describe('one tab trains at a time', () => {
  it('refuses the second at once and lets it in afterwards', async () => {
    const locks = lockManager();
    let finish!: (value: string) => void;
    const first = withTrainingLock(locks, () => new Promise<string>((resolve) => (finish = resolve)));
    expect(await isTraining(locks)).toBe(true);
    let started = false;
    await expect(withTrainingLock(locks, async () => (started = true))).rejects.toBeInstanceOf(
      AnotherTabTrainsError
    );
    expect(started).toBe(false);
    finish('first');
    expect(await first).toBe('first');
    expect(await isTraining(locks)).toBe(false);
    expect(await withTrainingLock(locks, () => Promise.resolve('second'))).toBe('second');
  });

  it('gives the lock back when the work fails', async () => {
    const locks = lockManager();
    await expect(withTrainingLock(locks, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    expect(await isTraining(locks)).toBe(false);
  });
});
