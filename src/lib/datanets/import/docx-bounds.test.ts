import { strToU8, zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectLinear, expectQuick, numbered, repeated } from '../../../../tests/support/cost';
import { TabtuneError } from '../../errors';
import { checkDocxXml, cutDocxXml, mainDocxPart } from './docx-bounds';
import type { ImportMapping } from './import';
import { fileOf, importAll } from './testing';

const CHUNKS: ImportMapping = { to: 'chunks', size: 500, overlap: 0 };
const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const wrap = (body: string) => `<?xml version="1.0"?><w:document ${W}><w:body>${body}</w:body></w:document>`;
const TYPE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument';
const relationships = (target: string) =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="${TYPE}" Target="${target}"/></Relationships>`;
const paragraph = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;

/** Imports a package with this document. */
async function read(document: string, more: Record<string, string> = {}) {
  const files = { '_rels/.rels': relationships('word/document.xml'), 'word/document.xml': document, ...more };
  const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, xml]) => [name, strToU8(xml)])));
  return importAll(fileOf('a.docx', zip as BlobPart), CHUNKS);
}

/** Imports it, or finds out that it is refused. */
async function readOrRefuse(document: string): Promise<string> {
  try {
    await read(document);
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(TabtuneError);
    return (error as Error).message;
  }
}

const fill = (piece: string) => (n: number) => wrap(repeated(piece, n));

/** Documents of about n characters. Each took the library, or would take it, the square of that. */
const SHAPES: Record<string, (n: number) => string> = {
  'XML behind the root': (n) => wrap('') + repeated('<a/>', n),
  'text behind the root': (n) => wrap('') + repeated('a', n),
  'comments behind the root': (n) => wrap('') + repeated('<!--a-->', n),
  'instructions before the root': (n) => repeated('<?a b?>', n) + wrap(''),
  attributes: (n) => wrap(`<w:p ${numbered((i) => `a${i}="" `, n)}/>`),
  namespaces: (n) => wrap(numbered((i) => `<w:r xmlns:a${i}="b">`, n)),
  'namespaces that are copied': (n) => wrap(numbered((i) => `<w:p xmlns:a${i % 150}="b"/>`, n)),
  'names of elements': (n) => wrap(numbered((i) => `<a${i}></a${i}>`, n)),
  'elements within elements': (n) => wrap(repeated('<w:p>', n / 2) + repeated('</w:p>', n / 2)),
  'controls within controls': (n) =>
    wrap(repeated('<w:sdt><w:sdtContent>', n / 2) + repeated('</w:sdtContent></w:sdt>', n / 2)),
  'elements that do not end': fill('<a>'),
  'ends of no element': fill('</a>'),
  'beginnings of no element': fill('<'),
  'comments that do not end': fill('<!--'),
  'CDATA that does not end': fill('<![CDATA['),
  'CDATA in a paragraph': (n) => wrap(paragraph(repeated('<![CDATA[a]]>', n))),
  'a long text': (n) => wrap(paragraph(repeated('a', n))),
  'many entities': (n) => wrap(paragraph(repeated('&amp;', n))),
  'entities of its own': (n) => `<!DOCTYPE a [${repeated('<!ENTITY a "b">', n)}]>${wrap('')}`,
  'fields that do not end': fill('<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r></w:p>'),
  'styles that are not there': (n) =>
    wrap(numbered((i) => `<w:p><w:pPr><w:pStyle w:val="s${i}"/></w:pPr></w:p>`, n)),
  'unknown elements': (n) => wrap(numbered((i) => `<w:x${i % 400}/>`, n)),
  'empty paragraphs': fill('<w:p/>'),
  'runs of one paragraph': (n) => wrap(`<w:p>${repeated('<w:r><w:t>a</w:t></w:r>', n)}</w:p>`),
  'rows of a table': (n) => wrap(`<w:tbl>${repeated('<w:tr><w:tc><w:p/></w:tc></w:tr>', n)}</w:tbl>`),
  'cells that are joined': (n) =>
    wrap(
      `<w:tbl>${repeated('<w:tr><w:tc><w:tcPr><w:gridSpan w:val="999999999"/><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr>', n)}</w:tbl>`
    ),
  'blanks in a tag': (n) => wrap(`<w:p${repeated(' ', n)}/>`),
  'blanks in an end tag': (n) => wrap(`<w:p></w:p${repeated(' ', n)}>`),
  'an attribute without end': (n) => wrap(`<w:p a="${repeated('b', n)}`),
  'a sound document': fill(paragraph('Some words, and more of them.'))
};

