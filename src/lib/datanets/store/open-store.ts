import { Store } from './store';
import { StorageBlockedError } from './store-errors';

/** Milliseconds. */
const retryAfter = 500;

/**
 * The store, as soon as no tab with an older Tabtune holds it; the page says meanwhile what it waits for.
 * @throws what opening throws but for that
 */
export async function openStoreWhenFree(open: () => Promise<Store> = () => Store.open()): Promise<Store> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      // A page that is the older one itself waits in vain: there the browser's own refusal is the cause.
      if (!(error instanceof StorageBlockedError) || error.cause !== undefined) throw error;
      // The next try stands in line behind the one that was held up.
      await new Promise((resolve) => setTimeout(resolve, retryAfter));
    }
  }
}
