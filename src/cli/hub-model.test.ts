import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startHub, MODEL, type TestHub } from '../lib/formats/testing-hub';
import { hubFiles, parseHubName } from './hub-model';

let hub: TestHub;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-hub-'));
  const files = ['config.json', 'tokenizer.json', 'model.safetensors'];
  const read = files.map(
    async (name) => [name, await readFile(`tests/goldens/models/llama-tied/${name}`)] as const
  );
  hub = await startHub(Object.fromEntries(await Promise.all(read)));
  vi.stubEnv('XDG_CACHE_HOME', folder);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ['hub:owner/name', { id: 'owner/name' }],
  ['hub:owner/name@v2', { id: 'owner/name', revision: 'v2' }],
  ['hub:owner/name@refs/pr/3:sub/a.gguf', { id: 'owner/name', revision: 'refs/pr/3', file: 'sub/a.gguf' }],
  ['hub:owner/name:a.gguf', { id: 'owner/name', file: 'a.gguf' }],
  ['owner/name', undefined]
])('%s', (text, name) => expect(parseHubName(text)).toEqual(name));

test('a name without a model is refused', () => {
  expect(() => parseHubName('hub:@v2')).toThrow('write hub:owner/name[@revision][:file.gguf]');
});

test('a model is fetched at its revision, kept, and judged before the rest comes', async () => {
  hub.revisions.set('v2', 'd'.repeat(40));
  const names = async (revision?: string) =>
    (await hubFiles({ id: MODEL, ...(revision ? { revision } : {}) }, () => undefined)).map(
      ({ name }) => name
    );
  const whole = ['config.json', 'tokenizer.json', 'model.safetensors'].map((name) => `${MODEL}/${name}`);
  expect(await names('v2')).toEqual(whole);
  const asked = hub.requests.length;
  expect(await names('v2')).toEqual(whole);
  expect(hub.requests).toHaveLength(asked);
  hub.files.set('config.json', new TextEncoder().encode('{"model_type":"gpt2"}'));
  await expect(names()).rejects.toThrow('The model is of type "gpt2"');
  expect(hub.requests.slice(asked).map(({ path }) => path)).toEqual(['config.json']);
});
