import 'fake-indexeddb/auto';
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';
import { IDBFactory } from 'fake-indexeddb';
import { unzipSync } from 'fflate';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rowCid, rowContent } from '../../datanets/content/cid';
import type { DatanetFacts, DatanetRow } from '../../datanets/datanet';
import { defaultPolicy } from '../../datanets/policy/combine';
import { Store } from '../../datanets/store/store';
import type { RowProof } from '../../datanets/verify/proof';
import type { DatanetEvent, StatementRequest } from './protocol';
import { DatanetService } from './service';

const FACTS: DatanetFacts = {
  ...{ name: 'Pelhaven harbour', summary: '', description: '', tags: [] },
  ...{ licence: { spdx: 'CC-BY-4.0' }, language: 'en', purpose: '', contact: '' }
};

const ROWS: DatanetRow[] = [
  { text: 'Boats come in at dawn.', contributor: 'Ada', source: 'harbour.md', tags: ['a', 'b'] },
  {
    messages: [
      { role: 'user', content: 'When? "Now"\n' },
      { role: 'assistant', content: 'At dawn. 🚢' }
    ],
    contributor: 'Bo',
    split: 'test'
  },
  { text: 'The lamp is green.', contributor: 'Ada', drafted: true, licence: 'CC0-1.0' }
];

const ignore = () => undefined;
const stores: Store[] = [];

/** A browser of its own. */
async function browser(name: string): Promise<DatanetService> {
  vi.stubGlobal('indexedDB', new IDBFactory());
  const store = await Store.open();
  stores.push(store);
  const service = new DatanetService(Promise.resolve(store), undefined);
  await service.renamePerson(name);
  return service;
}

let owner: DatanetService;
let id: string;

beforeEach(async () => {
  owner = await browser('Ada');
  ({ id } = await owner.create(FACTS));
  const text = ROWS.map((row) => JSON.stringify(row)).join('\n');
  await owner.importInto(id, { kind: 'text', text }, { to: 'rows' }, ignore);
});

afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  vi.unstubAllGlobals();
});

async function sign(service: DatanetService, request: StatementRequest): Promise<File> {
  const { prepared } = await service.prepare(request, ignore);
  return (await service.sign(prepared)).file;
}

async function publish(permissioned = false): Promise<string> {
  await sign(owner, { kind: 'version', id, permissioned, changes: 'x' });
  return (await owner.detail(id)).head!.root;
}

async function take(service: DatanetService, file: File): Promise<string> {
  return service.keep((await service.open(file, ignore)).received);
}

const linesOf = async (file: File) =>
  (await file.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DatanetRow);

