import {
  CacheUnavailableError,
  diskFull,
  shownKey,
  type CachedFile,
  type CacheWriter,
  type FileCache
} from './file-cache';
import { fromBlob, type ByteSource } from './source';

const FOLDER = 'models';
/** Suffix of the small file beside each cached one that says what it is. */
const ABOUT = '.about.json';

/** What is stored about a file; the bytes that are there count, not what was intended. */
interface About {
  key: string;
  total: number;
  complete: boolean;
  etag?: string;
}

/** What TypeScript declares for workers only; this module is type-checked with the page's library. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/**
 * Downloads kept in the browser's private file system. Writing uses synchronous access handles, which write in place
 * (so that a closed tab loses nothing) and exist only in dedicated workers; listing and reading work anywhere.
 */
export class OpfsFileCache implements FileCache {
  /** Called when a file is begun: there is something to keep. */
  onwrite: (() => void) | undefined;
  private readonly folder: Promise<FileSystemDirectoryHandle>;

  /** @param root a directory, by default the origin's own */
  constructor(root: Promise<FileSystemDirectoryHandle> = ownDirectory()) {
    this.folder = root
      .then((directory) => directory.getDirectoryHandle(FOLDER, { create: true }))
      .catch((cause: unknown) => {
        throw isQuotaError(cause) ? diskFull(FOLDER, 0, cause) : noFiles(cause);
      });
    // Whoever uses it is told.
    this.folder.catch(() => undefined);
  }

  async list(): Promise<CachedFile[]> {
    const files: CachedFile[] = [];
    for await (const name of (await this.folder).keys()) {
      if (!name.endsWith(ABOUT)) continue;
      const about = await this.describe(name.slice(0, -ABOUT.length));
      if (about) files.push(about);
    }
    return files;
  }

  stat(key: string): Promise<CachedFile | undefined> {
    return this.describe(encode(key));
  }

  async open(key: string): Promise<ByteSource | undefined> {
    const file = await this.file(encode(key));
    return file && fromBlob(file, key);
  }

  async writer(
    key: string,
    at: number,
    { total, etag }: { total: number; etag?: string }
  ): Promise<CacheWriter> {
    const name = encode(key);
    const handle = await (await this.folder).getFileHandle(name, { create: true });
    const access = await exclusive(handle, key);
    let position = at;
    try {
      access.truncate(at);
      await this.write(key, { key, total, complete: false, etag });
    } catch (error) {
      access.close();
      throw isQuotaError(error) ? diskFull(key, total - at, error) : error;
    }
    this.onwrite?.();
    return {
      write: async (bytes) => {
        try {
          const written = access.write(bytes, { at: position });
          position += written;
          if (written < bytes.length) throw diskFull(key, total - position);
        } catch (error) {
          throw isQuotaError(error) ? diskFull(key, total - position, error) : error;
        }
      },
      close: async () => {
        try {
          access.flush();
        } catch (error) {
          throw isQuotaError(error) ? diskFull(key, total - position, error) : error;
        } finally {
          access.close();
        }
      }
    };
  }

  async finish(key: string): Promise<void> {
    const about = await this.stat(key);
    if (!about) return;
    try {
      await this.write(key, {
        key,
        total: about.total,
        etag: about.etag,
        complete: about.size === about.total
      });
    } catch (error) {
      throw isQuotaError(error) ? diskFull(key, about.total - about.size, error) : error;
    }
  }

  async remove(key: string): Promise<void> {
    const folder = await this.folder;
    // The description last: a file without one would never be listed again, and its space never freed.
    for (const name of [encode(key), encode(key) + ABOUT]) {
      await folder.removeEntry(name).catch((error: unknown) => {
        if (isNamed(error, 'NotFoundError')) return;
        throw isNamed(error, 'NoModificationAllowedError') ? inUse(key, error) : error;
      });
    }
  }

  async available(): Promise<number | undefined> {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined || usage === undefined ? undefined : quota - usage;
  }

  private async describe(name: string): Promise<CachedFile | undefined> {
    const [aboutFile, file] = await Promise.all([this.file(name + ABOUT), this.file(name)]);
    if (!aboutFile) return undefined;
    try {
      const { key, total, complete, etag } = JSON.parse(await aboutFile.text()) as About;
      const size = file?.size ?? 0;
      return { key, total, size, etag, complete: complete && size === total };
    } catch {
      // Cut off while it was written: the part counts as nothing, and is written over by the next download.
      return { key: decodeURIComponent(name), size: 0, total: 0, complete: false };
    }
  }

  private async file(name: string): Promise<File | undefined> {
    try {
      return await (await (await this.folder).getFileHandle(name)).getFile();
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return undefined;
      throw error;
    }
  }

  private async write(key: string, about: About): Promise<void> {
    const handle = await (await this.folder).getFileHandle(encode(key) + ABOUT, { create: true });
    const access = await exclusive(handle, key);
    try {
      access.truncate(0);
      access.write(new TextEncoder().encode(JSON.stringify(about)), { at: 0 });
      access.flush();
    } finally {
      access.close();
    }
  }
}

/** Refused to pages that are not in a secure context, and in private windows of some browsers. */
async function ownDirectory(): Promise<FileSystemDirectoryHandle> {
  return navigator.storage.getDirectory();
}

function noFiles(cause: unknown): CacheUnavailableError {
  return new CacheUnavailableError(
    'This browser keeps no files for this page, as a private window may do: models of the hub cannot be downloaded here. ' +
      'Open the page in an ordinary window, or choose the files of a model from this computer.',
    { cause }
  );
}

/** A key as one file name. */
function encode(key: string): string {
  return encodeURIComponent(key);
}

async function exclusive(handle: FileSystemFileHandle, key: string): Promise<SyncAccessHandle> {
  const inWorker = handle as FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncAccessHandle> };
  if (!inWorker.createSyncAccessHandle) {
    throw new CacheUnavailableError(
      `${shownKey(key)} cannot be saved: this browser writes its private files only in a worker. Download it there.`,
      { details: { file: key } }
    );
  }
  try {
    return await inWorker.createSyncAccessHandle();
  } catch (error) {
    throw isNamed(error, 'NoModificationAllowedError') ? inUse(key, error) : error;
  }
}

function inUse(key: string, cause: unknown): CacheUnavailableError {
  return new CacheUnavailableError(
    `${shownKey(key)} is being downloaded in another tab. Wait for it, or close that tab.`,
    {
      cause,
      details: { file: key }
    }
  );
}

function isQuotaError(error: unknown): boolean {
  return isNamed(error, 'QuotaExceededError');
}

function isNamed(error: unknown, name: string): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name;
}
