import { Pace } from './pace';

/**
 * A function for long loops to await at every turn: now and then it lets other work of the thread run. It rejects with
 * the signal's reason once that is aborted; `onPause` is called before each pause, a few times a second.
 */
export function breather(signal?: AbortSignal, onPause?: () => void): () => Promise<void> {
  const pace = new Pace({ signal, onProgress: onPause });
  return async () => {
    if (pace.due) await pace.breathe(0, 0);
  };
}
