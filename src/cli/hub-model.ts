/** Models of the Hugging Face hub for the commands: fetched once, kept in this user's cache folder. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fetchModel } from '../lib/formats/hub';
import { NodeFileCache } from '../lib/formats/node-cache';
import type { ByteSource } from '../lib/formats/source';
import { parseDecoderConfig } from '../lib/gpu/model/config';
import { UsageError } from './args';

/** A model as `--model` names it. */
export interface HubName {
  readonly id: string;
  /** Branch, tag or commit. */
  readonly revision?: string;
  /** One GGUF file of several. */
  readonly file?: string;
}

/**
 * `hub:owner/name`, `hub:owner/name@revision`, `hub:owner/name:file.gguf` or all of it; undefined for any other text.
 * @throws UsageError for one that begins so and names nothing
 */
export function parseHubName(text: string): HubName | undefined {
  if (!text.startsWith('hub:')) return undefined;
  const match = /^hub:([^@:]+)(?:@([^:]+))?(?::(.+))?$/.exec(text);
  if (!match)
    throw new UsageError(`--model is ${JSON.stringify(text)}: write hub:owner/name[@revision][:file.gguf].`);
  const [, id, revision, file] = match;
  return { id, ...(revision ? { revision } : {}), ...(file ? { file } : {}) };
}

/**
 * The files of a model, from the cache where they are there. `HF_TOKEN` opens gated models, `HF_ENDPOINT` names another hub.
 * @param say tells what is being fetched
 * @throws what `fetchModel` throws, and UnsupportedModelError before more than config.json has come
 */
export async function hubFiles({ id, ...name }: HubName, say: (line: string) => void): Promise<ByteSource[]> {
  const { HF_TOKEN: token, HF_ENDPOINT: endpoint, XDG_CACHE_HOME: caches } = process.env;
  const cache = new NodeFileCache(join(caches ?? join(homedir(), '.cache'), 'tabtune', 'models'));
  let told = '';
  const { files } = await fetchModel(
    id,
    { cache, ...(token ? { token } : {}), ...(endpoint ? { endpoint } : {}) },
    {
      ...name,
      judge: (config) => void parseDecoderConfig(config),
      onProgress: ({ file, loadedBytes, totalBytes }) => {
        const line = `Fetching ${file}: ${Math.floor((10 * loadedBytes) / totalBytes) * 10}% of ${(totalBytes / 2 ** 20).toFixed(0)} MiB`;
        // A line for every tenth of the whole is enough, and none for what is there already.
        if (line !== told && loadedBytes < totalBytes) say(line);
        told = line;
      }
    }
  );
  return files;
}
