import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { diskFull, type CachedFile, type CacheWriter, type FileCache } from './file-cache';
import { fromFile } from './node-source';
import type { ByteSource } from './source';

/** What is kept beside a file. Its size is that of the file itself. */
type About = Omit<CachedFile, 'size'>;

const ABOUT = '.about.json';

/** Downloads in a folder of Node's file system. Keys are long and have slashes, so files are named by their hash. */
export class NodeFileCache implements FileCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<CachedFile[]> {
    const names = await readdir(this.#folder).catch(() => [] as string[]);
    const files = await Promise.all(
      names.filter((name) => name.endsWith(ABOUT)).map((name) => this.#about(join(this.#folder, name)))
    );
    const known = await Promise.all(files.map((about) => about && this.stat(about.key)));
    return known.filter((file) => file !== undefined);
  }

  async stat(key: string): Promise<CachedFile | undefined> {
    const path = this.#path(key);
    const [about, file] = await Promise.all([this.#about(path + ABOUT), stat(path).catch(() => undefined)]);
    return about && file && { ...about, size: file.size };
  }

  async open(key: string): Promise<ByteSource | undefined> {
    return (await this.stat(key)) && fromFile(this.#path(key), key);
  }

  async writer(key: string, at: number, about: { total: number; etag?: string }): Promise<CacheWriter> {
    const path = this.#path(key);
    await mkdir(this.#folder, { recursive: true });
    await this.#describe({ key, complete: false, ...about });
    const handle = await open(path, 'a');
    await handle.truncate(at);
    return {
      write: async (bytes) => {
        await handle.appendFile(bytes).catch((cause: NodeJS.ErrnoException) => {
          throw cause.code === 'ENOSPC' || cause.code === 'EDQUOT'
            ? diskFull(key, bytes.length, cause)
            : cause;
        });
      },
      close: () => handle.close()
    };
  }

  async finish(key: string): Promise<void> {
    const file = await this.stat(key);
    if (!file) return;
    const { size, ...about } = file;
    await this.#describe({ ...about, complete: size === about.total });
  }

  async remove(key: string): Promise<void> {
    // The description last: what is left of an interrupted removal is still listed.
    await rm(this.#path(key), { force: true });
    await rm(this.#path(key) + ABOUT, { force: true });
  }

  async available(): Promise<number | undefined> {
    await mkdir(this.#folder, { recursive: true });
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  #path(key: string): string {
    return join(this.#folder, bytesToHex(sha256(new TextEncoder().encode(key))));
  }

  async #about(path: string): Promise<About | undefined> {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as About;
    } catch {
      // Absent, or cut off while it was written: the file is as good as absent, and fetched again.
      return undefined;
    }
  }

  /** Under another name first, so that a description is whole or not there. */
  async #describe(about: About): Promise<void> {
    const path = this.#path(about.key) + ABOUT;
    await writeFile(`${path}.new`, JSON.stringify(about));
    await rename(`${path}.new`, path);
  }
}
