import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchModel } from './hub';
import { NodeFileCache } from './node-cache';
import { MODEL, startHub } from './testing-hub';

let folder: string;
let cache: NodeFileCache;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-cache-'));
  cache = new NodeFileCache(join(folder, 'models'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const KEY = `org/name@${'c'.repeat(40)}/dir/model.safetensors`;
const write = async (bytes: number[], at = 0, total = 4) => {
  const writer = await cache.writer(KEY, at, { total, etag: '"1"' });
  await writer.write(Uint8Array.from(bytes));
  await writer.close();
};

it('keeps a part, continues it, and finishes it, for the next process as well', async () => {
  expect([await cache.stat(KEY), await cache.list(), await cache.open(KEY)]).toEqual([
    undefined,
    [],
    undefined
  ]);
  await write([1, 2, 9]);
  expect(await cache.stat(KEY)).toEqual({ key: KEY, size: 3, total: 4, complete: false, etag: '"1"' });
  await cache.finish(KEY);
  expect((await cache.stat(KEY))!.complete).toBe(false);
  await write([3, 4], 2);
  await cache.finish(KEY);
  const next = new NodeFileCache(join(folder, 'models'));
  expect(await next.list()).toEqual([{ key: KEY, size: 4, total: 4, complete: true, etag: '"1"' }]);
  expect([...(await (await next.open(KEY))!.read(0, 4))]).toEqual([1, 2, 3, 4]);
  expect(await next.available()).toBeGreaterThan(0);
  await next.remove(KEY);
  await next.remove(KEY);
  expect(await readdir(join(folder, 'models'))).toEqual([]);
});

it('takes a file whose description was cut off for absent', async () => {
  await write([1, 2, 3, 4]);
  const about = (await readdir(join(folder, 'models'))).find((name) => name.endsWith('.about.json'))!;
  await truncate(join(folder, 'models', about), 5);
  expect([await cache.stat(KEY), await cache.list()]).toEqual([undefined, []]);
});

it('holds a model of the hub, over a broken connection and without a network', async () => {
  const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31) & 255);
  const hub = await startHub({
    'config.json': bytes(20),
    'tokenizer.json': bytes(30),
    'model.safetensors': bytes(9000)
  });
  const load = () => fetchModel(MODEL, { cache, endpoint: hub.endpoint, retryDelay: 1 });
  try {
    hub.failures.push({ after: 20 }, { after: 30 }, { after: 4000 });
    await load();
  } finally {
    await hub.close();
  }
  const { files } = await load();
  const weights = files.find(({ name }) => name.endsWith('model.safetensors'))!;
  expect(Buffer.compare(await weights.read(0, weights.size), bytes(9000))).toBe(0);
});
