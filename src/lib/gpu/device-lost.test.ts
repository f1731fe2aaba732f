/** A lost GPU is told in our words whatever the browser says, and nothing else is taken for one. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceLostError, guardAnswers } from './device-lost';

const info = { reason: 'unknown', message: 'A valid external Instance reference no longer exists.' };

/** What Chromium 156 was seen to say when its GPU process ended, of each wait. */
const browserWords = [
  new DOMException(`Failed to execute 'mapAsync' on 'GPUBuffer': ${info.message}`, 'AbortError'),
  new DOMException('Instance dropped in popErrorScope', 'OperationError'),
  new DOMException('Instance dropped in getCompilationInfo', 'OperationError'),
  new DOMException(info.message, 'OperationError'),
  Object.assign(new Error(info.message), { name: 'GPUPipelineError' })
];

let lose: () => void;
let answer: ReturnType<typeof guardAnswers>;
const outcome = (wait: Promise<unknown>) => answer(wait).catch((error: unknown) => error);

beforeEach(() => {
  vi.useFakeTimers();
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => (lose = () => resolve(info as GPUDeviceLostInfo)));
  answer = guardAnswers(lost);
});
afterEach(() => void vi.useRealTimers());

describe('a wait for a device that is lost', () => {
  it.each(browserWords)('ends in our words, though the browser says: $message', async (words) => {
    for (const first of ['loss', 'failure'] as const) {
      const lost = new Promise<GPUDeviceLostInfo>(
        (resolve) => (lose = () => resolve(info as GPUDeviceLostInfo))
      );
      answer = guardAnswers(lost);
      if (first === 'loss') lose();
      const ended = outcome(Promise.reject(words));
      await vi.advanceTimersByTimeAsync(100);
      if (first === 'failure') lose();
      const error = (await ended) as DeviceLostError;
      expect(error).toBeInstanceOf(DeviceLostError);
      expect(error.message).toMatch(/^The GPU was lost: /);
      expect(error.message).not.toContain('Instance');
      expect(error.details).toEqual(info);
      if (first === 'failure') expect(error.cause).toBe(words);
    }
  });

  it('ends, too, where the browser never answers, and where it answers as if nothing had been', async () => {
    const silent = outcome(new Promise(() => undefined));
    lose();
    expect(await silent).toBeInstanceOf(DeviceLostError);
    expect(await outcome(Promise.resolve('a pipeline'))).toBeInstanceOf(DeviceLostError);
  });
});

describe('a wait for a device that is there', () => {
  it('gives what it gives', async () => {
    expect(await answer(Promise.resolve(7))).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the error of what fails for another reason, also one named AbortError', async () => {
    for (const failure of [new TypeError('too small'), new DOMException('unmapped', 'AbortError')]) {
      const ended = outcome(Promise.reject(failure));
      await vi.runAllTimersAsync();
      expect(await ended).toBe(failure);
    }
  });
});
