/* eslint-disable no-console -- pdf.js says what it dropped in its log alone */
/** Pages of PDFs that lie, run or are written otherwise than most; made here, object by object. */
import { describe, expect, it, vi } from 'vitest';
import { lossesIn, hearWarnings } from './pdf-warnings';
import { fileOf, importAll } from './testing';

// Libraries are loaded in the first test that needs one, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** A file of one page. */
function pdfOf(content: string, fonts: Record<string, string>): string {
  const names = Object.keys(fonts);
  const resources = names.map((name, i) => `/${name} ${5 + i} 0 R`).join(' ');
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    `<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<<${resources}>>>>>>`,
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
    ...names.map((name) => fonts[name])
  ];
  const body = objects.map((object, i) => `${i + 1} 0 obj\n${object}\nendobj`).join('\n');
  return `%PDF-1.4\n${body}\ntrailer<</Root 1 0 R/Size ${objects.length + 1}>>\n%%EOF`;
}

const latin = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>';
/** A font that is not in the file, of a collection of characters that Adobe numbered. */
const asian = (encoding: string, ordering = 'Japan1') =>
  `<</Type/Font/Subtype/Type0/BaseFont/Some/Encoding/${encoding}/DescendantFonts[<</Type/Font/Subtype/CIDFontType0/BaseFont/Some` +
  `/CIDSystemInfo<</Registry(Adobe)/Ordering(${ordering})/Supplement 2>>/FontDescriptor<</Type/FontDescriptor/FontName/Some/Flags 4>>>>]>>`;
const utf16 = (text: string) =>
  `<${[...text].map((letter) => letter.charCodeAt(0).toString(16).padStart(4, '0')).join('')}>`;
const at = (x: number, y: number, font: string, text: string) =>
  `BT /${font} 12 Tf ${x} ${y} Td ${text} Tj ET `;

async function read(content: string, fonts: Record<string, string>) {
  const { rows, problems } = await importAll(fileOf('a.pdf', pdfOf(content, fonts)), {
    to: 'chunks',
    size: 2000,
    overlap: 0
  });
  const text = rows.map((row) => ('text' in row ? row.text : '')).join('\n\n');
  return { text, problems: problems.map(({ where, reason }) => `${where}: ${reason}`) };
}

describe('a page of a PDF', () => {
  it('in vertical lines is read from the right, its signs as they are in other lines', async () => {
    const columns = ['港の潮は一日に', '二回満ちて、', '二回引きます。'];
    const content = columns.map((text, i) => at(500 - 20 * i, 700, 'F1', utf16(text))).join('');
    expect(await read(content, { F1: asian('UniJIS-UTF16-V') })).toEqual({
      text: columns.join(''),
      problems: []
    });
  });

  it('keeps what runs up its margin apart from its text', async () => {
    const content =
      at(50, 700, 'F1', '(The first paragraph of it.)') +
      at(50, 600, 'F1', '(The second one goes on)') +
      'BT /F1 9 Tf 0 1 -1 0 20 300 Tm (a stamp up the margin) Tj ET';
    expect(await read(content, { F1: latin })).toEqual({
      text: 'The first paragraph of it.\n\na stamp up the margin\n\nThe second one goes on',
      problems: []
    });
  });

  // Such files have their letters as they stand on the page: what is read last comes first.
  it('from the right keeps stretches of other letters in their order', async () => {
    const mirrored = (text: string) => utf16([...text].reverse().join(''));
    const content =
      at(415, 700, 'F1', mirrored('הגאות')) +
      at(350, 700, 'F2', '(Dutch)') +
      at(385, 700, 'F2', '(sea)') +
      at(280, 700, 'F1', mirrored('בבוקר')) +
      at(230, 700, 'F1', mirrored('באה'));
    const { text } = await read(content, { F1: asian('UniJIS-UTF16-H'), F2: latin });
    expect(text).toBe('הגאות Dutch sea בבוקר באה');
  });

  it.each([
    ['a map that is nowhere', asian('My-Own-H'), utf16('港の潮'), 'Unknown CMap name: My-Own-H'],
    [
      'a broken font',
      '<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H>>',
      '<0041>',
      'Descendant fonts'
    ]
  ])('says what it lost to %s, and keeps the rest', async (_, font, lost, why) => {
    const content = at(50, 700, 'F2', '(A paragraph in Latin.)') + at(50, 600, 'F1', lost);
    const { text, problems } = await read(content, { F1: font, F2: latin });
    expect(text).toBe('A paragraph in Latin.');
    expect(problems).toEqual([
      expect.stringMatching(/^page 1: text in a font that cannot be read .* is left out$/)
    ]);
    expect(problems[0]).toContain(why);
  });

  it('is no rubbish where a font does not say which letters its glyphs are', async () => {
    const content =
      at(50, 700, 'F2', '(A paragraph in Latin.)') + at(50, 600, 'F1', '<00240025000300260027000300280029>');
    expect(await read(content, { F1: asian('Identity-H', 'Identity'), F2: latin })).toEqual({
      text: 'A paragraph in Latin.',
      problems: ['page 1: 8 characters are left out: their font does not say which letters they are']
    });
  });

  it('with nothing but such text is not taken for a scan', async () => {
    const content = at(50, 700, 'F1', utf16('港の潮'));
    await expect(read(content, { F1: asian('My-Own-H') })).rejects.toMatchObject({
      name: 'PdfError',
      message: expect.stringContaining('On page 1: text in a font that cannot be read') as unknown
    });
  });
});

describe('what pdf.js warns of', () => {
  it('is heard, and what others log passes through', async () => {
    const logged = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      const { value, warnings } = await hearWarnings(async () => {
        console.warn('Warning: one');
        const inner = await hearWarnings(async () => console.warn('Warning: two'));
        console.warn('of another', 3);
        return inner.warnings;
      });
      expect({ value, warnings }).toEqual({ value: ['two'], warnings: ['one'] });
      console.warn('Warning: later');
      expect(logged.mock.calls).toEqual([['of another', 3], ['Warning: later']]);
    } finally {
      logged.mockRestore();
    }
  });

  it('is a loss where text is dropped', () => {
    expect(
      lossesIn([
        'getTextContent - ignoring errors during "GetTextContent: page 0" task: "FormatError: bad operator".',
        'Font "F9" is not available.',
        'Font "F9" is not available -- attempting to fallback to a default font.',
        'Indexing all PDF objects'
      ])
    ).toEqual(['text behind a fault (bad operator)', 'text in a font that is not in the file']);
  });
});
