/**
 * Whatever is stored first, be it a key, a row, an adapter or a model's file, the browser is asked to keep: it then clears
 * nothing of it when its disk runs short. A worker stores, and a page alone can ask.
 */

/** What the worker says to its page. */
const storedMessage = 'tabtune stored something';

/** What stores, and says so. */
interface Stores {
  onwrite: (() => void) | undefined;
}

/** In a worker: tells its page once that something was stored. */
export function tellStored(store: Promise<{ onwrite: () => void }>, files: Stores): void {
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    postMessage(storedMessage);
  };
  files.onwrite = tell;
  // That it cannot be opened is said by every call that needs it.
  store.then(
    (open) => (open.onwrite = tell),
    () => undefined
  );
}

/**
 * In a page: asks the browser to keep what the worker stores, once it has stored something. Some browsers ask the person,
 * so it is not done before.
 */
export function askToKeep(
  worker: Pick<Worker, 'addEventListener'>,
  storage: StorageManager | undefined
): void {
  worker.addEventListener('message', ({ data }: { data?: unknown }) => {
    if (data !== storedMessage) return;
    // Absent outside of secure contexts. What the browser answers is shown where it matters.
    void Promise.resolve(storage?.persisted?.())
      .then((kept) => (kept === false ? storage?.persist() : undefined))
      .catch(() => undefined);
  });
}
