import 'fake-indexeddb/auto';
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DatanetFacts } from '../../datanets/datanet';
import { Store } from '../../datanets/store/store';
import { StorageFullError } from '../../datanets/store/store-errors';
import type { DatanetEvent, RowQuery, RowsRef } from './protocol';
import { DatanetService } from './service';
import { together } from './service-together';

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
let service: DatanetService;
let id: string;
let draft: RowsRef;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = await Store.open();
  service = new DatanetService(Promise.resolve(store), undefined);
  ({ id } = await service.create(FACTS));
  draft = { of: 'draft', id };
});

afterEach(() => {
  store.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const ignore = () => undefined;

const lines = (count: number, more: (i: number) => object = () => ({})) =>
  ({
    kind: 'text',
    text: Array.from({ length: count }, (_, i) => JSON.stringify({ text: `row ${i}`, ...more(i) })).join('\n')
  }) as const;

const bring = (input: ReturnType<typeof lines>, onEvent: (event: DatanetEvent) => void = ignore) =>
  service.importInto(id, input, { to: 'rows' }, onEvent);

async function texts(query: RowQuery = {}, from = 0, count = 100): Promise<string[]> {
  const { view } = await service.view(draft, query, ignore);
  return (await service.items(view, from, count)).map(({ content }) =>
    'text' in content ? content.text : content.messages.map((message) => message.content).join(' / ')
  );
}

describe('a person', () => {
  it('is made once, and keeps the keys under another name', async () => {
    const person = await service.person();
    expect(person.id).toMatch(/^did:key:z/);
    expect(await service.renamePerson('Ada')).toEqual({ ...person, name: 'Ada' });
    const again = new DatanetService(Promise.resolve(store), undefined);
    expect(await again.person()).toEqual({ ...person, name: 'Ada' });
  });
});

describe('a draft', () => {
  it('takes rows one by one, changes them under the same key, and lets them go', async () => {
    const row = await service.addRow(id, { text: 'Tea?' }, { tags: ['hot', 'hot'], source: 'menu' });
    const chat = {
      messages: [
        { role: 'user', content: 'Cold?' },
        { role: 'assistant', content: 'Yes.' }
      ]
    };
    await service.addRow(id, chat, { drafted: true });
    expect(row).toMatchObject({ key: 0, tags: ['hot'], source: 'menu', status: 'new', length: 4 });
    expect(row.contributor).toBe((await service.person()).id);
    const changed = await service.changeRow(id, row.key, { content: { text: 'Coffee?' }, split: 'test' });
    expect(changed).toMatchObject({ key: 0, split: 'test', source: 'menu', content: { text: 'Coffee?' } });
    expect(changed.cid).not.toBe(row.cid);
    const cleared = await service.changeRow(id, row.key, { split: null, source: '' });
    expect(cleared.split).toBeUndefined();
    expect(cleared.source).toBeUndefined();
    expect(cleared.cid).toBe(changed.cid);
    expect(await texts()).toEqual(['Coffee?', 'Cold? / Yes.']);
    await service.removeRows(id, [0]);
    expect(await texts()).toEqual(['Cold? / Yes.']);
    const { contributors, rows, changed: differs } = await service.detail(id);
    expect({ rows, differs, count: contributors.map((contributor) => contributor.rows) }).toEqual({
      ...{ rows: 1, differs: true, count: [1] }
    });
  });

  it('tags many rows at once', async () => {
    await bring(lines(3, () => ({ tags: ['a'] })));
    await service.tagRows(id, [0, 2], ['b'], ['a']);
    expect(await texts({ tag: 'b' })).toEqual(['row 0', 'row 2']);
    expect(await texts({ tag: 'a' })).toEqual(['row 1']);
    expect((await service.detail(id)).tags).toEqual(['a', 'b']);
  });

  it('refuses what no version could hold, and half characters', async () => {
    await expect(service.addRow(id, { text: 'x' }, { tags: [''] })).rejects.toThrow(/cannot be kept/);
    await expect(service.addRow(id, { text: '\ud800' }, {})).rejects.toThrow(/lone surrogate/);
    expect((await service.detail(id)).rows).toBe(0);
  });

  it('keeps what two tabs write at the same time', async () => {
    const other = new DatanetService(Promise.resolve(store), undefined);
    await Promise.all([
      service.addRow(id, { text: 'from here' }, {}),
      other.addRow(id, { text: 'from there' }, {})
    ]);
    expect((await texts()).sort()).toEqual(['from here', 'from there']);
  });

  it('goes with all that is only here for it', async () => {
    await bring(lines(2));
    await service.remove(id);
    expect(await service.list()).toEqual([]);
    await expect(service.detail(id)).rejects.toThrow(/not in the browser any more/);
  });
});

describe('a view', () => {
  beforeEach(async () => {
    const source = (i: number) => ({ source: i === 2 ? 'https://Handbook.example' : 'web' });
    await bring(
      lines(12, (i) => ({ ...source(i), contributor: i % 2 ? 'Ada' : 'Bo', text: 'x'.repeat(12 - i) }))
    );
    await service.addRow(id, { text: 'A "quoted"\nÉTÉ' }, { drafted: true });
  });

  it('finds rows by words whatever their case, by source, and by who wrote them', async () => {
    expect(await texts({ text: '"QUOTED"\n' })).toEqual(['A "quoted"\nÉTÉ']);
    expect(await texts({ text: 'été' })).toEqual(['A "quoted"\nÉTÉ']);
    expect(await texts({ text: 'handbook' })).toEqual(['x'.repeat(10)]);
    expect(await texts({ text: 'ada' })).toHaveLength(6);
    // Names of JSON's own fields are not words of the row.
    expect(await texts({ text: 'text' })).toEqual([]);
    expect(await texts({ text: 'nowhere' })).toEqual([]);
  });

  it('filters and sorts', async () => {
    expect(await texts({ contributor: 'Ada', maxLength: 4, order: 'length' })).toEqual(['x', 'xxx']);
    expect(await texts({ status: 'drafted' })).toHaveLength(1);
    expect(await texts({ status: 'published' })).toEqual([]);
    expect(await texts({ status: 'new' })).toHaveLength(13);
    const { view, total } = await service.view(draft, { minLength: 11 }, ignore);
    expect([total, [...(await service.keys(view))]]).toEqual([3, [0, 1, 12]]);
  });

  it('lives beside its successor, and no longer', async () => {
    const views = [];
    for (let i = 0; i < 3; i += 1) views.push((await service.view(draft, {}, ignore)).view);
    await expect(service.items(views[0], 0, 1)).rejects.toThrow(/out of date/);
    expect(await service.items(views[1], 0, 1)).toHaveLength(1);
  });

  it('ends a search that it takes the place of', async () => {
    const older = service.view(draft, { text: 'x' }, ignore);
    const newer = service.view(draft, { text: 'quoted' }, ignore);
    await expect(older).rejects.toMatchObject({ name: 'StoppedError' });
    expect(await newer).toMatchObject({ total: 1 });
  });

  it('shows rows as they are now', async () => {
    const { view } = await service.view(draft, { order: 'length' }, ignore);
    await service.changeRow(id, 11, { content: { text: 'y' } });
    await service.removeRows(id, [10]);
    const [first, second] = await service.items(view, 0, 2);
    expect([first.content, second.content]).toEqual([{ text: 'y' }, { text: 'xx' }]);
  });
});

describe('an import', () => {
  it('says what became of every line', async () => {
    const events: DatanetEvent[] = [];
    const input = lines(700, (i) => (i === 3 ? { text: 7 } : {}));
    const report = await bring(input, (event) => events.push(event));
    expect(report).toMatchObject({ rows: 699, problemCount: 1, problems: [{ where: 'line 4' }] });
    expect(events.at(-1)).toMatchObject({ phase: 'reading', rows: 699, problems: 1 });
    expect(await texts({}, 698)).toEqual(['row 699']);
    expect(await store.blocks.imports()).toEqual([]);
  });

  it('leaves the draft as it was when it is cancelled', async () => {
    await bring(lines(2));
    const importing = bring(lines(2000), () => void service.cancel());
    await expect(importing).rejects.toMatchObject({ name: 'StoppedError' });
    expect(await texts()).toEqual(['row 0', 'row 1']);
    expect(await store.blocks.imports()).toEqual([]);
  });

  it('leaves the draft as it was when the disk is full, and says so', async () => {
    await bring(lines(2));
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
      if (this.name === 'tables') throw new DOMException('Full.', 'QuotaExceededError');
      return put.apply(this, args);
    });
    await expect(bring(lines(2000))).rejects.toThrow(StorageFullError);
    vi.restoreAllMocks();
    expect(await texts()).toEqual(['row 0', 'row 1']);
    expect(await store.blocks.imports()).toEqual([]);
    await bring(lines(1));
    expect(await texts()).toEqual(['row 0', 'row 1', 'row 0']);
  });

  it('takes what rows say of themselves, and leaves out the licence that all have', async () => {
    await bring(
      lines(2, (i) => ({ contributor: 'Ada', licence: i ? 'CC0-1.0' : 'CC-BY-4.0', split: 'test' }))
    );
    const { view } = await service.view(draft, {}, ignore);
    expect(await service.items(view, 0, 2)).toMatchObject([
      { contributor: 'Ada', licence: undefined, split: 'test' },
      { contributor: 'Ada', licence: 'CC0-1.0', split: 'test' }
    ]);
    expect((await service.detail(id)).contributors).toEqual([{ id: 'Ada', name: 'Ada', rows: 2 }]);
  });
});

describe('two services as one object', () => {
  it('run each method on its own', async () => {
    class Other {
      #secret = 7;
      async answer() {
        return this.#secret;
      }
    }
    const both = together(new Other(), service);
    expect(await both.answer()).toBe(7);
    expect(await both.list()).toHaveLength(1);
    expect('answer' in both && 'list' in both && !('nothing' in both)).toBe(true);
  });
});
