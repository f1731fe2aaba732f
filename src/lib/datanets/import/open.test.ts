import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { TabtuneError } from '../../errors';
import { inspectImport } from './inspect';
import { openImport, previewImport } from './open';
import { fileOf, importAll } from './testing';

const PAIR = { question: 'Why?', answer: 'Because.' };
const lines = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n');

describe('rows of a file', () => {
  it('in a known shape come as they are, broken lines beside them', async () => {
    const input = fileOf(
      'a.jsonl',
      lines({ text: 'a', tags: ['x'] }, { prompt: 'b', completion: 'c' }),
      '\n{broken\n'
    );
    const inspection = await inspectImport(input);
    expect(inspection).toMatchObject({ shape: 'rows', format: 'JSONL', mapping: { to: 'rows' } });
    const { rows, problems } = await importAll(input, { ...inspection.mapping, source: 'here' });
    expect(rows).toMatchObject([
      { text: 'a', tags: ['x'], source: 'here' },
      { messages: [{ content: 'b' }, { content: 'c' }], source: 'here' }
    ]);
    expect(problems).toEqual([
      { where: 'line 3', reason: expect.stringMatching(/^not valid JSON/), excerpt: '{broken' }
    ]);
  });

  it('of a JSON array are counted as rows, of JSONL as lines', async () => {
    const input = fileOf('a.json', '[\n{"text":"a"},\n{"text":""}]');
    expect((await importAll(input, { to: 'rows' })).problems).toMatchObject([{ where: 'row 2' }]);
  });

  it('in any other shape are a table', async () => {
    for (const input of [
      fileOf('a.jsonl', lines(PAIR, { ...PAIR, extra: 1 })),
      fileOf('a', JSON.stringify([PAIR, { ...PAIR, extra: 1 }]))
    ]) {
      expect(await inspectImport(input)).toMatchObject({
        shape: 'table',
        columns: [
          { name: 'question', kind: 'text', example: 'Why?' },
          { name: 'answer' },
          { name: 'extra', kind: 'number' }
        ],
        sample: [{ question: 'Why?', extra: '' }, { extra: '1' }],
        mapping: { to: 'chat', user: 'question', assistant: 'answer' }
      });
    }
  });

  it('pasted is what it looks like', async () => {
    const shapeOf = async (text: string) => {
      const inspection = await inspectImport({ kind: 'text', text });
      return [inspection.shape, inspection.format];
    };
    expect(await shapeOf(lines({ text: 'a' }))).toEqual(['rows', 'JSONL']);
    expect(await shapeOf('question,answer\n"a, b",c\nd,e\n')).toEqual(['table', 'CSV']);
    expect(await shapeOf('question\tanswer\na\tc\nd\te')).toEqual(['table', 'TSV']);
    expect(await shapeOf('Dear Ann, I write,\nas I said, to you.')).toEqual(['document', 'text']);
    expect(await shapeOf('# Title\n\ntext')).toEqual(['document', 'Markdown']);
    expect(await shapeOf('<!DOCTYPE html><p>x')).toEqual(['document', 'HTML']);
  });

  it('cannot be mapped as what they are not', async () => {
    await expect(importAll(fileOf('a.csv', 'a,b\n1,2'), { to: 'text', column: 'c' })).rejects.toThrow(
      'a.csv has no column "c"'
    );
    await expect(importAll(fileOf('a.txt', 'words'), { to: 'rows' })).rejects.toThrow('a.txt is a document');
    await expect(
      importAll(fileOf('a.csv', 'a,b\n1,2'), { to: 'chunks', size: 100, overlap: 0 })
    ).rejects.toThrow('A table cannot be cut into chunks');
  });

  it('are previewed without reading on', async () => {
    const input = fileOf('a.csv', 'question,answer\n', 'a,b\nc\n'.repeat(100_000));
    const { rows, problems } = await previewImport(
      input,
      { to: 'chat', user: 'question', assistant: 'answer' },
      3
    );
    expect(rows).toHaveLength(3);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(200);
    const broken = fileOf('b.csv', 'question,answer\n', 'c\n'.repeat(100_000));
    expect((await previewImport(broken, { to: 'text', column: 'answer' }, 3)).problems).toHaveLength(200);
  });
});

