import { TabtuneError } from '../../errors';

/** The browser can no longer read a file: it was moved, changed or taken away while it was open. */
export class UnreadableFileError extends TabtuneError {}

/** Small enough to be answered at once, large enough that the number of reads does not count. */
const CHUNK_BYTES = 1024 * 1024;

/** The bytes from `start` up to `end`. @throws UnreadableFileError */
export async function readBytes(blob: Blob, start = 0, end = blob.size): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer());
  } catch (cause) {
    throw unreadable(start, cause);
  }
  // Of a file that became shorter, some browsers give what is left.
  if (bytes.length !== end - start) throw unreadable(start + bytes.length);
  return bytes;
}

/** All bytes of it, a piece at a time. @throws UnreadableFileError */
export async function* readChunks(blob: Blob): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    yield await readBytes(blob, at, Math.min(blob.size, at + CHUNK_BYTES));
  }
}

function unreadable(at: number, cause?: unknown): UnreadableFileError {
  return new UnreadableFileError(
    `The file can no longer be read (at byte ${at}): it was moved or changed since it was opened. Open it again.`,
    { details: { at }, cause }
  );
}