describe('a Word document of any XML', () => {
  beforeAll(async () => {
    for (let i = 0; i < 5; i++) await read(wrap(repeated(paragraph('a'), 20_000)));
  });

  it.each(Object.entries(SHAPES))('takes no longer than its length says: %s', async (name, make) => {
    await expectLinear(name, 60_000, (n) => readOrRefuse(make(n)));
  });

  it('of the largest parts that are admitted is given way to within a second', async () => {
    const xml = wrap(`<w:p>${repeated('<w:r><w:t>a</w:t></w:r>', 900_000)}</w:p>`);
    await expectQuick('a long paragraph', () => checkDocxXml('a.docx', 'word/document.xml', xml));
    let breaths = 0;
    const breathe = () => Promise.resolve(void (breaths += 1));
    await checkDocxXml('a.docx', 'b.xml', wrap(repeated('<w:p/>', 5 * 2 ** 20)), breathe);
    expect(breaths).toBeGreaterThanOrEqual(4);
  });

  it('is refused with its name, the part and what is wrong with it', async () => {
    expect(await readOrRefuse(SHAPES['XML behind the root'](1000))).toBe(
      'a.docx cannot be read as a Word document: its part word/document.xml has more than one root element. ' +
        'Open it in Word and save it again as .docx, or save its text.'
    );
    expect(await readOrRefuse(SHAPES['entities of its own'](100))).toMatch('declares a document type');
    expect(await readOrRefuse(SHAPES['elements within elements'](5000))).toMatch('nests more than 200');
    expect(await readOrRefuse(SHAPES['attributes'](5000))).toMatch('more than 200 attributes');
    expect(await readOrRefuse(wrap('<w:p></w:r>'))).toMatch('closes <w:p> with another end tag');
    expect(await readOrRefuse('')).toMatch('has no root element');
    await expect(read(wrap(''), { 'word/styles.xml': '<a/><b/>' })).rejects.toThrow(
      'its part word/styles.xml has more than one root element'
    );
    await expect(
      read(wrap(''), { 'word/footnotes.xml': `<a>${'b'.repeat(3 * 2 ** 20)}</a>` })
    ).rejects.toThrow('more than 2097152 bytes of text (word/footnotes.xml');
  });

  it('of an honest kind is read whole, wherever it is cut', async () => {
    const texts = Array.from({ length: 4000 }, (_, i) => `Paragraph ${i} of a long document.`);
    const rows = texts.map((text) => `<w:tr><w:tc>${paragraph(text)}</w:tc></w:tr>`).join('');
    for (const body of [
      texts.map(paragraph).join('\n'),
      `<w:tbl>${rows}</w:tbl>`,
      `<w:sdt><w:sdtPr/><w:sdtContent>${texts.map(paragraph).join('')}</w:sdtContent></w:sdt><w:sectPr/>`
    ]) {
      expect(body.length).toBeGreaterThan(2 ** 18);
      const { rows: chunks, problems } = await read(wrap(body));
      const joined = chunks.map((row) => ('text' in row ? row.text : '')).join('\n');
      expect([...joined.matchAll(/Paragraph (\d+) of/g)].map(([, i]) => Number(i))).toEqual(
        texts.map((_, i) => i)
      );
      expect(problems).toEqual([]);
    }
  });

  it('is cut only where all that is open may be opened again', async () => {
    const xml = wrap(`${paragraph('a')}<w:tbl><w:tblPr/><w:tr><w:tc>${paragraph('b')}</w:tc></w:tr></w:tbl>`);
    const cuts = await checkDocxXml('a.docx', 'word/document.xml', xml);
    const pieces = [...cutDocxXml(xml, cuts, 1)];
    expect(pieces).toEqual([
      `<?xml version="1.0"?><w:document ${W}><w:body></w:body></w:document>`,
      `<w:document ${W}><w:body>${paragraph('a')}</w:body></w:document>`,
      `<w:document ${W}><w:body><w:tbl></w:tbl></w:body></w:document>`,
      `<w:document ${W}><w:body><w:tbl><w:tblPr/></w:tbl></w:body></w:document>`,
      `<w:document ${W}><w:body><w:tbl><w:tr><w:tc>${paragraph('b')}</w:tc></w:tr></w:tbl></w:body></w:document>`
    ]);
  });

  it('is the one that the relationships name', async () => {
    const other = { '_rels/.rels': relationships('/word/document2.xml') };
    const both = { ...other, 'word/document2.xml': wrap(paragraph('second')) };
    expect((await read(wrap(paragraph('first')), both)).rows).toMatchObject([{ text: 'second' }]);
    expect((await read(wrap(paragraph('first')), other)).rows).toMatchObject([{ text: 'first' }]);
    expect(mainDocxPart('', () => false)).toBe('word/document.xml');
  });
});
