import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryFileCache } from '../formats/file-cache';
import { HubLibrary } from './hub-library';
import { openChoice } from './model-files';

const folder = fileURLToPath(new URL('../../../static/starter/model/', import.meta.url));
const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
const commit = '0123456789abcdef0123456789abcdef01234567';

/** The hub as far as it is asked, with the starter model on it. */
async function hub(address: string | URL, init?: RequestInit): Promise<Response> {
  const { pathname } = new URL(address);
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(folder + name) }))
  );
  if (pathname.startsWith('/api/models/owner/starter')) {
    const siblings = files.map(({ name, bytes }) => ({ rfilename: name, size: bytes.length }));
    return Response.json({ id: 'owner/starter', sha: commit, siblings });
  }
  const file = files.find(({ name }) => pathname.endsWith(`/${name}`));
  if (!file) return new Response('', { status: 404 });
  const start = Number(/bytes=(\d+)-/.exec(new Headers(init?.headers).get('range') ?? '')?.[1] ?? 0);
  const headers = {
    etag: '"1"',
    'content-length': String(file.bytes.length - start),
    ...(start > 0 ? { 'content-range': `bytes ${start}-${file.bytes.length - 1}/${file.bytes.length}` } : {})
  };
  return new Response(file.bytes.subarray(start), { status: start > 0 ? 206 : 200, headers });
}

describe('models of the hub', () => {
  beforeEach(() => vi.stubGlobal('fetch', hub));
  afterEach(() => vi.unstubAllGlobals());

  it('are fetched once, opened without the network, listed and removed', async () => {
    const library = new HubLibrary(new MemoryFileCache());
    let last: [string, number, number] | undefined;
    await library.download(
      { id: 'owner/starter' },
      undefined,
      new AbortController().signal,
      (...progress) => {
        last = progress;
      }
    );
    expect(last![1]).toBe(last![2]);
    expect(await library.list()).toMatchObject([{ id: 'owner/starter', complete: true }]);

    vi.stubGlobal('fetch', () => Promise.reject(new Error('asked the network')));
    const { checkpoint } = await openChoice({ kind: 'hub', id: 'owner/starter' }, library);
    expect(checkpoint.name).toBe('owner/starter');
    expect(checkpoint.has('model.norm.weight')).toBe(true);

    await expect(library.open({ id: 'owner/starter', revision: 'v2' })).rejects.toMatchObject({
      name: 'HubOfflineError'
    });
    await library.remove('owner/starter');
    expect(await library.list()).toEqual([]);
    await expect(library.open({ id: 'owner/starter' })).rejects.toMatchObject({ name: 'HubOfflineError' });
  });
});
