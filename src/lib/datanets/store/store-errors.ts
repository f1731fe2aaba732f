import { TabtuneError } from '../../errors';

/** The disk or the browser's share of it is full. What was being written is not there; everything else is. */
export class StorageFullError extends TabtuneError {}

/** The database cannot be opened: another tab holds an older version, or this page is the older one. */
export class StorageBlockedError extends TabtuneError {}

/** The browser refused to store or read, for a reason of its own. */
export class StorageError extends TabtuneError {}

/** Something was asked for that is not in the store (any more). */
export class NotStoredError extends TabtuneError {}

const MIB = 1024 * 1024;

/**
 * Turns a failure of IndexedDB into one that says what did not fit or did not work.
 * @param what for the message, such as `the rows of "faq.jsonl"`.
 */
export async function storageFailure(cause: unknown, what: string, bytes?: number): Promise<TabtuneError> {
  if (cause instanceof TabtuneError) return cause;
  const name = cause instanceof DOMException || cause instanceof Error ? cause.name : '';
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (name !== 'QuotaExceededError') {
    return new StorageError(`The browser could not store or read ${what}: ${reason}`, {
      details: { what, reason },
      cause
    });
  }
  const { usage, quota } = await estimate();
  const size = bytes === undefined ? '' : ` (about ${mib(bytes)})`;
  const used =
    usage === undefined || quota === undefined ? '' : ` ${mib(usage)} of ${mib(quota)} are in use.`;
  return new StorageFullError(
    `There is no room for ${what}${size}.${used} Nothing was written. ` +
      'Delete Datanets, row sets, adapters or cached models that you no longer need, or free space on the disk, and try again.',
    { details: { what, bytes, usage, quota }, cause }
  );
}

async function estimate(): Promise<StorageEstimate> {
  if (typeof navigator === 'undefined' || !navigator.storage?.estimate) return {};
  return navigator.storage.estimate().catch(() => ({}));
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;
}
