import { describe, expect, it } from 'vitest';
import { CacheUnavailableError, DiskFullError } from './file-cache';
import { OpfsFileCache } from './opfs-cache';

/**
 * A directory of the private file system as a worker sees it: exclusive synchronous handles, files that are snapshots,
 * a quota. What the cache leans on, no more.
 */
class FakeDirectory {
  readonly files = new Map<string, { bytes: Uint8Array<ArrayBuffer>; locked: boolean }>();
  readonly folders = new Map<string, FakeDirectory>();
  quota = Infinity;

  async getDirectoryHandle(name: string): Promise<FakeDirectory> {
    const folder = this.folders.get(name) ?? new FakeDirectory();
    this.folders.set(name, folder);
    return folder;
  }

  async getFileHandle(name: string, options: { create?: boolean } = {}) {
    if (!this.files.has(name) && !options.create) throw new DOMException(name, 'NotFoundError');
    const file = this.files.get(name) ?? { bytes: new Uint8Array(), locked: false };
    this.files.set(name, file);
    return {
      getFile: async () => new File([file.bytes], name),
      createSyncAccessHandle: async () => {
        if (file.locked) throw new DOMException(name, 'NoModificationAllowedError');
        file.locked = true;
        return {
          truncate: (size: number) => (file.bytes = file.bytes.slice(0, size)),
          write: (bytes: Uint8Array, { at }: { at: number }) => {
            if (at + bytes.length > this.quota) throw new DOMException(name, 'QuotaExceededError');
            const joined = new Uint8Array(Math.max(file.bytes.length, at + bytes.length));
            joined.set(file.bytes);
            joined.set(bytes, at);
            file.bytes = joined;
            return bytes.length;
          },
          flush: () => undefined,
          close: () => (file.locked = false)
        };
      }
    };
  }

  async removeEntry(name: string): Promise<void> {
    if (this.files.get(name)?.locked) throw new DOMException(name, 'NoModificationAllowedError');
    if (!this.files.delete(name)) throw new DOMException(name, 'NotFoundError');
  }

  async *keys(): AsyncGenerator<string> {
    yield* [...this.files.keys()];
  }
}

const KEY = 'org/name@c/dir/model.safetensors';

function setUp() {
  const root = new FakeDirectory();
  const cache = new OpfsFileCache(Promise.resolve(root as unknown as FileSystemDirectoryHandle));
  const folder = () => root.getDirectoryHandle('models');
  const write = async (bytes: number[], at = 0, total = 4) => {
    const writer = await cache.writer(KEY, at, { total, etag: '"1"' });
    await writer.write(Uint8Array.from(bytes));
    await writer.close();
  };
  return { cache, folder, write };
}

describe('OpfsFileCache', () => {
  it('keeps a part, continues it, and finishes it', async () => {
    const { cache, write } = setUp();
    expect(await cache.stat(KEY)).toBeUndefined();
    await write([1, 2, 9]);
    expect(await cache.stat(KEY)).toEqual({ key: KEY, size: 3, total: 4, complete: false, etag: '"1"' });
    await write([3, 4], 2);
    await cache.finish(KEY);
    expect(await cache.list()).toEqual([{ key: KEY, size: 4, total: 4, complete: true, etag: '"1"' }]);
    const source = (await cache.open(KEY))!;
    expect([...(await source.read(0, 4))]).toEqual([1, 2, 3, 4]);
  });

  it('calls nothing complete that is not whole', async () => {
    const { cache, write } = setUp();
    await write([1, 2]);
    await cache.finish(KEY);
    expect((await cache.stat(KEY))!.complete).toBe(false);
  });

  it('lists a file whose description was cut off, so that it can be cleared', async () => {
    const { cache, folder, write } = setUp();
    await write([1, 2]);
    const about = [...(await folder()).files].find(([name]) => name.endsWith('.about.json'))![1];
    about.bytes = about.bytes.slice(0, 5);
    expect(await cache.list()).toEqual([{ key: KEY, size: 0, total: 0, complete: false }]);
    await cache.remove(KEY);
    expect((await folder()).files.size).toBe(0);
  });

  it('removes a file once, twice, and never while it is written', async () => {
    const { cache, write } = setUp();
    await write([1, 2, 3, 4]);
    const writer = await cache.writer(KEY, 0, { total: 4 });
    await expect(cache.remove(KEY)).rejects.toThrow(CacheUnavailableError);
    await expect(cache.writer(KEY, 0, { total: 4 })).rejects.toThrow('is being downloaded in another tab');
    await writer.close();
    await cache.remove(KEY);
    await cache.remove(KEY);
    expect(await cache.list()).toEqual([]);
  });

  it('says that the disk is full, and keeps what fitted', async () => {
    const { cache, folder, write } = setUp();
    await write([1, 2], 0, 1000);
    (await folder()).quota = 300;
    const writer = await cache.writer(KEY, 2, { total: 1000 });
    await writer.write(new Uint8Array(200));
    await expect(writer.write(new Uint8Array(200))).rejects.toThrow(DiskFullError);
    await writer.close();
    expect((await cache.stat(KEY))!.size).toBe(202);
  });

  it('says that the disk is full, too, where only the mark of a whole file does not fit', async () => {
    const { cache, folder, write } = setUp();
    await write([1, 2, 3, 4]);
    (await folder()).quota = 3;
    await expect(cache.finish(KEY)).rejects.toThrow(DiskFullError);
  });

  it('says that there is something to keep once a file is begun', async () => {
    const { cache, write } = setUp();
    let begun = 0;
    cache.onwrite = () => (begun += 1);
    await cache.list();
    expect(begun).toBe(0);
    await write([1, 2, 3, 4]);
    expect(begun).toBe(1);
  });

  it('says what to do where the browser gives no files, as in a private window', async () => {
    const cache = new OpfsFileCache(Promise.reject(new DOMException('no', 'SecurityError')));
    await expect(cache.list()).rejects.toThrow(CacheUnavailableError);
    await expect(cache.writer(KEY, 0, { total: 1 })).rejects.toThrow(/in an ordinary window/);
  });

  it('says where it can be written when it is asked outside a worker', async () => {
    const { cache, folder } = setUp();
    const directory = await folder();
    const original = directory.getFileHandle.bind(directory);
    directory.getFileHandle = async (name, options) =>
      ({ ...(await original(name, options)), createSyncAccessHandle: undefined }) as never;
    await expect(cache.writer(KEY, 0, { total: 1 })).rejects.toThrow(
      'this browser writes its private files only in a worker'
    );
  });
});
