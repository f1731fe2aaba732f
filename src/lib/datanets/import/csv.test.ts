import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { CsvQuoteError, guessDelimiter, readCsv } from './csv';
import { NotUtf8Error } from './errors';

async function read(text: string | Uint8Array<ArrayBuffer>, delimiter = ',', name = 'a.csv') {
  const values: unknown[] = [];
  const problems: { where: string; reason: string }[] = [];
  const wheres: string[] = [];
  for await (const page of readCsv(name, new Blob([text]), { delimiter })) {
    values.push(...page.records.map(({ value }) => value));
    wheres.push(...page.records.map(({ where }) => where));
    problems.push(...page.problems.map(({ where, reason }) => ({ where, reason })));
  }
  return { values, problems, wheres };
}

describe('CSV', () => {
  it('keeps quotes, delimiters and line breaks inside cells, and counts lines as editors do', async () => {
    const text = '\uFEFFq,a\r\n"Say ""hi"", now","two\r\nlines"\r\n\r\nlast,Ärger\r\n';
    expect(await read(text)).toEqual({
      values: [
        { q: 'Say "hi", now', a: 'two\nlines' },
        { q: 'last', a: 'Ärger' }
      ],
      problems: [],
      wheres: ['line 2', 'line 5']
    });
  });

  it('lists ragged records with their lines and keeps the rest', async () => {
    const { values, problems } = await read('q,a\n1\n1,2\n1,2,3\n"x\ny",2\n5,6,7\n');
    expect(values).toEqual([
      { q: '1', a: '2' },
      { q: 'x\ny', a: '2' }
    ]);
    expect(problems).toEqual([
      { where: 'line 2', reason: '1 cell where there are 2 columns' },
      { where: 'line 4', reason: '3 cells where there are 2 columns' },
      { where: 'line 7', reason: '3 cells where there are 2 columns' }
    ]);
  });

  it('loses one line to a quote that never closes, not the file', async () => {
    const { values, problems } = await read('q,a\n1,2\n3,"open\n5,6\n7,8');
    expect(values).toEqual([
      { q: '1', a: '2' },
      { q: '5', a: '6' },
      { q: '7', a: '8' }
    ]);
    expect(problems).toEqual([{ where: 'line 3', reason: 'a quote opens here and never closes' }]);
  });

  it('gives up a file whose quotes never close again and again', async () => {
    await expect(read(`q,a\n${'1,"x\n2,y"z\n'.repeat(30)}`)).rejects.toThrow(CsvQuoteError);
  });

  it('names columns that have none or share a name', async () => {
    const { values } = await read('a,,a\n1,2,3\n');
    expect(values).toEqual([{ a: '1', 'column 2': '2', 'a (2)': '3' }]);
    const proto = await read('__proto__,constructor\n1,2\n');
    expect(Object.entries(proto.values[0] as object)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2']
    ]);
  });

  it('finds the delimiter', async () => {
    expect(guessDelimiter('a.tsv', 'a,b\tc')).toBe('\t');
    expect(guessDelimiter('a.csv', 'a;b\n1,5;2\n3,5;4')).toBe(';');
    expect(guessDelimiter('a.csv', 'a\tb\n1\t2')).toBe('\t');
    expect(guessDelimiter('a.csv', 'only\none')).toBe(',');
    expect((await read('a\tb\n"x"\t\n', '\t')).values).toEqual([{ a: 'x', b: '' }]);
  });

  it('says that a file is not UTF-8', async () => {
    await expect(read(new Uint8Array([0x61, 0x2c, 0xe4, 0x0a]))).rejects.toThrow(NotUtf8Error);
    await expect(read(new Uint8Array([0xff, 0xfe, 0x61, 0]))).rejects.toThrow(
      /a\.csv is UTF-16\. Save it as UTF-8/
    );
  });

  it('reads what a CSV writer wrote, wherever the pieces of the file end', async () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('a,b', '"', '""', 'x\ny', ' ', '=1+1', "'")
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(',', ';', '\t'),
        fc.boolean(),
        async (rows, delimiter, isPadded) => {
          const clean = rows.map((row) => row.map((text) => text.toWellFormed().replace(/\r/g, '')));
          // A mebibyte in front puts the rows around the end of a piece.
          const padding = isPadded ? `"${'ä'.repeat(524_280)}"${delimiter}x\n` : '';
          const text = `q${delimiter}a\n${padding}${Papa.unparse(clean, { delimiter, newline: '\r\n', quotes: true })}`;
          const { values, problems } = await read(text, delimiter);
          expect(problems).toEqual([]);
          expect(values.slice(isPadded ? 1 : 0)).toEqual(clean.map(([q, a]) => ({ q, a })));
        }
      ),
      fuzz(60)
    );
  });
});
