import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { rewriteXml } from './docx-xml';
import { fileOf, importAll } from './testing';

// Libraries are loaded in the first test that needs one, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const NAMESPACES = Object.entries({
  w: 'http://schemas.openxmlformats.org/wordprocessingml/2006/main',
  m: 'http://schemas.openxmlformats.org/officeDocument/2006/math',
  mc: 'http://schemas.openxmlformats.org/markup-compatibility/2006',
  wps: 'http://schemas.microsoft.com/office/word/2010/wordprocessingShape',
  wp: 'http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing',
  a: 'http://schemas.openxmlformats.org/drawingml/2006/main',
  v: 'urn:schemas-microsoft-com:vml'
}).map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`);

const run = (text: string) => `<w:r><w:t xml:space="preserve">${text}</w:t></w:r>`;
const math = (text: string) => `<m:r><m:t>${text}</m:t></m:r>`;
const drawn = (text: string) =>
  '<w:drawing><wp:inline><a:graphic><a:graphicData uri="x"><wps:wsp><wps:txbx><w:txbxContent>' +
  `<w:p>${run(text)}</w:p></w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing>`;
const documentXml = (body: string) =>
  `<?xml version="1.0"?><w:document ${NAMESPACES.join(' ')}><w:body>${body}</w:body></w:document>`;

function isNested(xml: string): boolean {
  const open: string[] = [];
  for (const [, close, name, self] of xml.matchAll(/<(\/?)([\w:]+)[^>]*?(\/?)>/g)) {
    if (close && open.pop() !== name) return false;
    if (!close && !self) open.push(name);
  }
  return open.length === 0;
}

/** The text of a document with such a body, and what is said of it. */
async function read(body: string) {
  const type = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument';
  const bytes = zipSync({
    '[Content_Types].xml': strToU8(
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ' +
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
    ),
    '_rels/.rels': strToU8(
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
        `<Relationship Id="r" Type="${type}" Target="word/document.xml"/></Relationships>`
    ),
    'word/document.xml': strToU8(documentXml(body))
  });
  const { rows, problems } = await importAll(fileOf('a.docx', Uint8Array.from(bytes)), {
    to: 'chunks',
    size: 2000,
    overlap: 0
  });
  const text = rows.map((row) => ('text' in row ? row.text : '')).join('\n\n');
  return { text, problems: problems.map(({ reason }) => reason) };
}

describe('a Word document', () => {
  it.each([
    [
      'formulas',
      `<w:p>${run('v = ')}<m:oMath><m:f><m:num>${math('s+1')}</m:num><m:den>${math('t')}</m:den></m:f>${math('+')}` +
        `<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>${math('x')}</m:e></m:rad>${math('+')}` +
        `<m:sSup><m:e>${math('y')}</m:e><m:sup>${math('2')}</m:sup></m:sSup>` +
        `<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e>${math('a')}</m:e></m:d></m:oMath>` +
        `${run(' holds.')}</w:p>`,
      'v = (s+1)/t+√(x)+y^2[a] holds.'
    ],
    [
      'the result of a simple field, nested too',
      `<w:p><w:fldSimple w:instr="A"><w:fldSimple w:instr="B > C">${run('1 May')}</w:fldSimple></w:fldSimple></w:p>`,
      '1 May'
    ],
    [
      'a text box drawn in today’s way',
      `<w:p>${run('before')}<w:r>${drawn('in a box')}</w:r></w:p>`,
      'before\n\nin a box'
    ],
    [
      'a text box that only the newer alternative has',
      `<w:p>${run('before')}<w:r><mc:AlternateContent><mc:Choice Requires="wps">${drawn('in a box')}</mc:Choice>` +
        '<mc:Fallback><w:pict/></mc:Fallback></mc:AlternateContent></w:r></w:p>',
      'before\n\nin a box'
    ],
    [
      'of two alternatives with the same text, one',
      `<w:p>${run('before')}<w:r><mc:AlternateContent><mc:Choice Requires="wps">${drawn('in a box')}</mc:Choice><mc:Fallback>` +
        `<w:pict><v:textbox><w:txbxContent><w:p>${run('in a box')}</w:p></w:txbxContent></v:textbox></w:pict>` +
        '</mc:Fallback></mc:AlternateContent></w:r></w:p>',
      'before\n\nin a box'
    ],
    [
      'ruby behind its word',
      `<w:p><w:r><w:ruby><w:rubyPr/><w:rt>${run('かん')}</w:rt><w:rubyBase>${run('漢')}</w:rubyBase></w:ruby></w:r>${run('字')}</w:p>`,
      '漢(かん)字'
    ],
    [
      'stretches of set direction',
      `<w:p><w:dir w:val="rtl">${run('שלום')}</w:dir>${run(' then &amp; so')}</w:p>`,
      'שלום then & so'
    ]
  ])('keeps %s', async (_, body, text) => {
    expect(await read(body)).toEqual({ text, problems: [] });
  });

  it.each([
    ['<w:r><w:commentReference w:id="1"/></w:r>', 'a comment is left out'],
    [
      '<w:r><w:drawing><wp:inline><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart"/>' +
        '</a:graphic></wp:inline></w:drawing></w:r>',
      'the text of a diagram or chart is left out'
    ],
    ['<w:altChunk/>', 'what stands in w:altChunk is left out: such elements are not read']
  ])('says of %s that it is not read', async (inside, reason) => {
    expect(await read(`<w:p>${run('x')}${inside}</w:p>`)).toEqual({ text: 'x', problems: [reason] });
  });

  it('says nothing of looks', async () => {
    const styled = `<w:p><w:pPr><w:pStyle w:val="Own"/></w:pPr><w:permStart w:id="1"/>${run('x')}<w:permEnd w:id="1"/></w:p>`;
    expect(await read(styled)).toEqual({ text: 'x', problems: [] });
  });

  it('is rewritten or left alone, whatever it is made of', async () => {
    const tokens = [
      'mc:AlternateContent',
      'mc:Choice',
      'mc:Fallback',
      'w:drawing',
      'w:txbxContent',
      'w:ruby',
      'w:rt',
      'm:oMath',
      'm:f',
      'w:p'
    ]
      .flatMap((name) => [`<${name}>`, `</${name}>`, `<${name}/>`])
      .concat('a & b', '&lt;', '<![CDATA[x]]>');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...tokens), { maxLength: 40 }), async (parts) => {
        const rewritten = await rewriteXml(`<w:document>${parts.join('')}</w:document>`);
        // What is rewritten nests as XML must.
        if (rewritten) expect(isNested(rewritten.xml)).toBe(true);
      }),
      fuzz(400)
    );
  });

  it('that needs nothing, or is damaged, is left as it is', async () => {
    expect(await rewriteXml(documentXml(`<w:p>${run('x')}</w:p>`))).toBeUndefined();
    expect(await rewriteXml('<w:document><w:p><w:fldSimple><w:r><w:t>cut o')).toBeUndefined();
  });
});
