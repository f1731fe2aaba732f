import { describe, expect, it } from 'vitest';
import { fakeClient } from '$lib/components/testing';
import type { ImportInspection, ImportMapping } from '$lib/datanets/import/import';
import { TabtuneError } from '$lib/errors';
import type { DatanetWorker } from '$lib/workers/datanets/protocol';
import { DatanetPage } from '../page.svelte';
import { encodingWanted, Importing } from './importing.svelte';
import { MappingForm } from './mapping-form.svelte';
import { StoppedError } from '$lib/errors';

const table = (name: string, columns: string[]): ImportInspection => ({
  shape: 'table',
  name,
  format: 'CSV',
  columns: columns.map((column) => ({ name: column, kind: 'text', example: 'x' })),
  sample: [],
  mapping: { to: 'chat', user: columns[0], assistant: columns[1] }
});

const document = (name: string): ImportInspection => ({
  shape: 'document',
  name,
  format: 'PDF',
  characters: 5000,
  sample: 'It begins',
  mapping: { to: 'chunks', size: 1000, overlap: 100, source: name }
});

const file = (name: string) => ({ kind: 'file' as const, file: new File(['x'], name) });

/** A page whose worker knows the files by their names. */
function importingWith(
  shapes: Record<string, ImportInspection>,
  importInto: DatanetWorker['importInto'],
  previewImport: DatanetWorker['previewImport'] = async () => ({ rows: [], problems: [] })
): { page: DatanetPage; importing: Importing } {
  const client = fakeClient<DatanetWorker>({
    inspectImport: async (input) => {
      const shape = input.kind === 'file' ? shapes[input.file.name] : undefined;
      if (!shape) throw new Error('not a file that can be read');
      return shape;
    },
    importInto,
    previewImport
  });
  const page = new DatanetPage(client, 'a');
  // What is tested here is the import; the page's own reading has no part in it.
  page.reload = async () => undefined;
  return { page, importing: new Importing(page) };
}

describe('how a file is read', () => {
  const notUtf8 = (likely?: string) => {
    const error = new TabtuneError('not UTF-8', { details: { file: 'x', ...(likely ? { likely } : {}) } });
    error.name = 'NotUtf8Error';
    return error;
  };

  /** Two files: one that needs an encoding, and a table whose columns depend on what separates its cells. */
  function importingTwo() {
    const client = fakeClient<DatanetWorker>({
      inspectImport: async (input) => {
        if (input.kind !== 'file') throw new Error('unreachable');
        const { file: given, reading } = input;
        if (given.name === 'old.csv' && !reading?.encoding) throw notUtf8('shift_jis');
        const delimiter = reading?.delimiter ?? ',';
        return { ...table(given.name, delimiter === ';' ? ['q', 'a'] : ['q;a']), reading: { delimiter } };
      },
      previewImport: async () => ({ rows: [], problems: [] })
    });
    return new Importing(new DatanetPage(client, 'a'));
  }

  it('can be chosen anew, and what is decided begins again with its new columns', async () => {
    const importing = importingTwo();
    await importing.bring([file('new.csv')]);
    expect(importing.form!.user).toBe('q;a');
    const { id } = importing.current!;
    await importing.readAs(id, { delimiter: ';' });
    expect(importing.form!.user).toBe('q');
    // What was chosen before stays chosen.
    await importing.readAs(id, { encoding: 'big5' });
    expect(importing.current!.input).toMatchObject({ reading: { delimiter: ';', encoding: 'big5' } });
    expect(importing.inspecting).toBeUndefined();
  });

  it('has to be chosen where a file is not UTF-8; what waits is then decided in its turn', async () => {
    const importing = importingTwo();
    await importing.bring([file('old.csv'), file('new.csv')]);
    expect(importing.current?.name).toBe('new.csv');
    const [failed] = importing.done;
    expect(encodingWanted(failed.error)).toBe('shift_jis');
    await importing.readAs(failed.id, { encoding: 'shift_jis' });
    expect(importing.done).toEqual([]);
    expect(importing.current?.name).toBe('old.csv');
    expect(importing.group.map(({ name }) => name)).toEqual(['old.csv', 'new.csv']);
    expect(importing.form!.user).toBe('q;a');
  });

  it('is a question for no other error', () => {
    expect(encodingWanted(notUtf8())).toBe('');
    expect(encodingWanted(new TabtuneError('damaged'))).toBeUndefined();
    expect(encodingWanted(new Error('x'))).toBeUndefined();
  });
});

