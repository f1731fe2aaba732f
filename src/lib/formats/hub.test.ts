import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskFullError, MemoryFileCache, type CacheWriter } from './file-cache';
import {
  clearCache,
  fetchModel,
  listCachedModels,
  removeCachedModel,
  type HubProgress,
  type HubRequest
} from './hub';
import {
  HubFileChangedError,
  HubGatedError,
  HubNotFoundError,
  HubOfflineError,
  HubResponseError,
  InvalidModelIdError
} from './hub-errors';
import { parseModelId } from './hub-listing';
import { COMMIT, MODEL, startHub, type TestHub } from './testing-hub';

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);
const WEIGHTS = bytes(200_000, 1);
const FILES = {
  'config.json': bytes(20, 2),
  'tokenizer.json': bytes(30, 3),
  'onnx/model.onnx': bytes(9, 4),
  'pytorch_model.bin': bytes(9, 5),
  'model.safetensors': WEIGHTS
};
const CHOSEN = ['config.json', 'tokenizer.json', 'model.safetensors'];

let hub: TestHub;
let cache: MemoryFileCache;
beforeEach(async () => {
  hub = await startHub(FILES);
  cache = new MemoryFileCache();
});
afterEach(() => hub.close());

const load = (request: HubRequest = {}, token?: string) =>
  fetchModel(MODEL, { cache, endpoint: hub.endpoint, retryDelay: 1, token }, request);
/** Whether the weights are those on the hub; compared at once, not value by value. */
const isWhole = async (model: Awaited<ReturnType<typeof load>>) => {
  const file = model.files.find(({ name }) => name.endsWith('model.safetensors'))!;
  return Buffer.compare(await file.read(0, file.size), WEIGHTS) === 0;
};