describe('a version', () => {
  it('has the root of its rows, and the draft is as it until something changes', async () => {
    const root = await publish();
    const leaves = ROWS.map((row) => [rowCid(rowContent(row)), row.contributor]);
    expect(root).toBe(StandardMerkleTree.of(leaves, ['string', 'string']).root);
    expect(await owner.detail(id)).toMatchObject({ changed: false, head: { number: 1, rows: 3 } });
    const draft = { of: 'draft', id } as const;
    expect(await owner.view(draft, { status: 'published' }, ignore)).toMatchObject({ total: 3 });
    await owner.tagRows(id, [1], ['new'], []);
    expect((await owner.list())[0].changed).toBe(true);
    const { view, total } = await owner.view(draft, { status: 'new' }, ignore);
    expect([total, (await owner.items(view, 0, 1))[0].tags]).toEqual([1, ['new']]);
    const published = await owner.view({ of: 'version', root }, { tag: 'new' }, ignore);
    expect(published.total).toBe(0);
  });

  it('proves each of its rows', async () => {
    const root = await publish();
    for (const [key, row] of ROWS.entries()) {
      const file = await owner.proof(root, key);
      expect(file.name).toMatch(/^pelhaven-harbour-1\..*\.proof\.json$/);
      const { value, proof, content } = JSON.parse(await file.text()) as RowProof;
      expect(content).toEqual(rowContent(row));
      expect(value).toEqual([rowCid(rowContent(row)), row.contributor]);
      expect(StandardMerkleTree.verify(root, ['string', 'string'], value, proof)).toBe(true);
    }
    await expect(owner.proof(root, 3)).rejects.toThrow(/not in the version/);
  });

  it('are not made of rows that are no longer those that were signed', async () => {
    const root = await publish();
    const [{ tables }] = stores;
    const stored = tables.get.bind(tables);
    vi.spyOn(tables, 'get').mockImplementation(async (ref) => {
      const table = (await stored(ref)).clone();
      table.append(table.at(0), { ...table.at(0), contributor: 'Eve' });
      return table;
    });
    await expect(owner.proof(root, 0)).rejects.toThrow(/not those that were signed: its storage is damaged/);
  });

  it('tells what changed since another', async () => {
    const first = await publish();
    await owner.removeRows(id, [0]);
    await owner.changeRow(id, 2, { content: { text: 'The lamp is red.' } });
    await owner.describe(id, { ...FACTS, summary: 'Lamps and boats' });
    await owner.setPolicy(id, { ...defaultPolicy(), redistribution: { rule: 'allowed' } });
    const second = await publish();
    const diff = await owner.diff(first, second);
    expect(diff).toMatchObject({
      counts: { added: 1, removed: 2, kept: 1 },
      added: [{ content: { text: 'The lamp is red.' }, contributor: 'Ada' }],
      removed: [{ content: rowContent(ROWS[0]) }, { content: rowContent(ROWS[2]) }],
      facts: ['summary'],
      policy: ['redistribution']
    });
    expect((await owner.detail(id)).versions.map(({ number }) => number)).toEqual([2, 1]);
  });

  it('is told from another with the same rows and other rules', async () => {
    const root = await publish();
    await owner.setPolicy(id, { ...defaultPolicy(), redistribution: { rule: 'allowed' } });
    expect(await publish()).toBe(root);
    const [second, first] = (await owner.detail(id)).versions;
    expect(await owner.diff(first.cid, second.cid)).toMatchObject({
      ...{ counts: { added: 0, removed: 0, kept: 3 }, policy: ['redistribution'] }
    });
    const names = [first, second].map(({ cid }) => owner.exportVersion(cid, 'datanet', ignore));
    expect((await Promise.all(names)).map(({ name }) => name)).toEqual([
      'pelhaven-harbour-1.datanet',
      'pelhaven-harbour-2.datanet'
    ]);
  });
});

describe('the file of a version', () => {
  it('is read by everybody: JSON Lines, Parquet, Croissant with its rows', async () => {
    const root = await publish();
    const events: DatanetEvent[] = [];
    const jsonl = await owner.exportVersion(root, 'jsonl', (event) => events.push(event));
    expect(jsonl.name).toBe('pelhaven-harbour-1.jsonl');
    expect(await linesOf(jsonl)).toEqual(ROWS);
    expect(events.at(-1)).toMatchObject({ phase: 'writing' });

    const parquet = await owner.exportVersion(root, 'parquet', ignore);
    const file = await parquet.arrayBuffer();
    const rows = await parquetReadObjects({ file, compressors });
    const plain = rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined && value !== null))
    );
    expect(plain).toEqual(ROWS.map((row) => ({ cid: rowCid(rowContent(row)), drafted: false, ...row })));

    const croissant = await owner.exportVersion(root, 'croissant', ignore);
    const parts = unzipSync(new Uint8Array(await croissant.arrayBuffer()));
    expect(Object.keys(parts).sort()).toEqual(['croissant.json', 'rows.jsonl']);
    expect(new TextDecoder().decode(parts['rows.jsonl'])).toBe(await jsonl.text());
  });

  it('comes back as rows of another draft, whatever the format', async () => {
    const root = await publish();
    const reader = await browser('Cleo');
    for (const format of ['jsonl', 'parquet'] as const) {
      const file = await owner.exportVersion(root, format, ignore);
      const copy = (await reader.create(FACTS)).id;
      const input = { kind: 'file', file } as const;
      expect(await reader.importInto(copy, input, { to: 'rows' }, ignore)).toMatchObject({
        rows: 3,
        problemCount: 0
      });
      await sign(reader, { kind: 'version', id: copy, permissioned: false, changes: 'x' });
      expect((await reader.detail(copy)).head?.root, format).toBe(root);
    }
  });

  it('that is a bundle is the same version elsewhere, and leaves as the same bytes', async () => {
    const root = await publish();
    const bundle = await owner.exportVersion(root, 'datanet', ignore);
    const reader = await browser('Cleo');
    const there = await take(reader, bundle);
    expect(await reader.detail(there)).toMatchObject({
      ...{ role: 'reader', rows: 3, changed: false, head: { root }, access: { readable: true } }
    });
    const { view } = await reader.view({ of: 'version', root }, { text: 'DAWN' }, ignore);
    expect((await reader.items(view, 0, 9)).map(({ content }) => content)).toEqual(
      ROWS.slice(0, 2).map(rowContent)
    );
    expect((await reader.detail(there)).contributors).toMatchObject([
      { id: 'Ada', rows: 2 },
      { id: 'Bo', rows: 1 }
    ]);
    const again = await reader.exportVersion(root, 'datanet', ignore);
    expect(Buffer.from(await again.arrayBuffer())).toEqual(Buffer.from(await bundle.arrayBuffer()));
    await expect(reader.addRow(there, { text: 'x' }, {})).rejects.toThrow(/belong to Ada/);
  });
});

