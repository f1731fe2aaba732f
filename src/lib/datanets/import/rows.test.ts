/** What trains without a dialog, in the workshop and on the command line, is what an import reads, or it is refused. */
import { describe, expect, it, vi } from 'vitest';
import { requireRows } from '../parse';
import { isChatRow } from '../row';
import { readTrainingRows } from './rows';
import { golden } from './testing';

// Libraries are loaded in the first test that needs one, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const read = (name: string) => readTrainingRows(name, golden(name));
const readText = (name: string, text: string) => readTrainingRows(name, new Blob([text]));

describe('rows to train on', () => {
  it.each([
    ['pairs.csv', 'CSV', 3, 0],
    // A quote that never closes costs its line, and is said.
    ['pairs.tsv', 'TSV', 2, 1],
    ['utf-16.csv', 'CSV', 2, 0],
    ['semicolon.csv', 'CSV', 3, 0],
    ['python-messages.csv', 'CSV', 2, 0],
    ['pairs-none.parquet', 'Parquet', 45, 5],
    ['wrapped.json', 'alpaca', 2, 0],
    ['columns.json', 'JSON', 2, 0]
  ])('%s is a table, not a text', async (name, format, rows, problems) => {
    const parsed = await read(name);
    expect(parsed.format).toBe(format);
    expect(parsed.rows.length).toBe(rows);
    expect(parsed.problemCount).toBe(problems);
    expect(parsed.rows.every(isChatRow)).toBe(true);
  });

  it.each(['handbook.docx', 'two-columns.pdf', 'unclosed-nav.html', 'page.mht'])(
    '%s is a document in parts',
    async (name) => {
      const { rows } = await read(name);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.some((row) => 'text' in row && /%PDF|PK|<p>/.test(row.text))).toBe(false);
    }
  );

  it('cells pasted from a spreadsheet are a table', async () => {
    const { rows } = await readText(
      'Pasted rows',
      'Question\tAnswer\r\nName a knot.\tBowline, of course.\r\n'
    );
    expect(rows).toEqual([
      {
        messages: [
          { role: 'user', content: 'Name a knot.' },
          { role: 'assistant', content: 'Bowline, of course.' }
        ]
      }
    ]);
  });

  it('are refused where a person would have to choose the columns', async () => {
    const refusal = {
      name: 'UnclearColumnsError',
      message: expect.stringContaining('"Name a knot."') as unknown
    };
    await expect(read('no-names.csv')).rejects.toMatchObject(refusal);
    const pasted = readText('Pasted rows', 'Name a knot.\tBowline.\nName a wind.\tMistral.\n');
    await expect(pasted).rejects.toMatchObject(refusal);
  });

  it('of one column need no name', async () => {
    expect((await readText('a.csv', 'verse\n"One, two"\nThree\n')).rows).toEqual([
      { text: 'One, two' },
      { text: 'Three' }
    ]);
  });

  it('of a text stay its paragraphs, and of JSONL what each line is', async () => {
    expect((await readText('a.txt', 'One\nline.\n\nTwo.')).rows).toEqual([
      { text: 'One\nline.' },
      { text: 'Two.' }
    ]);
    const mixed = await readText('a.jsonl', '{"text":"x"}\n{"instruction":"a","output":"b"}\nbroken\n');
    expect(mixed.formats).toEqual({ text: 1, alpaca: 1 });
    expect(mixed.problems.map(({ line, where }) => [line, where])).toEqual([[3, undefined]]);
  });

  it('of JSON objects under names that tell are mapped, too', async () => {
    const { rows } = await readText('a.jsonl', '{"question":"a","answer":"b","split":"train"}\n');
    expect(rows).toEqual([
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' }
        ]
      }
    ]);
  });

  it.each([
    ['a.xlsx', 'PK\x03\x04', 'xl/workbook.xml', 'an Excel workbook. Save each sheet as CSV UTF-8'],
    ['a.epub', 'PK\x03\x04', 'mimetypeapplication/epub+zip', 'an EPUB book'],
    ['a.odt', 'PK\x03\x04', 'mimetypeapplication/vnd.oasis.opendocument.text', 'Save it as .docx'],
    ['a.ods', 'PK\x03\x04', 'mimetypeapplication/vnd.oasis.opendocument.spreadsheet', 'as CSV'],
    ['a.csv.gz', '\x1f\x8b', '', 'compressed with gzip. Unpack it first'],
    ['a.arrow', 'ARROW1\0\0', '', 'an Arrow file'],
    ['a.sqlite', 'SQLite format 3\0', '', 'a SQLite database']
  ])('%s is refused in words that help', async (name, magic, inside, words) => {
    const head = `${magic}${magic.startsWith('PK') ? '\0'.repeat(26) : ''}${inside}`;
    const bytes = Uint8Array.from([...head, ...'\0\0rest'].map((letter) => letter.charCodeAt(0)));
    await expect(readTrainingRows(name, new Blob([bytes]))).rejects.toThrow(words);
  });

  it('that are UTF-16 without saying so are no text of zeros', async () => {
    const bytes = Uint8Array.from(
      [...'plain words\n\nof ASCII\n'].flatMap((letter) => [letter.charCodeAt(0), 0])
    );
    await expect(readTrainingRows('a.txt', new Blob([bytes]))).rejects.toMatchObject({
      name: 'NotUtf8Error',
      details: { likely: 'utf-16le' }
    });
  });

  it('name the place of what is no line', async () => {
    const parsed = await readText('a.json', '[{"question":"a"},{"question":"b","answer":"c"}]');
    expect(parsed.problems).toMatchObject([{ line: 1, where: 'row 1', reason: 'answer: empty' }]);
    expect(requireRows(parsed)).toHaveLength(1);
  });
});