describe('fetchModel', () => {
  it('brings the files that a checkpoint needs, tells how far it is, and asks for nothing twice', async () => {
    const told: HubProgress[] = [];
    const model = await load({ onProgress: (progress) => told.push(progress) });
    expect(model).toMatchObject({ id: MODEL, commit: COMMIT });
    expect(model.files.map(({ name }) => name)).toEqual(CHOSEN.map((name) => `${MODEL}/${name}`));
    expect(await isWhole(model)).toBe(true);
    const loaded = told.map(({ loadedBytes }) => loadedBytes);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    expect(told.at(-1)).toEqual({ file: 'model.safetensors', loadedBytes: 200_050, totalBytes: 200_050 });
    await load();
    expect(hub.requests.map(({ path }) => path)).toEqual(CHOSEN);
  });

  it('goes on where a broken connection left off', async () => {
    hub.failures.push({ after: 20 }, { after: 30 }, { after: 70_000 }, { after: 50_000 });
    expect(await isWhole(await load())).toBe(true);
    const ranges = hub.requests
      .filter(({ path }) => path === 'model.safetensors')
      .map(({ range }) => Number(range?.slice(6, -1) ?? 0));
    expect(ranges.length).toBe(3);
    expect(ranges[1]).toBeGreaterThan(0);
    expect(ranges[2]).toBeGreaterThan(ranges[1]);
  });

  it('goes on with what an earlier visit left', async () => {
    const stop = new AbortController();
    const onProgress = ({ loadedBytes }: HubProgress) => loadedBytes > 60_000 && stop.abort();
    hub.failures.push({ after: 99 }, { after: 99 }, { after: 100_000 });
    await expect(load({ signal: stop.signal, onProgress })).rejects.toThrow('aborted');
    const [before] = await listCachedModels(cache);
    expect(before).toMatchObject({ id: MODEL, complete: false });
    hub.failures.length = 0;
    hub.requests.length = 0;
    expect(await isWhole(await load())).toBe(true);
    expect(hub.requests).toHaveLength(1);
    expect(hub.requests[0].range).toMatch(/^bytes=[1-9]\d+-$/);
  });

  it('begins again where the server knows no ranges', async () => {
    hub.ranges = false;
    hub.failures.push({ after: 20 }, { after: 30 }, { after: 70_000 });
    expect(await isWhole(await load())).toBe(true);
  });

  it('waits out a server that is busy', async () => {
    hub.failures.push({ status: 503 }, { status: 429 });
    expect(await isWhole(await load())).toBe(true);
  });

  it('opens what is in the cache without a network', async () => {
    await load();
    await hub.close();
    expect(await isWhole(await load())).toBe(true);
  });

  it('takes a single GGUF file by itself, and asks which of several', async () => {
    hub.files.clear();
    hub.files.set('a.gguf', bytes(10, 6));
    expect((await load()).files.map(({ name }) => name)).toEqual([`${MODEL}/a.gguf`]);
    hub.files.set('b.gguf', bytes(10, 7));
    await expect(load()).rejects.toThrow(
      'org/tiny has several GGUF files; choose one of them: a.gguf, b.gguf.'
    );
    expect((await load({ file: 'b.gguf' })).files.map(({ name }) => name)).toEqual([`${MODEL}/b.gguf`]);
    expect(await listCachedModels(cache)).toMatchObject([{ complete: true }]);
  });

  it('is judged by its config.json before anything else is fetched', async () => {
    hub.files.set('config.json', new TextEncoder().encode('{"model_type":"gpt2"}'));
    const judge = (config: unknown) => {
      throw new Error(`no ${(config as { model_type: string }).model_type} here`);
    };
    await expect(load({ judge })).rejects.toThrow('no gpt2 here');
    expect(hub.requests.map(({ path }) => path)).toEqual(['config.json']);
    const gptq = { model_type: 'llama', quantization_config: { quant_method: 'gptq', bits: 4 } };
    hub.files.set('config.json', new TextEncoder().encode(JSON.stringify(gptq)));
    hub.version = '2';
    await clearCache(cache);
    await expect(load({ judge: () => undefined })).rejects.toThrow('is quantised with gptq');
    expect(hub.requests.map(({ path }) => path)).toEqual(['config.json', 'config.json']);
  });

  it('is judged by what the hub read of a GGUF header before it is fetched', async () => {
    hub.files.clear();
    hub.files.set('a.gguf', bytes(10, 6));
    hub.architecture = 'gemma3';
    await expect(load()).rejects.toThrow('org/tiny/a.gguf holds a model of the architecture gemma3');
    expect(hub.requests).toEqual([]);
    hub.architecture = 'llama';
    await expect(load()).resolves.toBeDefined();
  });

  it('takes the revision that is named, by itself or in an address, and finds it without a network', async () => {
    const other = 'd'.repeat(40);
    hub.revisions.set('v2', other);
    expect((await load({ revision: 'v2' })).commit).toBe(other);
    const address = `https://huggingface.co/${MODEL}/tree/v2`;
    expect((await fetchModel(address, { cache, endpoint: hub.endpoint })).commit).toBe(other);
    expect((await load()).commit).toBe(COMMIT);
    await expect(load({ revision: 'v3' })).rejects.toThrow(HubNotFoundError);
    await hub.close();
    expect((await load({ revision: 'v2' })).commit).toBe(other);
    expect((await load({ revision: other })).commit).toBe(other);
    expect((await load()).commit).toBe(COMMIT);
    await expect(load({ revision: 'v3' })).rejects.toThrow(HubOfflineError);
  });

  it('opens the newest that a branch stood for, and not what it stood for before', async () => {
    await load();
    const newer = 'e'.repeat(40);
    hub.revisions.set('main', newer);
    await load();
    await hub.close();
    expect((await load()).commit).toBe(newer);
    expect((await listCachedModels(cache)).map(({ commit, revisions }) => [commit, revisions])).toEqual([
      [COMMIT, []],
      [newer, ['main']]
    ]);
  });

  it('takes the parts that an index goes with', async () => {
    hub.files.delete('model.safetensors');
    for (const name of [
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json'
    ])
      hub.files.set(name, bytes(5, 8));
    const names = (await load()).files.map(({ name }) => name.replace(`${MODEL}/`, ''));
    expect(names).toEqual([
      'config.json',
      'tokenizer.json',
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors'
    ]);
  });
});