describe('bringing rows', () => {
  it('decides once about all files that look the same, and imports them one after another', async () => {
    const imported: [string, ImportMapping][] = [];
    const { importing } = importingWith(
      {
        'a.csv': table('a.csv', ['q', 'a']),
        'b.pdf': document('b.pdf'),
        'c.csv': table('c.csv', ['q', 'a']),
        'd.csv': table('d.csv', ['other', 'names'])
      },
      async (_, input, mapping) => {
        imported.push([input.kind === 'file' ? input.file.name : '', mapping]);
        return { rows: 3, problems: [], problemCount: 0 };
      }
    );
    await importing.bring([file('a.csv'), file('b.pdf'), file('c.csv'), file('d.csv')]);
    expect(importing.group.map((item) => item.name)).toEqual(['a.csv', 'c.csv']);
    importing.form!.system = 'q';
    importing.form!.columns.source = 'a';
    await importing.importGroup();
    expect(imported).toEqual(
      ['a.csv', 'c.csv'].map((name) => [
        name,
        { to: 'chat', system: 'q', user: 'q', assistant: 'a', columns: { source: 'a' } }
      ])
    );
    expect(importing.current?.name).toBe('b.pdf');
    expect(importing.form!.mapping()).toEqual({ to: 'chunks', size: 1000, overlap: 100, source: 'b.pdf' });
    importing.skip();
    expect(importing.current?.name).toBe('d.csv');
    expect(importing.done.map((item) => item.name)).toEqual(['c.csv', 'a.csv']);
  });

  it('says of each file why it could not be read, and goes on with the others', async () => {
    const { importing, page } = importingWith({ 'a.csv': table('a.csv', ['q', 'a']) }, async () => {
      throw new Error('line 3 is broken');
    });
    await importing.bring([file('broken.bin'), file('a.csv')]);
    expect(importing.done[0]).toMatchObject({
      name: 'broken.bin',
      error: { message: expect.stringContaining('can be read') }
    });
    await importing.importGroup();
    expect(importing.done[0]).toMatchObject({ name: 'a.csv', error: { message: 'line 3 is broken' } });
    expect(page.busy).toBe(false);
    expect(importing.current).toBeUndefined();
  });

  it('that is cancelled leaves the files waiting', async () => {
    let calls = 0;
    const { importing } = importingWith(
      { 'a.csv': table('a.csv', ['q', 'a']), 'b.csv': table('b.csv', ['q', 'a']) },
      async () => {
        calls += 1;
        throw new StoppedError();
      }
    );
    await importing.bring([file('a.csv'), file('b.csv')]);
    await importing.importGroup();
    expect(calls).toBe(1);
    expect(importing.done).toEqual([]);
    expect(importing.current?.name).toBe('a.csv');
  });

  it('shows the preview of the newest decision', async () => {
    const { importing } = importingWith(
      { 'a.csv': table('a.csv', ['q', 'a']) },
      async () => ({ rows: 0, problems: [], problemCount: 0 }),
      async (_, mapping) => ({ rows: [{ text: JSON.stringify(mapping) }], problems: [] })
    );
    await importing.bring([file('a.csv')]);
    const older = importing.look();
    importing.form!.to = 'text';
    const newer = importing.look();
    await Promise.all([older, newer]);
    expect(importing.preview?.rows).toEqual([{ text: '{"to":"text","column":"q"}' }]);
  });
});

describe('how a file becomes rows', () => {
  it('is what was guessed, until a person says otherwise', () => {
    for (const mapping of [
      { to: 'rows' },
      { to: 'text', column: 'b', columns: { source: 'a' }, tags: ['x'] },
      { to: 'messages', column: 'b', licence: 'CC0-1.0' },
      { to: 'chat', system: 'a', user: 'b', context: 'a', assistant: 'c', contributor: 'Ines' },
      { to: 'chunks', size: 900, overlap: 0, source: 'log' }
    ] satisfies ImportMapping[]) {
      const form = new MappingForm({ ...table('a.csv', ['a', 'b', 'c']), mapping } as ImportInspection);
      expect(form.mapping()).toEqual(mapping);
      expect(form.problem).toBeUndefined();
    }
  });

  it('is refused where it makes no sense, in words', () => {
    const form = new MappingForm(table('a.csv', ['q', 'a']));
    expect(form.problem).toBeUndefined();
    form.assistant = 'q';
    expect(form.problem).toContain('same column');
    form.to = 'chunks';
    form.size = '100';
    form.overlap = '100';
    expect(form.problem).toContain('smaller than a part');
    form.overlap = '-1';
    expect(form.problem).toContain('0 for none');
    form.size = 'ten';
    expect(form.problem).toContain('at least 50');
  });
});
