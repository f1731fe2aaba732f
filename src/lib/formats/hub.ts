import { diskFull, type FileCache } from './file-cache';
import { download } from './hub-download';
import { ggufFamilyOf } from './gguf-config';
import { hubError, HubNotFoundError, HubOfflineError, HubResponseError } from './hub-errors';
import {
  chooseFiles,
  parseListing,
  parseModelId,
  revisionIn,
  type HubFile,
  type HubListing
} from './hub-listing';
import { checkQuantization } from './quantization-config';
import { InvalidJsonError, readJson, type ByteSource } from './source';

/** How far a model's download is, over all its files. */
export interface HubProgress {
  /** The file that is arriving. */
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

export interface HubOptions {
  readonly cache: FileCache;
  /** Address of the hub. */
  readonly endpoint?: string;
  readonly fetch?: typeof fetch;
  /** Access token, for gated and private models. Sent to the hub only, and kept nowhere. */
  readonly token?: string;
  /** Milliseconds before the first new try after a broken connection. */
  readonly retryDelay?: number;
}

export interface HubRequest {
  /** Branch, tag or commit. */
  readonly revision?: string;
  /** One GGUF file of the model, where it has several. */
  readonly file?: string;
  /** Looks at the object of config.json, which comes before all else, and throws where the rest is not worth fetching. */
  readonly judge?: (config: unknown) => void;
  readonly onProgress?: (progress: HubProgress) => void;
  readonly signal?: AbortSignal;
}

/** A model on this device. */
export interface HubModel {
  readonly id: string;
  /** The commit it was downloaded from. */
  readonly commit: string;
  /** From the cache, ready for `openCheckpoint`. */
  readonly files: ByteSource[];
}

/** A model in the cache, for the person to see and clear. */
export interface CachedModel {
  readonly id: string;
  readonly commit: string;
  /** The revisions that stood for this commit when it was fetched; empty where another has taken its place. */
  readonly revisions: readonly string[];
  /** Bytes on this device. */
  readonly bytes: number;
  /** Whether all of it is there; a part can be continued. */
  readonly complete: boolean;
}

/** The revision that is meant where none is named. */
const MAIN = 'main';

/** A listing as it is kept: with the revisions that stood for its commit. */
type StoredListing = HubListing & { readonly revisions?: readonly string[] };

/** Name under which a model's listing is kept, beside the files it lists. No file on the hub has it. */
const LISTING = ':listing';

/**
 * Brings a model to this device: finds its files, continues or begins their download, or takes them from the cache.
 * Without a network a model that is wholly in the cache opens as before.
 * @throws InvalidModelIdError, HubNotFoundError, HubGatedError, HubOfflineError, HubResponseError, HubFileChangedError,
 * HubFileChoiceError, DiskFullError (before the download where the platform tells its free space), and what `judge` throws
 */
export async function fetchModel(
  text: string,
  options: HubOptions,
  request: HubRequest = {}
): Promise<HubModel> {
  const id = parseModelId(text);
  const { cache } = options;
  const { revision = revisionIn(text) ?? MAIN, signal, onProgress, judge } = request;
  const listing = await list(id, revision, options, signal);
  const files = chooseFiles(listing, request.file);
  if (listing.architecture !== undefined && files.every(({ path }) => path.endsWith('.gguf')))
    ggufFamilyOf(listing.architecture, `${id}/${files[0].path}`);
  const keys = files.map(({ path }) => keyOf(listing, path));
  const loaded = await Promise.all(keys.map(async (key) => (await cache.stat(key))?.size ?? 0));
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  await checkRoom(id, cache, totalBytes - sum(loaded));
  await rememberListing(cache, listing, files, revision);
  for (const [i, file] of files.entries()) {
    const url = `${endpointOf(options)}/${id}/resolve/${listing.commit}/${encodePath(file.path)}`;
    const onBytes = (bytes: number) => {
      loaded[i] = bytes;
      onProgress?.({ file: file.path, loadedBytes: sum(loaded), totalBytes });
    };
    const { fetch = globalThis.fetch.bind(globalThis), token, retryDelay } = options;
    await download(
      { model: id, url, file, key: keys[i] },
      { cache, fetch, token, retryDelay, signal, onBytes }
    );
    if (!judge || file.path !== 'config.json') continue;
    const config = await readJson(await cachedSource(cache, keys[i], `${id}/${file.path}`), signal);
    checkQuantization(config, `${id}/${file.path}`);
    judge(config);
  }
  const sources = await Promise.all(
    files.map(({ path }, i) => cachedSource(cache, keys[i], `${id}/${path}`))
  );
  return { id, commit: listing.commit, files: sources };
}

/** The models in the cache, whole or in part. */
export async function listCachedModels(cache: FileCache): Promise<CachedModel[]> {
  const models = new Map<string, CachedModel & { complete: boolean }>();
  for (const { key, size, complete } of await cache.list()) {
    const parsed = parseKey(key);
    if (!parsed) continue;
    const { id, commit } = parsed;
    const model = models.get(`${id}@${commit}`) ?? { id, commit, revisions: [], bytes: 0, complete: true };
    models.set(`${id}@${commit}`, {
      ...model,
      bytes: model.bytes + size,
      complete: model.complete && complete
    });
  }
  for (const model of models.values()) {
    const listing = await storedListing(cache, model.id, (about) => about.commit === model.commit);
    const stats = await Promise.all((listing?.files ?? []).map(({ path }) => cache.stat(keyOf(model, path))));
    const complete = model.complete && stats.length > 0 && stats.every((stat) => stat?.complete);
    const revisions = listing?.revisions ?? (listing ? [MAIN] : []);
    models.set(`${model.id}@${model.commit}`, { ...model, complete, revisions });
  }
  return [...models.values()].sort(
    (a, b) => a.id.localeCompare(b.id, 'en') || a.commit.localeCompare(b.commit, 'en')
  );
}

/** Removes a model from the cache; at all commits unless one is named. */
export async function removeCachedModel(cache: FileCache, id: string, commit?: string): Promise<void> {
  for (const { key } of await cache.list()) {
    const parsed = parseKey(key);
    if (parsed?.id === id && (commit === undefined || parsed.commit === commit)) await cache.remove(key);
  }
}

/** Removes everything from the cache. */
export async function clearCache(cache: FileCache): Promise<void> {
  for (const { key } of await cache.list()) await cache.remove(key);
}

/** The model's files at a revision: asked of the hub, or, without a network, as they were last seen. */
async function list(
  id: string,
  revision: string,
  options: HubOptions,
  signal?: AbortSignal
): Promise<HubListing> {
  const { fetch = globalThis.fetch.bind(globalThis), token } = options;
  const url = `${endpointOf(options)}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
  let response: Response;
  try {
    response = await fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {}, signal });
  } catch (cause) {
    signal?.throwIfAborted();
    const named = (about: StoredListing) =>
      about.commit === revision || about.revisions?.includes(revision) === true;
    const stored =
      (await storedListing(options.cache, id, named)) ??
      // Kept by an earlier version, which knew only one revision.
      (await storedListing(options.cache, id, (about) => revision === MAIN && about.revisions === undefined));
    if (stored) return stored;
    throw new HubOfflineError(
      `${new URL(url).host} cannot be reached, and ${id} is not in the cache. Check the network, or choose local files.`,
      { cause, details: { model: id, url } }
    );
  }
  if (!response.ok) throw hubError(id, url, response);
  const json: unknown = await response.json().catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new HubResponseError(`The hub's answer for ${id} broke off. Try again.`, {
      cause,
      details: { model: id, url }
    });
  });
  return parseListing(id, json);
}

