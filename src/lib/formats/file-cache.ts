import { TabtuneError } from '../errors';
import { fromBytes, type ByteSource } from './source';

/** The device has no room for the rest of a download. */
export class DiskFullError extends TabtuneError {}

/** The cache is in use by another tab, or cannot be opened here. */
export class CacheUnavailableError extends TabtuneError {}

/** What is known of a cached file without reading it. */
export interface CachedFile {
  readonly key: string;
  /** Bytes that have arrived. */
  readonly size: number;
  /** Bytes it will have; equal to `size` when complete. */
  readonly total: number;
  readonly complete: boolean;
  /** The server's version mark, to tell whether a part can be continued. */
  readonly etag?: string;
}

/** Receives a file in order. */
export interface CacheWriter {
  /** @throws DiskFullError */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends writing. What was written is kept as a part, to be continued or finished. */
  close(): Promise<void>;
}

/** Where downloads are kept, by key: OPFS in a browser, memory in tests. */
export interface FileCache {
  list(): Promise<CachedFile[]>;
  stat(key: string): Promise<CachedFile | undefined>;
  /** What is there of a file, complete or not. */
  open(key: string): Promise<ByteSource | undefined>;
  /**
   * Writes on from byte `at`, dropping what was there beyond it.
   * @throws CacheUnavailableError when another tab writes this file.
   */
  writer(key: string, at: number, about: { total: number; etag?: string }): Promise<CacheWriter>;
  /** Declares a file of its full size complete. */
  finish(key: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** Bytes that can still be written, where the platform says. */
  available(): Promise<number | undefined>;
}

/** A cache that lives as long as it is referenced. `capacity` bounds its bytes, as a disk would. */
export class MemoryFileCache implements FileCache {
  private readonly files = new Map<string, { bytes: Uint8Array; about: CachedFile }>();

  constructor(private readonly capacity = Infinity) {}

  list(): Promise<CachedFile[]> {
    return Promise.resolve([...this.files.values()].map(({ about }) => about));
  }

  stat(key: string): Promise<CachedFile | undefined> {
    return Promise.resolve(this.files.get(key)?.about);
  }

  open(key: string): Promise<ByteSource | undefined> {
    const file = this.files.get(key);
    return Promise.resolve(file && fromBytes(key, file.bytes));
  }

  writer(key: string, at: number, { total, etag }: { total: number; etag?: string }): Promise<CacheWriter> {
    const put = (bytes: Uint8Array) =>
      this.files.set(key, { bytes, about: { key, size: bytes.length, total, complete: false, etag } });
    put((this.files.get(key)?.bytes ?? new Uint8Array()).slice(0, at));
    return Promise.resolve({
      write: async (more: Uint8Array) => {
        const { bytes } = this.files.get(key)!;
        if (this.used() + more.length > this.capacity) throw diskFull(key, more.length);
        const joined = new Uint8Array(bytes.length + more.length);
        joined.set(bytes);
        joined.set(more, bytes.length);
        put(joined);
      },
      close: () => Promise.resolve()
    });
  }

  finish(key: string): Promise<void> {
    const file = this.files.get(key);
    if (file) file.about = { ...file.about, complete: file.about.size === file.about.total };
    return Promise.resolve();
  }

  remove(key: string): Promise<void> {
    this.files.delete(key);
    return Promise.resolve();
  }

  available(): Promise<number | undefined> {
    return Promise.resolve(this.capacity === Infinity ? undefined : this.capacity - this.used());
  }

  private used(): number {
    return [...this.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

/** A key as people know the file: without the commit that hub.ts puts into it. */
export function shownKey(key: string): string {
  return key.replace(/@[0-9a-f]{40}\//, '/');
}

/** The error for a write of `needed` bytes that found no room. */
export function diskFull(key: string, needed: number, cause?: unknown): DiskFullError {
  return new DiskFullError(
    `There is no room for ${shownKey(key)}: at least ${needed} more bytes are needed. ` +
      'Free space on the device or clear cached models, then start the download again; what has arrived is kept.',
    { cause, details: { file: key, needed } }
  );
}
