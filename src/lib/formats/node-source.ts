import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { FileReadError, type ByteSource } from './source';

/** Files of a model folder that are worth opening; weights of other frameworks are left alone. */
const MODEL_FILE = /\.(json|safetensors|gguf|jinja|bin|model)$|^README\.md$/i;

/**
 * A source over a file of Node's file system. The handle is opened for each read: a model has few, large reads, and
 * nothing then has to be closed.
 * @throws FileReadError when the path is no readable file.
 */
export async function fromFile(path: string, name: string = basename(path)): Promise<ByteSource> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new FileReadError(`There is no readable file at ${path}. Check the path.`, {
      cause,
      details: { file: path }
    });
  });
  if (!info.isFile()) {
    throw new FileReadError(`${path} is not a file. Give the file itself, or a model's folder.`, {
      details: { file: path }
    });
  }
  return {
    name,
    size: info.size,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      const handle = await open(path, 'r');
      try {
        const bytes = new Uint8Array(end - start);
        let filled = 0;
        while (filled < bytes.byteLength) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.byteLength - filled, start + filled);
          signal?.throwIfAborted();
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      } finally {
        await handle.close();
      }
    }
  };
}

/**
 * The files of a model folder, or the one file that `path` names, as `openCheckpoint` takes them.
 * Names are `folder/file`, so that messages and the model's name say which folder, also where it is given as `.`.
 */
export async function fromPath(path: string): Promise<ByteSource[]> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new FileReadError(`There is no file or folder at ${path}. Check the path.`, {
      cause,
      details: { file: path }
    });
  });
  if (!info.isDirectory()) return [await fromFile(path)];
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && MODEL_FILE.test(entry.name))
    .map((entry) => entry.name);
  const folder = basename(resolve(path));
  return Promise.all(names.sort().map((name) => fromFile(join(path, name), `${folder}/${name}`)));
}

/** `models--acme--tide-1b/snapshots/<commit>` in the cache of huggingface_hub. */
const HUB_CACHE = /(?:^|[\\/])models--([^\\/]+)[\\/]snapshots[\\/][^\\/]+(?:[\\/][^\\/]+\.gguf)?[\\/]?$/i;

/**
 * The id of a model that lies in the hub's own cache, `acme/tide-1b`; undefined for any other path. Elsewhere the folder's
 * name is all that a model has.
 */
export function hubIdOf(path: string): string | undefined {
  return HUB_CACHE.exec(resolve(path))?.[1].replace('--', '/');
}
