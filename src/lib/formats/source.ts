import { TabtuneError } from '../errors';
import { parseJson } from '../json';

/**
 * A file of known size that can be read piece by piece: a local `File`, a Node file, bytes in memory, a cached
 * download. Model files are larger than memory, so nothing in this folder asks for a whole one.
 */
export interface ByteSource {
  /** File name or relative path with `/`, as shown to the person. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  /** The bytes [start, end). Fails rather than returning fewer. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** A read gave fewer bytes than the file's size promises, or the operating system refused it. */
export class FileReadError extends TabtuneError {}

/** A file that should hold JSON does not. */
export class InvalidJsonError extends TabtuneError {}

/** Largest text file read whole, where nothing else is said. Indexes of weights have up to some ten million bytes. */
const MAX_TEXT_BYTES = 32 * 2 ** 20;

/** A source over bytes in memory. `read` returns views, not copies. */
export function fromBytes(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read(start, end, signal) {
      if (signal?.aborted) return Promise.reject(abortReason(signal));
      return Promise.resolve(bytes.subarray(start, end));
    }
  };
}

/** A source over a `File` or `Blob` of the browser (or Node). A `File` chosen as part of a folder keeps its path. */
export function fromBlob(blob: Blob, name?: string): ByteSource {
  return {
    name: name ?? blobName(blob),
    size: blob.size,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      const buffer = await blob.slice(start, end).arrayBuffer();
      signal?.throwIfAborted();
      return new Uint8Array(buffer);
    }
  };
}

/** The last part of a source's path. */
export function baseName(source: Pick<ByteSource, 'name'>): string {
  return source.name.slice(Math.max(source.name.lastIndexOf('/'), source.name.lastIndexOf('\\')) + 1);
}

/**
 * Reads [start, end) and insists on getting all of it.
 * @throws FileReadError when the file is shorter than it said, or the read fails.
 */
export async function readExactly(
  source: ByteSource,
  start: number,
  end: number,
  signal?: AbortSignal
): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await source.read(start, end, signal);
  } catch (cause) {
    if (signal?.aborted || cause instanceof TabtuneError) throw cause;
    throw new FileReadError(
      `Could not read bytes ${start} to ${end} of ${source.name}. If it was moved or changed, choose it again.`,
      { cause, details: { file: source.name, start, end } }
    );
  }
  if (bytes.byteLength !== end - start) {
    throw new FileReadError(
      `${source.name} ended early: ${end - start} bytes wanted at ${start}, ${bytes.byteLength} read. ` +
        'The file changed or is cut short; copy or download it again.',
      { details: { file: source.name, start, end, read: bytes.byteLength } }
    );
  }
  return bytes;
}

/** Reads [start, end) in pieces of `step` bytes; the last may be shorter. */
export async function* readPieces(
  source: ByteSource,
  start: number,
  end: number,
  step: number,
  signal?: AbortSignal
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += step) {
    yield await readExactly(source, at, Math.min(end, at + step), signal);
  }
}

/**
 * Reads a whole small file as UTF-8.
 * @throws InvalidJsonError where it is larger than `maxBytes`
 */
export async function readText(
  source: ByteSource,
  signal?: AbortSignal,
  maxBytes = MAX_TEXT_BYTES
): Promise<string> {
  if (source.size > maxBytes) {
    throw new InvalidJsonError(
      `${source.name} has ${source.size} bytes; such files of a model have at most ${maxBytes}. It is not the file its name says.`,
      { details: { file: source.name, size: source.size } }
    );
  }
  return new TextDecoder().decode(await readExactly(source, 0, source.size, signal));
}

/**
 * Reads a whole small file as JSON.
 * @throws InvalidJsonError, JsonBoundsError naming the file.
 */
export async function readJson(
  source: ByteSource,
  signal?: AbortSignal,
  maxBytes = MAX_TEXT_BYTES
): Promise<unknown> {
  const text = await readText(source, signal, maxBytes);
  try {
    return parseJson(source.name, text, maxBytes);
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    throw new InvalidJsonError(
      `${source.name} is not valid JSON: ${(cause as Error).message}. Copy or download it again.`,
      { cause, details: { file: source.name } }
    );
  }
}

/** The same bytes at an address a typed array of `alignment`-byte elements can view; copies only when it must. */
export function aligned(bytes: Uint8Array, alignment: number): Uint8Array {
  return bytes.byteOffset % alignment === 0 ? bytes : bytes.slice();
}

function blobName(blob: Blob): string {
  const file = blob as Partial<File>;
  return file.webkitRelativePath || file.name || 'file';
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
