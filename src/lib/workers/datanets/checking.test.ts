import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StaleFindingError } from '../../datanets/checks/mask';
import type { DatanetFacts } from '../../datanets/datanet';
import { SplitSharesError } from '../../datanets/split/split';
import { BlockPacker } from '../../datanets/store/blocks';
import { RowTable } from '../../datanets/store/row-table';
import { Store } from '../../datanets/store/store';
import { createIdentity } from '../../datanets/trust/identity';
import type { Contribution, Person } from '../../datanets/trust/statements';
import { Checking } from './checking';
import { Drafts } from './drafts';
import type { DatanetEvent, RowsRef } from './protocol';
import { RowsAccess } from './service-rows';
import { Splitting } from './splitting';

const FACTS: DatanetFacts = {
  name: 'Pelhaven',
  summary: '',
  description: '',
  tags: [],
  licence: { spdx: 'CC-BY-4.0' },
  language: 'en',
  purpose: '',
  contact: ''
};

let store: Store;
let rows: RowsAccess;
let drafts: Drafts;
let checking: Checking;
let me: Person;
let id: string;
let draft: RowsRef;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = await Store.open();
  rows = new RowsAccess(store);
  drafts = new Drafts(store, rows);
  checking = new Checking(store, rows, drafts);
  me = (await createIdentity('Ada')).person;
  ({ id } = await drafts.create(FACTS, me));
  draft = { of: 'draft', id };
});

afterEach(() => {
  store.close();
  vi.unstubAllGlobals();
});

const ignore = () => undefined;
const signal = new AbortController().signal;
const add = (text: string) => drafts.addRow(id, { text }, {}, me);
const findings = async () => (await store.tables.report({ of: 'draft', name: id }))?.findings ?? [];

async function texts(): Promise<string[]> {
  const list: string[] = [];
  for await (const { content } of rows.stream(await rows.open(draft)))
    list.push('text' in content ? content.text : '');
  return list;
}

/** A signed contribution, as far as checks look at it. */
async function contribution(spdx: string): Promise<string> {
  const statement = { kind: 'contribution', datanet: id, licence: { spdx } } as Contribution;
  const signature = { algorithm: 'ES256', key: me.id, value: '' } as const;
  const record = { cid: 'bafycontribution', datanet: id, kind: 'contribution', received: 1 } as const;
  await store.statements.add({ ...record, signed: { statement, signature } });
  return record.cid;
}

describe('checks of a draft', () => {
  it('are kept with the rows, and say how far they are', async () => {
    expect(await checking.report(draft)).toBeUndefined();
    await add('Write to ada@example.org');
    const same = await add('Write to ada@example.org');
    const events: DatanetEvent[] = [];
    const report = await checking.check(draft, {}, signal, (event) => events.push(event));
    expect(report.rows).toBe(2);
    expect(await checking.report(draft)).toEqual(report);
    expect((await findings()).map(({ check, row }) => [check, row])).toEqual([
      ['personal-data', 0],
      ['personal-data', same],
      ['exact-duplicate', same]
    ]);
    expect(events.at(-1)).toEqual({ phase: 'checking', done: 2, total: 2 });
  });

  it('leave the report before where they are stopped', async () => {
    await add('one');
    const before = await checking.check(draft, {}, signal, ignore);
    await add('two');
    const reason = new Error('enough');
    await expect(checking.check(draft, {}, AbortSignal.abort(reason), ignore)).rejects.toBe(reason);
    expect(await checking.report(draft)).toEqual(before);
  });
});

describe('checks of a proposal', () => {
  it('compare it with the draft it is meant for, without what of it is there, under its own licence', async () => {
    const shared = 'The mill stands by the river and was built of grey stone by two brothers.';
    const cid = await contribution('CC-BY-NC-4.0');
    await add(shared);
    const packer = new BlockPacker(id);
    const table = new RowTable();
    for (const text of [shared, `${shared} Look!`, 'Something that nobody said before.']) {
      table.append(packer.add({ text }), { contributor: 'did:key:zBo', tags: [], drafted: false });
    }
    const ref = { of: 'proposal', name: cid } as const;
    await store.datanets.commit(id, 'a proposal', { tables: [{ ref, table }], blocks: packer.takeAll() });
    // Approved before: it is its own row, not another's.
    await drafts.edit(id, 'a row', ({ table, packer }) => {
      const content = { text: 'Something that nobody said before.' };
      table.append(packer.add(content), {
        contributor: 'did:key:zBo',
        tags: [],
        drafted: false,
        contribution: cid
      });
    });
    await checking.check({ of: 'proposal', contribution: cid }, {}, signal, ignore);
    const found = (await store.tables.report(ref))?.findings ?? [];
    expect(found.map(({ row, check, other }) => [row, check, other?.row, other?.of])).toEqual([
      [0, 'licence', undefined, undefined],
      [0, 'exact-duplicate', 0, 'datanet'],
      [1, 'licence', undefined, undefined],
      [1, 'near-duplicate', 0, 'datanet'],
      [2, 'licence', undefined, undefined]
    ]);
  });
});

describe('masks in a draft', () => {
  it('change the rows that findings are in, whose findings then go', async () => {
    await add('Write to ada@example.org or call +1 212-555-0147');
    await add('Nothing here.');
    await add('bo@example.org');
    await checking.check(draft, {}, signal, ignore);
    expect(await checking.mask(id, await findings())).toBe(2);
    expect(await texts()).toEqual(['Write to [e-mail] or call [phone]', 'Nothing here.', '[e-mail]']);
    expect(await findings()).toEqual([]);
  });

  it('change nothing at all where one row is another than was checked', async () => {
    await add('bo@example.org');
    const key = await add('Write to ada@example.org');
    await checking.check(draft, {}, signal, ignore);
    const found = await findings();
    await drafts.changeRow(id, key, { content: { text: 'Do not write to ada@example.org' } });
    await expect(checking.mask(id, found)).rejects.toThrow(StaleFindingError);
    expect(await texts()).toEqual(['bo@example.org', 'Do not write to ada@example.org']);
    await drafts.removeRows(id, [key]);
    expect(await checking.mask(id, found)).toBe(1);
    expect(await texts()).toEqual(['[e-mail]']);
  });
});

describe('splits of a draft', () => {
  it('give every row a side, the same words the same one', async () => {
    for (let i = 0; i < 20; i += 1) {
      await add(`Question number ${'abcdefghijklmnopqrst'[i].repeat(4)} has this answer`);
    }
    await add('Question number aaaa has this answer!');
    const splitting = new Splitting(rows, drafts);
    const counts = await splitting.splitRows(
      id,
      { train: 0.8, validation: 0.1, test: 0.1 },
      3,
      signal,
      ignore
    );
    expect(counts.train + counts.validation + counts.test).toBe(21);
    expect(counts.validation).toBeGreaterThan(0);
    expect(counts.test).toBeGreaterThan(0);
    const { table } = await rows.open(draft);
    expect(table.splits()).toEqual(counts);
    expect(table.at(20).split).toBe(table.at(0).split);
  });

  it('are refused before any work where shares are none', async () => {
    const splitting = new Splitting(rows, drafts);
    const none = { train: 0, validation: 0, test: 0 };
    await expect(splitting.splitRows(id, none, 3, signal, ignore)).rejects.toThrow(SplitSharesError);
  });
});
