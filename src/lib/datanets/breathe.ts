/** How long a loop may run before other work of the same thread gets its turn. */
const SLICE_MILLISECONDS = 25;

/**
 * A function for long loops to await at every turn: now and then it lets other work of the thread run. It rejects with
 * the signal's reason once that is aborted; `onPause` is called before each pause, a few times a second.
 */
export function breather(signal?: AbortSignal, onPause?: () => void): () => Promise<void> {
  let sliceStart = performance.now();
  return async () => {
    if (performance.now() - sliceStart < SLICE_MILLISECONDS) return;
    signal?.throwIfAborted();
    onPause?.();
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    sliceStart = performance.now();
  };
}
