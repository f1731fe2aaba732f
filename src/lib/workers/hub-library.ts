import type { FileCache } from '../formats/file-cache';
import { fetchModel, listCachedModels, removeCachedModel, type HubRequest } from '../formats/hub';
import type { ByteSource } from '../formats/source';
import type { ModelLibrary } from './model-files';
import { parseDecoderConfig } from '../gpu/model/config';
import type { CachedModel, HubModelChoice } from './protocol';

const main = 'main';

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
    for (const { id, revision, bytes, complete } of await this.#named()) {
      const key = `${id}@${revision}`;
      const known = models.get(key);
      models.set(key, {
        id,
        ...(revision === main ? {} : { revision }),
        bytes: bytes + (known?.bytes ?? 0),
        complete: complete || (known?.complete ?? false)
      });
    }
    return [...models.values()];
  }

  async download(
    model: HubModelChoice,
    token: string | undefined,
    signal: AbortSignal,
    onProgress: (file: string, done: number, total: number) => void
  ): Promise<void> {
    await fetchModel(
      model.id,
      { cache: this.#cache, token },
      {
        ...requestOf(model),
        signal,
        judge: (config) => void parseDecoderConfig(config),
        onProgress: (progress) => onProgress(progress.file, progress.loadedBytes, progress.totalBytes)
      }
    );
  }

  async open(model: HubModelChoice): Promise<ByteSource[]> {
    const { files } = await fetchModel(
      model.id,
      { cache: this.#cache, fetch: noNetwork, retryDelay: 0 },
      requestOf(model)
    );
    return files;
  }

  async remove(id: string, revision = main): Promise<void> {
    for (const model of await this.#named())
      if (model.id === id && model.revision === revision)
        await removeCachedModel(this.#cache, id, model.commit);
  }

  /** Models with the revision that a person knows them by. What a branch has moved on from belongs to `main` for them. */
  async #named() {
    const cached = await listCachedModels(this.#cache);
    return cached.map((model) => ({
      ...model,
      revision: model.revisions.includes(main) ? main : (model.revisions[0] ?? main)
    }));
  }
}

function requestOf({ revision, file }: HubModelChoice): HubRequest {
  return { ...(revision === undefined ? {} : { revision }), ...(file === undefined ? {} : { file }) };
}