describe('a long import', () => {
  const row = JSON.stringify({
    messages: [
      { role: 'user', content: 'x'.repeat(900) },
      { role: 'assistant', content: 'y' }
    ]
  });
  const input = fileOf('long.jsonl', `${row}\n`.repeat(30_000));
  const total = input.kind === 'file' ? input.file.size : 0;

  it('comes in small batches, tells how far it is, lets others work, and is never held whole', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    let rows = 0;
    let held = 0;
    const told: number[] = [];
    for await (const batch of openImport(input, { to: 'rows' }, { onProgress: (done) => told.push(done) })) {
      expect(batch.rows.length).toBeLessThanOrEqual(512);
      rows += batch.rows.length;
      held = Math.max(held, batch.rows.length);
      expect(batch.total).toBe(total);
    }
    clearInterval(timer);
    expect(rows).toBe(30_000);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(total);
    expect(told.length).toBeGreaterThan(100);
    expect(ticks).toBeGreaterThan(2);
  });

  it('ends at any batch, when stopped or left', async () => {
    const abort = new AbortController();
    let batches = 0;
    const reading = (async () => {
      for await (const batch of openImport(input, { to: 'rows' }, { signal: abort.signal })) {
        batches += Number(batch.rows.length > 0);
        if (batches === 3) abort.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    expect(batches).toBe(3);
    for await (const batch of openImport(input, { to: 'rows' })) {
      expect(batch.done).toBeLessThan(total);
      break;
    }
  });
});

describe('anything at all', () => {
  /** Rows, or an error of ours: never a crash. */
  async function survives(name: string, ...parts: BlobPart[]): Promise<void> {
    const input = fileOf(name, ...parts);
    try {
      const { mapping } = await inspectImport(input);
      const { rows } = await importAll(input, mapping);
      for (const row of rows) expect(JSON.stringify(row).isWellFormed()).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(TabtuneError);
    }
  }

  const limits = fuzz(150);
  const text = (tokens: readonly string[]) =>
    fc
      .array(fc.oneof(fc.constantFrom(...tokens), fc.string({ unit: 'binary', maxLength: 20 })), {
        maxLength: 60
      })
      .map((parts) => parts.join(''));

  it.each([
    ['a.csv', ['"', '""', ',', ';', '\t', '\n', '\r', '\r\n', ' ', 'a', '\0', '"a"b', '\uFEFF']],
    [
      'a.csv',
      [
        'messages|a\n',
        'sep=|\n',
        '|',
        '\n',
        "[{'role': 'user'",
        ", 'content': ",
        "'x'",
        '}]',
        'array(',
        '\x1b$B',
        '...'
      ]
    ],
    [
      'a.json',
      [
        '{"data":',
        '{"q":',
        '[',
        ']',
        '{"0":"a"',
        ',"1":"b"',
        '}',
        ',',
        '\n',
        '"x":[{"text":"a"}]',
        '{"messages":[]}'
      ]
    ],
    [
      'a.mht',
      [
        'MIME-Version: 1.0\n',
        'Content-Type: multipart/related; boundary=B\n',
        'Content-Type: text/html; charset=big5\n',
        'Content-Transfer-Encoding: base64\n',
        'Content-Transfer-Encoding: quoted-printable\n',
        '\n',
        '--B\n',
        '--B--',
        '=\n',
        '=C3',
        '<p>',
        'PHA+'
      ]
    ],
    [
      'a.jsonl',
      [
        '{',
        '}',
        '[',
        ']',
        '"',
        ':',
        ',',
        '\n',
        '{"text":"a"}\n',
        '{"messages":[{"role":"user"',
        '\\ud800',
        '__proto__',
        'null'
      ]
    ],
    [
      'a.html',
      [
        '<',
        '>',
        '</',
        '<p>',
        '<li>',
        '</div>',
        '<table><tr><td>',
        '<script>',
        '<!--',
        ']]>',
        '&#0;',
        '&amp',
        '<![CDATA[',
        '<nav>',
        '</nav>',
        '<main>',
        '<button>',
        '<div hidden>',
        '<math><mfrac>',
        '</math>',
        '<meta charset=iso-2022-jp>',
        '<?xml version="1.0"?>',
        '<nav/>',
        '="'
      ]
    ],
    ['a.md', ['#', '# ', '\n', '```', '---', '~~~', '===', '- ', '\t', '> ', '\r']],
    ['a', ['"', ',', '\n', '{', '<html', '# ', '%PDF', 'PAR1', 'PK', 'Q: ']]
  ])(
    'as %s gives rows or an error of ours',
    async (name, tokens) => {
      await fc.assert(
        fc.asyncProperty(text(tokens), (content) => survives(name, content)),
        limits
      );
    },
    60_000
  );

  it.each([
    [
      'PDF',
      '%PDF-1.7\n',
      [
        '1 0 obj\n',
        'endobj\n',
        '<</Type/Catalog/Pages 1 0 R>>',
        '<</Type/Pages/Kids[1 0 R 1 0 R]/Count 2147483647>>',
        'xref\n0 9\n',
        'trailer<</Root 1 0 R/Prev 9>>',
        'startxref\n9\n%%EOF',
        'stream\n',
        'endstream\n',
        '/Length 99999999999'
      ]
    ],
    [
      'ZIP',
      'PK\x03\x04',
      ['PK\x01\x02', 'PK\x05\x06', '\xff\xff\xff\xff', '\0\0\0\0', 'word/document.xml', '[Content_Types].xml']
    ]
  ])(
    'that begins as %s gives rows or an error of ours',
    async (_kind, magic, tokens) => {
      const bytes = (content: string) =>
        Uint8Array.from(content, (character) => character.charCodeAt(0) & 255);
      await fc.assert(
        fc.asyncProperty(text(tokens), (content) => survives('a', bytes(magic + content))),
        limits
      );
    },
    60_000
  );
});
