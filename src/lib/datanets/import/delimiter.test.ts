import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { DELIMITERS, fitDelimiter, statedDelimiter } from './delimiter';

const found = (text: string, isCut = false) => fitDelimiter(text, isCut).delimiter;

describe('the delimiter', () => {
  it.each([
    // More commas than semicolons, and not as many in each record as in the first.
    ['question;answer\nOne, two, three;four\nFive;six, seven\n', ';'],
    ['q|a\nx, y|z\n', '|'],
    ['q\ta\nx, y; z\tw\n', '\t'],
    ['q,a\nx;y,z;w\n', ','],
    // What stands in quotes counts for nothing, line breaks neither.
    ['q;a\n"x;y\nz";w\n"a ""b"";";c\n', ';'],
    // Some records are ragged: most decide.
    ['q,a,n\n1,2,3\n1,2\n1,2,3\n', ','],
    ['"q";"a"\r\n"1,2";"3"\r\n', ';'],
    // Where nothing is separated, a comma is as good as any.
    ['only\none, two\n', ','],
    ['', ','],
    // Of two that fit, the one with more columns.
    ['a;b;c,d\n1;2;3,4\n', ';']
  ])('of %j is %j', (text, delimiter) => {
    expect(found(text)).toBe(delimiter);
  });

  it('is what a first line states, which is no record', () => {
    expect(['sep=;', 'SEP=,\r\n', '"sep=|"', 'sep=\t\n'].map(statedDelimiter)).toEqual([';', ',', '|', '\t']);
    expect(['sep=;;', 'sep=', 'separator=;', 'sep=;x'].map(statedDelimiter)).toEqual(
      Array(4).fill(undefined)
    );
    expect(fitDelimiter('sep=;\r\nq,x;a\r\n1,2;3\r\n')).toMatchObject({
      delimiter: ';',
      columns: ['q,x', 'a']
    });
  });

  it('is not judged by a record that is cut off', () => {
    expect(fitDelimiter('q;a\n1;2\n3,', true)).toMatchObject({ records: 2, fitting: 2 });
  });

  it('is found in what a writer of CSV wrote, whatever the cells hold', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', ';', '\t', '|', '"', '\n', ' '), maxLength: 6 });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 })
      );
    fc.assert(
      fc.property(table, fc.constantFrom(...DELIMITERS), (rows, delimiter) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const names = rows[0].map((_, i) => `"name ${i}"`);
        const text = [names, ...rows.map((row) => row.map(quoted))]
          .map((row) => row.join(delimiter))
          .join('\r\n');
        expect(fitDelimiter(text)).toMatchObject({
          delimiter,
          records: rows.length + 1,
          fitting: rows.length + 1
        });
      }),
      fuzz(200)
    );
  });
});