describe('a permissioned version', () => {
  const dawn = { text: 'dawn' };

  it('shows nothing without a grant, everything the grant allows with it, and nothing after', async () => {
    const root = await publish(true);
    const bundle = await owner.exportVersion(root, 'datanet', ignore);
    expect(await bundle.text()).not.toContain('dawn');
    const reader = await browser('Cleo');
    const there = await take(reader, bundle);
    const version = { of: 'version', root } as const;
    expect((await reader.detail(there)).access).toMatchObject({ readable: false });
    await expect(reader.view(version, {}, ignore)).rejects.toThrow(/needs a grant/);
    for (const format of ['jsonl', 'parquet'] as const) {
      await expect(reader.exportVersion(root, format, ignore)).rejects.toThrow(/not allowed here/);
    }
    await expect(reader.proof(root, 0)).rejects.toThrow(/needs a grant/);
    // Whoever is shown that a row is in there is not shown the row.
    expect(JSON.parse(await (await owner.proof(root, 0)).text())).not.toHaveProperty('content');

    const request = await sign(reader, {
      ...{
        kind: 'access-request',
        id: there,
        root,
        uses: ['training', 'display'],
        purpose: 'care',
        words: ''
      }
    });
    await take(owner, request);
    const [{ cid }] = (await owner.exchange(id)).requests;
    const uses = ['training', 'display'] as const;
    const grant = await sign(owner, {
      ...{ kind: 'access-grant', request: cid, uses: [...uses], conditions: { purposes: ['care'] } }
    });
    await take(reader, grant);
    const { view, total } = await reader.view(version, dawn, ignore);
    expect(total).toBe(2);
    // Reading is not passing on.
    await expect(reader.exportVersion(root, 'jsonl', ignore)).rejects.toThrow(/not allowed here/);
    const sealed = unzipSync(
      new Uint8Array(await (await reader.exportVersion(root, 'croissant', ignore)).arrayBuffer())
    );
    expect(Object.keys(sealed).sort()).toEqual(['croissant.json', 'rows.sealed']);

    const [given] = (await owner.exchange(id)).grants;
    await take(reader, await sign(owner, { kind: 'revocation', grant: given.cid, reason: 'over' }));
    await expect(reader.items(view, 0, 1)).rejects.toThrow(/revoked/);
    await expect(reader.view(version, {}, ignore)).rejects.toThrow(/revoked/);
  });

  it('is in the open for its owner', async () => {
    const root = await publish(true);
    expect(await owner.view({ of: 'version', root }, dawn, ignore)).toMatchObject({ total: 2 });
    expect(await linesOf(await owner.exportVersion(root, 'jsonl', ignore))).toEqual(ROWS);
  });
});
