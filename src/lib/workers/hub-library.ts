import type { FileCache } from '../formats/file-cache';
import { fetchModel, listCachedModels, removeCachedModel } from '../formats/hub';
import type { ByteSource } from '../formats/source';
import type { ModelLibrary } from './model-files';
import type { CachedModel } from './protocol';

/** A network that is never there: what is in the cache is opened without asking the hub. */
const noNetwork: typeof fetch = () => Promise.reject(new TypeError('opened from the cache only'));

/** Models of the Hugging Face hub, kept in a cache. */
export class HubLibrary implements ModelLibrary {
  readonly #cache: FileCache;

  constructor(cache: FileCache) {
    this.#cache = cache;
  }

  async list(): Promise<CachedModel[]> {
    const models = new Map<string, CachedModel>();
    // A model may be there at several commits: for a person it is one.
    for (const { id, bytes, complete } of await listCachedModels(this.#cache)) {
      const known = models.get(id);
      models.set(id, {
        id,
        bytes: bytes + (known?.bytes ?? 0),
        complete: complete || (known?.complete ?? false)
      });
    }
    return [...models.values()];
  }

  async download(
    id: string,
    token: string | undefined,
    signal: AbortSignal,
    onProgress: (file: string, done: number, total: number) => void
  ): Promise<void> {
    await fetchModel(
      id,
      { cache: this.#cache, token },
      {
        signal,
        onProgress: (progress) => onProgress(progress.file, progress.loadedBytes, progress.totalBytes)
      }
    );
  }

  async open(id: string): Promise<ByteSource[]> {
    const { files } = await fetchModel(id, { cache: this.#cache, fetch: noNetwork, retryDelay: 0 });
    return files;
  }

  async remove(id: string): Promise<void> {
    await removeCachedModel(this.#cache, id);
  }
}
