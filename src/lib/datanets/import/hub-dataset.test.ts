import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDatasetId } from './hub-dataset';
import { inspectImport } from './inspect';
import { importAll } from './testing';

/** A stand-in for the hub: a listing as it answers, and Parquet files by ranges behind a redirection. */
interface Hub {
  status: number;
  code?: string;
  listing: (base: string) => unknown;
  ranges: boolean;
  asked: string[];
}

const FILE = readFileSync(new URL('../../../../tests/goldens/import/chats-snappy.parquet', import.meta.url));

let server: Server;
let endpoint: string;
let hub: Hub;

beforeEach(async () => {
  hub = {
    status: 200,
    ranges: true,
    asked: [],
    listing: (base) => ({
      other: { train: [`${base}/api/datasets/org/chats/parquet/other/train/0.parquet`] },
      default: {
        test: [`${base}/api/datasets/org/chats/parquet/default/test/0.parquet`],
        train: [0, 1].map((i) => `${base}/api/datasets/org/chats/parquet/default/train/${i}.parquet`)
      }
    })
  };
  server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise<void>((resolve) => server.close(() => resolve()));
});

function serve(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? '';
  hub.asked.push(url);
  if (url === '/api/datasets/org/chats/parquet') {
    response.writeHead(hub.status, hub.code ? { 'x-error-code': hub.code } : {});
    return void response.end(JSON.stringify(hub.listing(endpoint)));
  }
  if (url.endsWith('.parquet')) return void response.writeHead(302, { location: '/store' }).end();
  const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
  if (url !== '/store') return void response.writeHead(404).end();
  if (!range || !hub.ranges) return void response.writeHead(200).end(FILE);
  const [start, end] = [Number(range[1]), Math.min(FILE.length, Number(range[2]) + 1)];
  response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${FILE.length}` });
  response.end(FILE.subarray(start, end));
}

const input = (more: { config?: string; split?: string } = {}) =>
  ({ kind: 'hub', id: 'org/chats', ...more }) as const;

describe('a dataset of the hub', () => {
  it('is found with its parts, and read by ranges, file after file', async () => {
    const inspection = await inspectImport(input(), { endpoint });
    expect(inspection).toMatchObject({
      shape: 'table',
      name: 'org/chats',
      mapping: { to: 'messages', column: 'messages' },
      hub: {
        config: 'default',
        split: 'train',
        choices: [
          { config: 'other', split: 'train' },
          { config: 'default', split: 'test' },
          { config: 'default', split: 'train' }
        ]
      }
    });
    const { rows, problems } = await importAll(input(), inspection.mapping, { endpoint });
    expect(problems).toEqual([]);
    expect(rows).toHaveLength(2000);
    expect(rows[0]).not.toHaveProperty('split');
  });

  it('keeps rows of a test split apart from training', async () => {
    const { rows } = await importAll(
      input({ split: 'test' }),
      { to: 'messages', column: 'messages' },
      { endpoint }
    );
    expect(rows).toHaveLength(1000);
    expect(rows.every(({ split }) => split === 'test')).toBe(true);
  });

  it('is looked at without reading its files to the end', async () => {
    await inspectImport(input({ config: 'other' }), { endpoint });
    expect(hub.asked.filter((url) => url === '/store').length).toBeLessThanOrEqual(5);
  });

  it.each([
    [401, 'RepoNotFound', 'HubNotFoundError', 'The hub has no dataset org/chats'],
    [404, undefined, 'HubNotFoundError', 'The hub has no dataset org/chats'],
    [403, 'GatedRepo', 'HubGatedError', 'org/chats is gated or private (403)'],
    [401, 'GatedRepo', 'HubGatedError', 'Accept its terms on its page'],
    [404, 'EntryNotFound', 'NoParquetError', 'The hub has no Parquet files of org/chats'],
    [500, undefined, 'HubResponseError', 'The hub answered 500 for org/chats']
  ])('%d %s is named %s', async (status, code, name, message) => {
    hub.status = status;
    hub.code = code;
    const asked = inspectImport(input(), { endpoint });
    await expect(asked).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it.each([
    [{}, 'NoParquetError', 'has no Parquet files of org/chats'],
    [{ default: ['x'] }, 'HubResponseError', 'in a form that is not understood']
  ])('listed as %j is named', async (listing, name, message) => {
    hub.listing = () => listing;
    const asked = inspectImport(input(), { endpoint });
    await expect(asked).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it('without the part asked for says which there are', async () => {
    await expect(inspectImport(input({ split: 'dev' }), { endpoint })).rejects.toThrow(
      'org/chats has no part (any)/dev. There are: other/train, default/test, default/train.'
    );
  });

  it('is not downloaded whole where there are no ranges, and a hub that is away is said so', async () => {
    hub.ranges = false;
    await expect(inspectImport(input(), { endpoint })).rejects.toThrow(
      'does not give org/chats, file 1 in parts'
    );
    const away = () => Promise.reject(new TypeError('fetch failed'));
    await expect(inspectImport(input(), { endpoint, fetch: away })).rejects.toMatchObject({
      name: 'HubOfflineError'
    });
  });

  it('is named as people paste it', () => {
    for (const text of [
      'org/chats',
      'https://huggingface.co/datasets/org/chats/viewer/default',
      ' hf.co/datasets/org/chats/ '
    ]) {
      expect(parseDatasetId(text)).toBe('org/chats');
    }
    for (const text of ['', '../x', 'a b', 'org/chats/more']) {
      expect(() => parseDatasetId(text)).toThrow('is no dataset id');
    }
  });
});
