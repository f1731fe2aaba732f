import { z } from 'zod';
import { TabtuneError } from '../../errors';
import { HubGatedError, HubNotFoundError, HubOfflineError, HubResponseError } from '../../formats/hub-errors';
import type { ByteSource } from '../../formats/source';

/** The text given is no dataset id. */
export class InvalidDatasetIdError extends TabtuneError {}

/** A dataset without the Parquet files that the hub makes of most. */
export class NoParquetError extends TabtuneError {}

/** A part of a dataset: a configuration ("subset") and a split of it. */
export interface HubChoice {
  config: string;
  split: string;
}

/** A dataset's listing, and the part of it that was chosen. */
export interface HubDataset extends HubChoice {
  id: string;
  choices: HubChoice[];
  /** Parquet files of the chosen part, in order. */
  urls: string[];
}

export interface HubDatasetOptions {
  fetch?: typeof fetch;
  endpoint?: string;
  signal?: AbortSignal;
}

export const HUB = 'https://huggingface.co';

const listingSchema = z.record(z.string(), z.record(z.string(), z.array(z.string())));

/**
 * A dataset id as the hub writes it, from what people paste: an id, or the address of the dataset's page.
 * @throws InvalidDatasetIdError
 */
export function parseDatasetId(text: string): string {
  const id = text
    .trim()
    .replace(/^(https?:\/\/)?(www\.)?(huggingface\.co|hf\.co)\//, '')
    .replace(/^datasets\//, '')
    .replace(/\/(tree|blob|resolve|viewer|discussions|settings)(\/.*)?$/, '')
    .replace(/[/?#]+$/, '');
  if (/^[\w][\w.-]{0,95}(\/[\w][\w.-]{0,95})?$/.test(id) && !/\.\.|--/.test(id)) return id;
  throw new InvalidDatasetIdError(
    `"${text.slice(0, 200)}" is no dataset id. It looks like owner/name, as in the address of the dataset's page on the hub.`,
    { details: { text: text.slice(0, 200) } }
  );
}

/**
 * Finds the Parquet files that the hub keeps of a dataset, and chooses a configuration and split: those named, else
 * `default` and `train`, else the first.
 * @throws InvalidDatasetIdError, HubNotFoundError, HubGatedError, NoParquetError, HubOfflineError, HubResponseError
 */
export async function openHubDataset(
  wanted: { id: string; config?: string; split?: string },
  options: HubDatasetOptions = {}
): Promise<HubDataset> {
  const id = parseDatasetId(wanted.id);
  const url = `${options.endpoint ?? HUB}/api/datasets/${id}/parquet`;
  const response = await request(id, url, options);
  const listing = listingSchema.safeParse(await response.json().catch(() => undefined));
  if (!listing.success) {
    throw new HubResponseError(`The hub described ${id} in a form that is not understood. Try again later.`, {
      cause: listing.error,
      details: { dataset: id }
    });
  }
  const choices = Object.entries(listing.data).flatMap(([config, splits]) =>
    Object.entries(splits).flatMap(([split, urls]) => (urls.length > 0 ? [{ config, split }] : []))
  );
  const { config, split } = choose(id, choices, wanted);
  return { id, config, split, choices, urls: listing.data[config][split] };
}

function choose(id: string, choices: HubChoice[], wanted: { config?: string; split?: string }): HubChoice {
  const fitting = choices.filter(
    ({ config, split }) =>
      (wanted.config === undefined || config === wanted.config) &&
      (wanted.split === undefined || split === wanted.split)
  );
  const inDefault = fitting.filter(({ config }) => config === 'default');
  const candidates = inDefault.length > 0 ? inDefault : fitting;
  const chosen = candidates.find(({ split }) => split === 'train') ?? candidates[0];
  if (chosen) return chosen;
  if (choices.length === 0) {
    throw new NoParquetError(
      `The hub has no Parquet files of ${id}: it makes them only of datasets that it can read. ` +
        'Download its files from its page and import those.',
      { details: { dataset: id } }
    );
  }
  const names = choices.map(({ config, split }) => `${config}/${split}`);
  throw new HubNotFoundError(
    `${id} has no part ${wanted.config ?? '(any)'}/${wanted.split ?? '(any)'}. There are: ${names.slice(0, 20).join(', ')}.`,
    { details: { dataset: id, choices: names.slice(0, 200) } }
  );
}

/**
 * A file of the hub that is read by ranges.
 * @throws the errors of `openHubDataset`; `HubResponseError` where the server gives no ranges
 */
export async function openHubFile(
  id: string,
  url: string,
  name: string,
  options: HubDatasetOptions = {}
): Promise<ByteSource> {
  // Asked for with a range rather than HEAD: the size then comes from the store that the hub redirects to.
  const first = await request(id, url, options, 'bytes=0-3');
  await first.body?.cancel();
  const size = Number(/\/(\d+)$/.exec(first.headers.get('content-range') ?? '')?.[1]);
  if (first.status !== 206 || !Number.isSafeInteger(size)) {
    throw new HubResponseError(`The hub does not give ${name} in parts. Download it and import the file.`, {
      details: { dataset: id, url, status: first.status }
    });
  }
  return {
    name,
    size,
    async read(start, end, signal) {
      if (end <= start) return new Uint8Array();
      const range = `bytes=${start}-${end - 1}`;
      const response = await request(id, url, signal ? { ...options, signal } : options, range);
      if (response.status !== 206) {
        await response.body?.cancel();
        throw new HubResponseError(`The hub sent all of ${name} instead of a part. Try again later.`, {
          details: { dataset: id, url, status: response.status }
        });
      }
      return new Uint8Array(await response.arrayBuffer());
    }
  };
}

async function request(
  id: string,
  url: string,
  options: HubDatasetOptions,
  range?: string
): Promise<Response> {
  const get = options.fetch ?? globalThis.fetch.bind(globalThis);
  const init = { signal: options.signal, ...(range ? { headers: { range } } : {}) };
  const response = await get(url, init).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause;
    throw new HubOfflineError(
      `${new URL(url).host} cannot be reached for ${id}. Check the network and try again.`,
      { cause, details: { dataset: id, url } }
    );
  });
  if (response.ok) return response;
  await response.body?.cancel();
  throw refusal(id, url, response);
}

function refusal(id: string, url: string, { status, headers }: Response): TabtuneError {
  const code = headers.get('x-error-code');
  const details = { dataset: id, url, status, code };
  // For a dataset that does not exist the hub answers 401 to those who are not signed in, with a code that tells.
  if (code === 'RepoNotFound' || (status === 404 && code !== 'EntryNotFound')) {
    return new HubNotFoundError(
      `The hub has no dataset ${id}, or no Parquet files of it. Check the id; a private dataset also looks like this.`,
      { details }
    );
  }
  if (status === 401 || status === 403) {
    return new HubGatedError(
      `${id} is gated or private (${status}). Accept its terms on its page on the hub, download its files there, ` +
        'and import those.',
      { details }
    );
  }
  if (status === 404) {
    return new NoParquetError(
      `The hub has no Parquet files of ${id}. Download its files from its page and import those.`,
      {
        details
      }
    );
  }
  return new HubResponseError(`The hub answered ${status} for ${id}. Try again later.`, { details });
}