describe('a model that cannot be had', () => {
  it('is named when the hub does not know it', async () => {
    await expect(fetchModel('org/other', { cache, endpoint: hub.endpoint })).rejects.toThrow(
      HubNotFoundError
    );
    hub.files.delete('model.safetensors');
    await expect(load()).rejects.toThrow('org/tiny has no safetensors or GGUF files. Choose another model.');
  });

  it.each([401, 403])('is called gated on %d', async (status) => {
    hub.refusal = { status, code: 'GatedRepo' };
    await expect(load()).rejects.toThrow(HubGatedError);
    await expect(load()).rejects.toThrow(`org/tiny is gated or private (${status}). Accept its terms`);
  });

  it('is called gated when only its files are', async () => {
    hub.failures.push({ status: 403 });
    await expect(load()).rejects.toThrow(HubGatedError);
  });

  it('is called unreachable without a network', async () => {
    await hub.close();
    await expect(load()).rejects.toThrow(HubOfflineError);
    await expect(load()).rejects.toThrow('org/tiny is not in the cache. Check the network');
  });

  it('is called unreachable when the connection breaks without progress, again and again', async () => {
    await load();
    await removeCachedModel(cache, MODEL);
    hub.failures.push(...Array.from({ length: 9 }, () => ({ after: 0 })));
    await expect(load()).rejects.toThrow('broke while org/tiny was downloading. What has arrived is kept');
    expect(hub.failures).toHaveLength(5);
  });

  it('is told apart from a hub in trouble', async () => {
    hub.refusal = { status: 500 };
    await expect(load()).rejects.toThrow(HubResponseError);
    await expect(load()).rejects.toThrow('The hub answered 500');
  });

  it('is refused when it is another version than the part that is there', async () => {
    hub.failures.push({ after: 99 }, { after: 99 }, { after: 100_000 });
    const stop = new AbortController();
    const onProgress = ({ loadedBytes }: HubProgress) => loadedBytes > 60_000 && stop.abort();
    await expect(load({ signal: stop.signal, onProgress })).rejects.toThrow('aborted');
    hub.failures.length = 0;
    hub.version = '2';
    await expect(load()).rejects.toThrow('model.safetensors of org/tiny is another version now');
    // Nothing of the old part is left, so that starting again works.
    expect(await isWhole(await load())).toBe(true);
  });

  it.each([
    [{ corrupt: true } as const, 'has the SHA-256'],
    [{ append: 7 }, 'is longer than the 200000 bytes listed']
  ])('is refused when its weights are not those listed: %j', async (failure, message) => {
    hub.files.delete('config.json');
    hub.files.delete('tokenizer.json');
    hub.failures.push(failure);
    const error: unknown = await load().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HubFileChangedError);
    expect((error as Error).message).toContain(message);
    expect(await cache.stat(`${MODEL}@${COMMIT}/model.safetensors`)).toBeUndefined();
  });

  it('is refused before the download when there is no room', async () => {
    cache = new MemoryFileCache(100_000);
    await expect(load()).rejects.toThrow(DiskFullError);
    expect(hub.requests).toEqual([]);
  });

  it('keeps what arrived when the room runs out in between', async () => {
    class Overstated extends MemoryFileCache {
      override available() {
        return Promise.resolve(undefined);
      }
    }
    cache = new Overstated(100_000);
    await expect(load()).rejects.toThrow('Free space on the device or clear cached models');
    expect((await cache.stat(`${MODEL}@${COMMIT}/model.safetensors`))!.size).toBeGreaterThan(0);
  });

  it('is not downloaded on a mistake of the cache, however often', async () => {
    class Broken extends MemoryFileCache {
      override writer(): Promise<CacheWriter> {
        return Promise.reject(new Error('broken'));
      }
    }
    cache = new Broken();
    await expect(load()).rejects.toThrow('broken');
  });
});

describe('the cache', () => {
  it('lists models with their bytes, and removes one or all', async () => {
    await load();
    const [model, ...others] = await listCachedModels(cache);
    expect(others).toEqual([]);
    expect(model).toMatchObject({ id: MODEL, commit: COMMIT, complete: true });
    expect(model.bytes).toBeGreaterThan(200_050);
    await removeCachedModel(cache, 'org/another');
    expect(await listCachedModels(cache)).toHaveLength(1);
    await removeCachedModel(cache, MODEL);
    expect(await cache.list()).toEqual([]);
    await load();
    await clearCache(cache);
    expect(await cache.list()).toEqual([]);
  });
});

describe('parseModelId', () => {
  it.each([
    ['org/name', 'org/name'],
    [
      ' https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct/tree/main ',
      'HuggingFaceTB/SmolLM2-135M-Instruct'
    ],
    ['hf.co/org/name/', 'org/name'],
    ['gpt2', 'gpt2']
  ])('%s', (text, id) => expect(parseModelId(text)).toBe(id));

  it.each(['', 'a b', '../etc', 'org/name/more', 'https://example.com/org/name'])('refuses %j', (text) => {
    expect(() => parseModelId(text)).toThrow(InvalidModelIdError);
  });
});