/** Keeps which files make up the model, to open it without a network and to tell whether all of it is there. */
async function rememberListing(
  cache: FileCache,
  listing: HubListing,
  files: readonly HubFile[],
  revision: string
): Promise<void> {
  // A GGUF file of the same model that came earlier stays listed.
  const earlier = await storedListing(cache, listing.id, (about) => about.commit === listing.commit);
  const others = (earlier?.files ?? []).filter(({ path }) => files.every((file) => file.path !== path));
  const revisions = [...new Set([...(earlier?.revisions ?? []), revision])];
  // A branch stands for one commit: what it stood for before can be told by its commit alone.
  const left = await storedListing(
    cache,
    listing.id,
    (about) => about.commit !== listing.commit && about.revisions?.includes(revision) === true
  );
  if (left)
    await writeListing(cache, { ...left, revisions: left.revisions!.filter((name) => name !== revision) });
  await writeListing(cache, { ...listing, files: [...others, ...files], revisions });
}

async function writeListing(cache: FileCache, listing: StoredListing): Promise<void> {
  const key = keyOf(listing, LISTING);
  const bytes = new TextEncoder().encode(JSON.stringify(listing));
  const writer = await cache.writer(key, 0, { total: bytes.length });
  try {
    await writer.write(bytes);
  } finally {
    await writer.close();
  }
  await cache.finish(key);
}

async function storedListing(
  cache: FileCache,
  id: string,
  accept: (about: StoredListing) => boolean
): Promise<StoredListing | undefined> {
  for (const { key, complete } of await cache.list()) {
    const parsed = parseKey(key);
    if (!complete || parsed?.id !== id || parsed.path !== LISTING) continue;
    const source = await cache.open(key);
    try {
      const listing = source && ((await readJson(source)) as StoredListing);
      if (listing && accept(listing)) return listing;
    } catch (error) {
      // Damaged on the disk: as good as absent, the hub is asked again.
      if (!(error instanceof InvalidJsonError)) throw error;
    }
  }
  return undefined;
}

async function checkRoom(id: string, cache: FileCache, needed: number): Promise<void> {
  const available = await cache.available();
  if (available !== undefined && available < needed) throw diskFull(id, needed);
}

async function cachedSource(cache: FileCache, key: string, name: string): Promise<ByteSource> {
  const source = await cache.open(key);
  if (!source) {
    throw new HubNotFoundError(
      `${name} was cleared from the cache while it was opened. Load the model again.`,
      {
        details: { file: name }
      }
    );
  }
  return { name, size: source.size, read: (start, end, signal) => source.read(start, end, signal) };
}

function keyOf({ id, commit }: { id: string; commit: string }, path: string): string {
  return `${id}@${commit}/${path}`;
}

function parseKey(key: string): { id: string; commit: string; path: string } | undefined {
  const match = /^(.+)@([0-9a-f]{40})\/(.+)$/.exec(key);
  return match ? { id: match[1], commit: match[2], path: match[3] } : undefined;
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function endpointOf({ endpoint = 'https://huggingface.co' }: HubOptions): string {
  return endpoint.replace(/\/+$/, '');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
