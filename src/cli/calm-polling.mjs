/**
 * Dawn's binding for Node looks for finished work by calling itself through `setImmediate` for as long as anything is
 * pending: one core spins while the GPU computes, and where the GPU is a software driver, that core is its own.
 */
import { promisify } from 'node:util';

/** Polls that follow each other at once: enough for whatever is done within about a third of a millisecond. */
const eagerPolls = 64;
/** Milliseconds without a poll after which the next one begins a new wait. */
const newWaitAfter = 5;
/** Milliseconds between the polls of a longer wait. */
const pause = 1;

/**
 * Lets long waits for the GPU sleep a millisecond between two looks. Call it once, before a device is made.
 * Only callbacks of native code are held back, and only when they come in a row; others pass as they are.
 */
export function calmPolling() {
  const immediate = globalThis.setImmediate;
  let polls = 0;
  let last = 0;
  /**
   * @param {(...args: unknown[]) => void} callback
   * @param {unknown[]} args
   */
  const calm = (callback, ...args) => {
    if (callback.name !== '' || !isNative(callback)) return immediate(callback, ...args);
    const now = performance.now();
    polls = now - last < newWaitAfter ? polls + 1 : 0;
    last = now;
    return polls < eagerPolls ? immediate(callback, ...args) : setTimeout(callback, pause, ...args);
  };
  globalThis.setImmediate = /** @type {typeof setImmediate} */ (
    /** @type {unknown} */ (Object.assign(calm, { [promisify.custom]: promisify(immediate) }))
  );
}

/** @param {(...args: unknown[]) => void} callback */
function isNative(callback) {
  return Function.prototype.toString.call(callback).endsWith('{ [native code] }');
}
