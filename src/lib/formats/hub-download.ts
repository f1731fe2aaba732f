import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { FileCache } from './file-cache';
import { hubError, HubFileChangedError, HubOfflineError, HubResponseError } from './hub-errors';
import type { HubFile } from './hub-listing';
import { readPieces } from './source';

/** Read at a time when bytes that are already there are hashed. */
const PIECE = 2 ** 22;
/** Tries without a byte of progress before giving up. */
const TRIES = 4;

export interface DownloadTask {
  readonly model: string;
  readonly url: string;
  readonly file: HubFile;
  /** Under which the file is kept. */
  readonly key: string;
}

export interface DownloadOptions {
  readonly cache: FileCache;
  readonly fetch: typeof fetch;
  readonly token?: string;
  /** Milliseconds before the first new try; doubled each time. */
  readonly retryDelay?: number;
  readonly signal?: AbortSignal;
  /** Told how much of the file is there. */
  readonly onBytes?: (loaded: number) => void;
}

/**
 * Brings one file into the cache, continuing what is there, trying again when the connection breaks.
 * A request asks for a range and nothing conditional: `If-Range` would cost a preflight that the hub's storage does not
 * answer. Whether the rest belongs to the part is seen from entity tag and sizes, and from the digest in the end.
 * @throws HubFileChangedError when the file is not the one listed; what had arrived is then removed.
 * @throws HubOfflineError, HubGatedError, HubNotFoundError, HubResponseError, DiskFullError; what has arrived is kept.
 */
export async function download(task: DownloadTask, options: DownloadOptions): Promise<void> {
  const { cache, signal, retryDelay = 1000 } = options;
  let failures = 0;
  while (true) {
    const before = (await cache.stat(task.key))?.size ?? 0;
    try {
      await attempt(task, options);
      return;
    } catch (error) {
      if (error instanceof HubFileChangedError) await cache.remove(task.key);
      if (signal?.aborted || !isPassing(error)) throw error;
      const after = (await cache.stat(task.key))?.size ?? 0;
      failures = after > before ? 1 : failures + 1;
      if (failures >= TRIES)
        throw error instanceof ConnectionError ? offline(task, error.cause ?? error) : error;
      await delay(retryDelay * 2 ** (failures - 1), signal);
    }
  }
}

/** One request for what is missing, to its end. */
async function attempt(task: DownloadTask, options: DownloadOptions): Promise<void> {
  const { cache, signal, onBytes } = options;
  const { file, key } = task;
  const known = await cache.stat(key);
  if (known?.complete && known.size === file.size) {
    onBytes?.(file.size);
    return;
  }
  // A part of a file of another size is another file's.
  const part = known && known.total === file.size && known.size <= file.size ? known : undefined;
  let at = part?.size ?? 0;
  const response = at < file.size ? await request(task, options, at) : undefined;
  const etag = response?.headers.get('etag') ?? part?.etag;
  // 200 to a range means that the server sends everything.
  if (response?.status === 200) at = 0;
  else if (response) checkContinues(task, response, part?.etag);
  const writer = await cache.writer(key, at, { total: file.size, etag });
  try {
    onBytes?.(at);
    for await (const bytes of chunksOf(response, signal)) {
      if (at + bytes.length > file.size) throw changed(task, `is longer than the ${file.size} bytes listed`);
      await writer.write(bytes);
      at += bytes.length;
      onBytes?.(at);
    }
  } finally {
    await writer.close();
  }
  if (at < file.size) throw new ConnectionError('the connection ended before the file');
  await verify(task, cache, signal);
  await cache.finish(key);
}

/** The body as it arrives. Read by hand: streams cannot be iterated in every browser. */
async function* chunksOf(response: Response | undefined, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response?.body?.getReader();
  if (!reader) return;
  try {
    while (true) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw signal?.aborted ? signal.reason : new ConnectionError('the connection broke', { cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function request(
  task: DownloadTask,
  { fetch, token, signal }: DownloadOptions,
  at: number
): Promise<Response> {
  const headers: Record<string, string> = {};
  if (at > 0) headers['range'] = `bytes=${at}-`;
  if (token) headers['authorization'] = `Bearer ${token}`;
  const response = await fetch(task.url, { headers, signal }).catch((cause: unknown) => {
    throw signal?.aborted ? signal.reason : new ConnectionError('no answer', { cause });
  });
  if (response.status === 200 || response.status === 206) return response;
  await response.body?.cancel();
  // The part reaches past the end of what the server has now.
  if (response.status === 416) throw changed(task, 'is shorter than what had arrived of it');
  throw hubError(task.model, task.url, response);
}

/** Whether a 206 continues the file that the part came from, as far as its headers show (they may be hidden). */
function checkContinues(task: DownloadTask, response: Response, etag: string | undefined): void {
  const range = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (range && Number(range[1]) !== task.file.size) {
    throw changed(task, `has ${range[1]} bytes now, not the ${task.file.size} listed`);
  }
  const now = response.headers.get('etag');
  if (etag !== undefined && now !== null && now !== etag) throw changed(task, 'is another version now');
}

/** The digest of the whole file, where the hub lists one. */
async function verify(task: DownloadTask, cache: FileCache, signal?: AbortSignal): Promise<void> {
  const expected = task.file.sha256;
  if (expected === undefined) return;
  const source = await cache.open(task.key);
  if (!source || source.size !== task.file.size) throw changed(task, 'is not whole in the cache');
  const hash = sha256.create();
  for await (const piece of readPieces(source, 0, source.size, PIECE, signal)) hash.update(piece);
  const actual = bytesToHex(hash.digest());
  if (actual !== expected) throw changed(task, `has the SHA-256 ${actual}, not the ${expected} listed`);
}

/** The network failed, in this try; never leaves this module. */
class ConnectionError extends Error {}

/** Whether a new try may help: the connection failed, or the server said later. */
function isPassing(error: unknown): boolean {
  if (error instanceof HubResponseError) {
    const status = Number(error.details['status']);
    return status === 429 || status >= 500;
  }
  return error instanceof ConnectionError;
}

function offline({ model, url }: DownloadTask, cause: unknown): HubOfflineError {
  return new HubOfflineError(
    `The connection to ${new URL(url).host} broke while ${model} was downloading. ` +
      'What has arrived is kept: check the network and start again to go on from there.',
    { cause, details: { model, url } }
  );
}

function changed({ model, file }: DownloadTask, what: string): HubFileChangedError {
  return new HubFileChangedError(
    `${file.path} of ${model} ${what}: it changed while downloading, or arrived damaged. It was removed; start again.`,
    { details: { model, file: file.path } }
  );
}

function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }
    function aborted() {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    }
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
