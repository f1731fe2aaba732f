/** A Croissant description and its files become a Datanet, or nothing does. */
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NotCroissantError } from '../../datanets/bundle/read-croissant';
import { Store } from '../../datanets/store/store';
import { DescribedFileChangedError, NoDescriptionError } from './describing';
import { DatanetService } from './service';
import { FACTS } from './testing-people';

let store: Store;
let service: DatanetService;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = await Store.open();
  service = new DatanetService(Promise.resolve(store), undefined);
  await service.renamePerson('Ada');
});

afterEach(() => {
  store.close();
  vi.unstubAllGlobals();
});

const ignore = () => undefined;

/** A Datanet of this browser, as it leaves: the ZIP, and the description and the rows that are in it. */
async function exported(): Promise<{ zip: File; description: File; rows: File }> {
  const { id } = await service.create({ ...FACTS, summary: 'Bells and berths' });
  const text = ['one', 'two', 'three'].map((word) => JSON.stringify({ text: `Row ${word}.` })).join('\n');
  await service.importInto(id, { kind: 'text', text }, { to: 'rows' }, ignore);
  const { prepared, statement } = await service.prepare(
    { kind: 'version', id, permissioned: false, changes: 'first' },
    ignore
  );
  await service.sign(prepared);
  if (statement.kind !== 'version') throw new Error('unreachable');
  const { root } = statement.rows;
  const zip = await service.exportVersion(root, 'croissant', ignore);
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  const file = (name: string) => new File([Uint8Array.from(files[name])], name);
  return { zip, description: file('croissant.json'), rows: file('rows.jsonl') };
}

describe('a Croissant description', () => {
  it('with its files gives facts, rules and rows', async () => {
    const files = await exported();
    const { id, rows, missing } = await service.createFromCroissant([files.zip], ignore);
    expect({ rows, missing }).toEqual({ rows: 3, missing: [] });
    const detail = await service.detail(id);
    expect(detail.facts).toMatchObject({
      name: 'Pelhaven',
      summary: 'Bells and berths',
      licence: FACTS.licence
    });
    expect(detail.role).toBe('owner');
    expect(detail.rows).toBe(3);
    expect(detail.policy).toEqual((await service.detail((await service.list())[1].id)).policy);
  });

  it('in a ZIP of which a byte is another is refused, also in the description itself', async () => {
    const { zip } = await exported();
    const bytes = new Uint8Array(await zip.arrayBuffer());
    const at = Buffer.from(bytes).indexOf('Bells and berths');
    const damaged = new File([bytes.with(at, 'T'.charCodeAt(0))], 'Pelhaven.zip');
    const before = await service.list();
    await expect(service.createFromCroissant([damaged], ignore)).rejects.toThrow(/checksum does not fit/);
    expect(await service.list()).toHaveLength(before.length);
  });

  it('is found among loose files, whatever these are called', async () => {
    const { description, rows } = await exported();
    const renamed = new File([rows], 'download (3).jsonl');
    const made = await service.createFromCroissant([renamed, description], ignore);
    expect(made).toMatchObject({ rows: 3, missing: [] });
  });

  it('without its files says which are missing', async () => {
    const { description } = await exported();
    const { rows, missing } = await service.createFromCroissant([description], ignore);
    expect(rows).toBe(0);
    expect(missing).toHaveLength(1);
  });

  it('whose file is another by its digest is refused, and nothing is made', async () => {
    const { description, rows } = await exported();
    const changed = new File([rows, '{"text":"One more."}\n'], rows.name);
    const before = (await service.list()).length;
    await expect(service.createFromCroissant([description, changed], ignore)).rejects.toThrow(
      DescribedFileChangedError
    );
    expect(await service.list()).toHaveLength(before);
  });

  it('that is none is refused by what it is', async () => {
    const other = new File(['{"@type":"Person"}'], 'person.json');
    await expect(service.createFromCroissant([other], ignore)).rejects.toThrow(NotCroissantError);
    const text = new File(['no JSON'], 'notes.txt');
    await expect(service.createFromCroissant([text, other], ignore)).rejects.toThrow(NoDescriptionError);
  });
});
