/** From a choice on the page to an opened model: what both workers do first. */
import { openCheckpoint, type Checkpoint } from '../formats/checkpoint';
import { fromBlob, fromBytes, type ByteSource } from '../formats/source';
import { TabtuneError } from '../errors';
import type { CachedModel, HubModelChoice, ModelChoice } from './protocol';

/** A file of this site could not be fetched. */
export class SiteFileError extends TabtuneError {}

export interface OpenedModel {
  checkpoint: Checkpoint;
  /** Bytes of all files. */
  bytes: number;
}

/** Models of the hub that are kept in this browser. */
export interface ModelLibrary {
  list(): Promise<CachedModel[]>;
  /** Fetches what is missing of a model. */
  download(
    model: HubModelChoice,
    token: string | undefined,
    signal: AbortSignal,
    onProgress: (file: string, done: number, total: number) => void
  ): Promise<void>;
  /** The files of a model that was downloaded whole. */
  open(model: HubModelChoice): Promise<ByteSource[]>;
  remove(id: string, revision?: string): Promise<void>;
}

const starterFiles = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'model.safetensors',
  'README.md'
];

/**
 * Opens the model of a choice.
 * @throws SiteFileError, the errors of the hub and those of `openCheckpoint`
 */
export async function openChoice(
  choice: ModelChoice,
  library: ModelLibrary,
  signal?: AbortSignal
): Promise<OpenedModel> {
  const sources = await sourcesOf(choice, library, signal);
  const name = choice.kind === 'hub' ? choice.id : choice.kind === 'starter' ? 'tabtune-starter' : undefined;
  const checkpoint = await openCheckpoint(sources, { name, signal });
  return { checkpoint, bytes: sources.reduce((sum, source) => sum + source.size, 0) };
}

/** Two choices with the same key mean the same model. */
export function choiceKey(choice: ModelChoice): string {
  switch (choice.kind) {
    case 'starter':
      return `starter ${choice.folder}`;
    case 'hub':
      return ['hub', choice.id, choice.revision ?? 'main', choice.file ?? ''].join(' ').trimEnd();
    case 'files':
      return `files ${choice.files.map((file) => `${file.webkitRelativePath || file.name} ${file.size} ${file.lastModified}`).join('\n')}`;
  }
}

async function sourcesOf(
  choice: ModelChoice,
  library: ModelLibrary,
  signal?: AbortSignal
): Promise<ByteSource[]> {
  switch (choice.kind) {
    case 'starter':
      return Promise.all(
        starterFiles.map(async (name) => fromBytes(name, await fetchSiteFile(choice.folder + name, signal)))
      );
    case 'hub':
      return library.open(choice);
    case 'files':
      return choice.files.map((file) => fromBlob(file));
  }
}

/** A small file that comes with the page. */
export async function fetchSiteFile(address: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(address, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SiteFileError(`${address} could not be fetched. Check the connection and try again.`, {
      details: { address },
      cause
    });
  }
  if (!response.ok) {
    throw new SiteFileError(
      `${address} is not on this site (${response.status}). The site is incomplete: build it anew.`,
      { details: { address, status: response.status } }
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
