/** HTML and MHTML as they come: what is left open, hidden, declared and wrapped. */
import { describe, expect, it, vi } from 'vitest';
import { fileOf, importAll } from './testing';

// Libraries are loaded in the first test that needs one, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

async function read(name: string, ...parts: BlobPart[]) {
  const { rows, problems } = await importAll(fileOf(name, ...parts), {
    to: 'chunks',
    size: 2000,
    overlap: 0
  });
  const text = rows.map((row) => ('text' in row ? row.text : '')).join('\n\n');
  return { text, problems: problems.map(({ reason, excerpt }) => [reason, excerpt]) };
}

const textOf = async (html: string, name = 'a.html') => (await read(name, html)).text;

describe('HTML', () => {
  it.each([
    ['closed navigation is none of it', '<p>a</p><nav><p>n</p></nav><p>b</p>', 'a\n\nb'],
    ['nor is what stands open inside it', '<p>a</p><nav><button>x<p>n</p></nav><p>b</p>', 'a\n\nb'],
    ['left open, it took the page in', '<p>a</p><nav><p>n</p><main><p>b</p></main>', 'a\n\nn\n\nb'],
    ['content never stands in navigation', '<nav>n<main><p>b</p></main></nav><p>c</p>', 'n\n\nb\n\nc'],
    ['a control in a sentence leaves no gap in it', '<p>one <button>x</button>two</p>', 'one two'],
    ['a heading with a control stays one', '<h1>Head <button>#</button></h1><p>b</p>', 'Head\n\nb'],
    ['a script left open takes the rest, as in a browser', '<p>a</p><script>x<p>b</p>', 'a'],
    ['an unclosed picture does not', '<p>a</p><svg><path><p>b</p>', 'a\n\nb'],
    [
      'lines of Japanese end in nothing',
      '<p>港の潮は\n  一日に</p><p>one\ntwo</p><p>港\nx</p>',
      '港の潮は一日に\n\none two\n\n港 x'
    ],
    [
      'formulas are a line',
      '<p><math><mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mi>b</mi></mfrac><mo>=</mo>' +
        '<msup><mi>x</mi><mn>2</mn></msup><annotation>\\frac</annotation></math>.</p>',
      '(a+1)/b=x^2.'
    ],
    ['a formula left open ends with its paragraph', '<p><math><mi>d</mi><p>b</p>', 'd\n\nb']
  ])('%s', async (_, html, text) => {
    expect(await textOf(html)).toBe(text);
  });

  it('an element that closes itself does so in XHTML alone', async () => {
    const page = '<head><title/></head><body><p>a</p><div/><p>b</p></body>';
    expect(await textOf(`<?xml version="1.0"?><html>${page}</html>`)).toBe('a\n\nb');
    expect(await textOf(`<html xmlns="http://www.w3.org/1999/xhtml">${page}</html>`)).toBe('a\n\nb');
  });

  it('navigation longer than any is content', async () => {
    const text = 'word '.repeat(250_000);
    const { rows } = await importAll(fileOf('a.html', `<nav><p>${text}</p></nav><p>b</p>`), {
      to: 'chunks',
      size: 100_000,
      overlap: 0
    });
    const letters = rows.map((row) => ('text' in row ? row.text.replace(/\s/g, '') : '')).join('');
    expect(letters).toBe('word'.repeat(250_000) + 'b');
  });

  it('counts what is hidden, once where it is nested', async () => {
    const html =
      '<p hidden="until-found">a</p><div hidden>x<p style="display:none">y</p></div><p style="color: red; visibility : HIDDEN">z</p>' +
      '<dialog>d</dialog><dialog open>e</dialog><p style="x-display:none">f</p><p hidden></p>';
    expect(await read('a.html', html)).toEqual({
      text: 'a\n\ne\n\nf',
      problems: [['3 parts are left out: hidden from readers of the page', 'xy']]
    });
  });

  it.each([
    ['what it declares', '<meta charset=iso-8859-2>', [0xb1], 'ą'],
    ['UTF-8 where it is that, whatever it declares', '<meta charset=windows-1252>', [0xc3, 0xa4], 'ä'],
    ['nothing of a comment', '<!-- <meta charset=koi8-r> --><meta charset=windows-1252>', [0xe4], 'ä'],
    ['its XML declaration', '<?xml version="1.0" encoding="windows-1251"?>', [0xe4], 'д']
  ])('is decoded by %s', async (_, head, bytes, letter) => {
    const { text } = await read('a.html', head, '<p>', Uint8Array.from(bytes), '</p>');
    expect(text).toBe(letter);
  });
});

describe('MHTML', () => {
  const part = (type: string, encoding: string, body: string) =>
    `--B\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`;
  const saved = (...parts: string[]) =>
    `Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html"; boundary="B"\r\n\r\n${parts.join('')}--B--\r\n`;

  it.each([
    [
      'quoted',
      saved(part('text/html; charset="utf-8"', 'quoted-printable', '<p>K=C3=B6ln is =\r\nopen=3D</p>')),
      'Köln is open='
    ],
    ['in base 64', saved(part('text/html; charset=windows-1252', 'base64', btoa('<p>K\xf6ln</p>'))), 'Köln'],
    ['in bits', saved(part('text/css', '8bit', 'p{}'), part('text/html', '8bit', '<p>a</p>')), 'a'],
    [
      'inside another part',
      saved(
        `--B\r\nContent-Type: multipart/alternative; boundary=C\r\n\r\n--C\r\n\r\nplain\r\n--C\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n--C--\r\n`
      ),
      'rich'
    ],
    ['by its own words', 'MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>alone</p>', 'alone']
  ])('%s is the page in it', async (_, text, expected) => {
    expect(await read('page.mht', text)).toEqual({ text: expected, problems: [] });
    expect((await read('page', text)).text).toBe(expected);
  });

  it('without a page says so', async () => {
    await expect(read('page.mht', saved(part('image/png', 'base64', 'AA==')))).rejects.toThrow(
      'page.mht cannot be read as a saved page: it has no part that is HTML or text'
    );
  });
});
