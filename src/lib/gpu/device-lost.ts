/** What becomes of those who wait for a device that goes away. */
import { TabtuneError } from '../errors';

/** What happened, for a sentence that says what is done about it. */
export const gpuWasLost = 'The GPU was lost: its driver, or the process that runs it, stopped.';

/** The device went away: a driver reset, a crash of the browser's GPU process, sleep, or `destroy`. */
export class DeviceLostError extends TabtuneError {
  constructor(info: Pick<GPUDeviceLostInfo, 'reason' | 'message'>, cause?: unknown) {
    super(`${gpuWasLost} What was saved is kept: start again to go on.`, {
      details: { reason: info.reason, message: info.message },
      ...(cause === undefined ? {} : { cause })
    });
  }
}

/** Waits for something that a device was asked for. */
export type Answer = <T>(wait: Promise<T>) => Promise<T>;

/** Milliseconds for which a failure waits for word of a loss: browsers tell the two one after the other, in any order. */
const patience = 250;

/**
 * Makes the one guard that stands before all waits for a device. What waits when it goes away is failed by each browser in
 * words and under names of its own (`mapAsync` with that of an abort, `popErrorScope` with "Instance dropped"), or not at all.
 * Here it ends in a {@link DeviceLostError} with that failure as its cause, and so does what is asked of it afterwards.
 * What fails for another reason keeps its error.
 * @param lost of the device
 */
export function guardAnswers(lost: Promise<GPUDeviceLostInfo>): Answer {
  // One list of those who wait now: racing each wait against `lost` would leave something behind at every step of a run.
  const waiting = new Set<(info: GPUDeviceLostInfo) => void>();
  let gone: GPUDeviceLostInfo | undefined;
  void lost.then((info) => {
    gone = info;
    for (const end of waiting) end(info);
    waiting.clear();
  });
  return <T>(wait: Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      let cause: unknown;
      const end = (info: GPUDeviceLostInfo) => reject(new DeviceLostError(info, cause));
      if (gone) end(gone);
      else waiting.add(end);
      wait.then(
        (value) => {
          waiting.delete(end);
          resolve(value);
        },
        (failure: unknown) => {
          cause = failure;
          setTimeout(() => {
            waiting.delete(end);
            reject(failure as Error);
          }, patience);
        }
      );
    });
}
