import { zipSync, strToU8 } from 'fflate';
import { describe, expect, it } from 'vitest';
import { inspectImport } from './inspect';
import type { ImportMapping } from './import';
import { joinContinued, layOut, type TextRun } from './pdf-layout';
import { fileOf, golden, importAll } from './testing';

const CHUNKS: ImportMapping = { to: 'chunks', size: 500, overlap: 0 };
const rowsOf = async (name: string, text: string) => (await importAll(fileOf(name, text), CHUNKS)).rows;

describe('text', () => {
  it('is cut at its paragraphs', async () => {
    const input = fileOf('notes.txt', 'One\nline.\r\n\r\n\r\nTwo.');
    expect(await inspectImport(input)).toEqual({
      shape: 'document',
      name: 'notes.txt',
      format: 'text',
      characters: 13,
      sample: 'One\nline.\n\nTwo.',
      mapping: { to: 'chunks', size: 2000, overlap: 200 }
    });
    expect((await importAll(input, { ...CHUNKS, source: 'A book', tags: ['x'] })).rows).toEqual([
      { text: 'One\nline.\n\nTwo.', source: 'A book', tags: ['x'] }
    ]);
  });

  it('without line ends is cut all the same, and nothing of it is lost', async () => {
    const word = 'wörd👍🏽 ';
    const { rows } = await importAll(fileOf('a.txt', word.repeat(400_000)), {
      to: 'chunks',
      size: 100_000,
      overlap: 0
    });
    const joined = rows.map((row) => ('text' in row ? row.text : '')).join(' ');
    expect(joined.split(/\s+/).length).toBe(400_000);
  });
});

describe('Markdown', () => {
  it('is cut at its headings, which are the source', async () => {
    const text =
      '---\ntitle: x\n---\nIntro.\n\n# One #\ntext\n\n```\n# no heading\n\ncode\n```\n\nTwo\n---\nmore\n\n### Deep\nend\n';
    expect(await rowsOf('doc.md', text)).toEqual([
      { text: 'Intro.', source: 'doc.md' },
      { text: 'One\n\ntext\n\n```\n# no heading\n\ncode\n```', source: 'doc.md, One' },
      { text: 'Two\n\nmore', source: 'doc.md, One > Two' },
      { text: 'Deep\n\nend', source: 'doc.md, One > Two > Deep' }
    ]);
    expect(await inspectImport(fileOf('doc.md', text))).toMatchObject({ format: 'Markdown', title: 'One' });
  });

  it('keeps front matter that never ends, and lines of blanks', async () => {
    expect(await rowsOf('a.md', '---\nno end')).toEqual([{ text: '---\nno end', source: 'a.md' }]);
    const started = performance.now();
    await rowsOf('b.md', `# ${' '.repeat(500_000)}x\n${'# '.repeat(200_000)}`);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('HTML', () => {
  it('is its text: no scripts, styles or navigation, links as words, lists and tables as lines', async () => {
    const html = `<!doctype html><html><head><title>A &amp; B</title><style>p{}</style><script>alert(1)</script></head>
      <body><nav>Home <a href="/">there</a></nav><h1>Head</h1><p>Some <b>bold</b> and <a href="javascript:x">linked</a>
      text<br>here &lt;script&gt;.</p><ul><li>one</li><li><p>two</p></li></ul>
      <table><tr><th><p>a</p></th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><pre>x  y
  z</pre><noscript>no</noscript></body></html>`;
    expect(await inspectImport(fileOf('page.html', html))).toMatchObject({ format: 'HTML', title: 'A & B' });
    expect(await rowsOf('page.html', html)).toEqual([
      {
        text: 'Head\n\nSome bold and linked text\nhere <script>.\n\n- one\n- two\n\na | b\n1 | 2\n\nx  y\n  z',
        source: 'page.html, Head'
      }
    ]);
  });

  it('nested without end is refused, not followed', async () => {
    await expect(rowsOf('deep.html', '<div>'.repeat(100_000))).rejects.toThrow(
      'deep.html nests more than 2000 elements'
    );
  });

  it('of many blanks takes no longer than its length', async () => {
    const started = performance.now();
    await rowsOf('blank.html', `<p>${'<b> </b>'.repeat(100_000)}x\n${' \n'.repeat(200_000)}</p>`);
    expect(performance.now() - started).toBeLessThan(8000);
  });
});

describe('Word', () => {
  it('is its text under its headings', async () => {
    const input = { kind: 'file', file: golden('handbook.docx') } as const;
    expect(await inspectImport(input)).toMatchObject({ format: 'Word', title: 'Pelhaven handbook' });
    expect((await importAll(input, CHUNKS)).rows).toEqual([
      {
        text: 'Pelhaven handbook\n\nThe town lies on the coast. Über 3000 people live there.',
        source: 'handbook.docx, Pelhaven handbook'
      },
      {
        text: 'The harbour\n\nBoats land fish <every> morning & evening.\n\n- Herring\n- Mackerel',
        source: 'handbook.docx, The harbour'
      },
      { text: 'Fees\n\nBoat | Fee\nCutter | 12 crowns', source: 'handbook.docx, The harbour > Fees' }
    ]);
  });

  it('that unpacks to gigabytes is refused on the way, whatever it says of its size', async () => {
    const zip = zipSync({ 'word/document.xml': new Uint8Array(66 * 2 ** 20) }, { level: 1 });
    expect(zip.length).toBeLessThan(500_000);
    const lie = zip.slice();
    new DataView(lie.buffer).setUint32(22, 100, true);
    for (const bytes of [zip, lie]) {
      await expect(importAll(fileOf('bomb.docx', bytes as BlobPart), CHUNKS)).rejects.toThrow(
        'bomb.docx unpacks to more than 67108864 bytes'
      );
    }
  }, 60_000);

  it('that is another ZIP is said so', async () => {
    const zip = zipSync({ 'a.txt': strToU8('hello') });
    await expect(importAll(fileOf('a.zip', zip as BlobPart), CHUNKS)).rejects.toThrow(
      'it is a ZIP of something else'
    );
  });
});

describe('PDF', () => {
  it('is read column by column, with the page as source and broken words joined', async () => {
    const { rows, problems } = await importAll(
      { kind: 'file', file: golden('two-columns.pdf') },
      {
        to: 'chunks',
        size: 5000,
        overlap: 0
      }
    );
    expect(problems).toEqual([]);
    expect(rows.map(({ source }) => source)).toEqual(
      [1, 2].map((n) => `two-columns.pdf, page ${n}, Of rivers and harbours, part ${n}`)
    );
    const text = 'text' in rows[0] ? rows[0].text : '';
    const order = [...text.matchAll(/(Left|Right) \d/g)].map(([match]) => match);
    expect(order).toEqual(
      ['Left', 'Right'].flatMap((side) => [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `${side} ${i}`))
    );
    expect(text).toContain('ends with a sentence that was broken');
  });

  it('keeps paragraphs and headings of a flowing text over its pages', async () => {
    const { rows } = await importAll({ kind: 'file', file: golden('flowed.pdf') }, CHUNKS);
    const text = rows.map((row) => ('text' in row ? row.text : '')).join('\n\n');
    const paragraphs = [...text.matchAll(/Paragraph (\d)\.(\d) begins/g)].map(([, a, b]) => `${a}.${b}`);
    expect(paragraphs).toEqual([1, 2, 3].flatMap((a) => [1, 2, 3, 4, 5, 6, 7, 8].map((b) => `${a}.${b}`)));
    expect(rows.at(-1)?.source).toBe('flowed.pdf, page 3, Chapter 3');
    expect(text.match(/It goes on with many words\./g)).toHaveLength(24 * 20);
  });

  it.each([
    ['scanned.pdf', 'ScannedPdfError', 'has no text on any of its 1 pages'],
    ['locked.pdf', 'PdfPasswordError', 'is protected by a password']
  ])('%s is said so', async (name, error, message) => {
    const reading = importAll({ kind: 'file', file: golden(name) }, CHUNKS);
    await expect(reading).rejects.toMatchObject({ name: error, message: expect.stringContaining(message) });
  });

  it('tables stay rows, and lines across both columns divide the page', () => {
    const run = (text: string, x: number, y: number, width: number): TextRun => ({
      text,
      x,
      y,
      width,
      size: 10
    });
    const table = [1, 2, 3, 4].flatMap((i) => [
      run(`name ${i}`, 50, 700 - i * 12, 30),
      run(`${i}`, 300, 700 - i * 12, 8)
    ]);
    expect(layOut(table).map(({ text }) => text)).toEqual(['name 1 1 name 2 2 name 3 3 name 4 4']);
    const columns = (top: number, name: string) =>
      [1, 2, 3, 4].flatMap((i) => [
        run(`${name}L${i}`, 50, top - i * 12, 230),
        run(`${name}R${i}`, 300, top - i * 12, 230)
      ]);
    const page = [...columns(700, 'A'), run('Across the whole page', 50, 630, 480), ...columns(620, 'B')];
    expect(layOut(page).map(({ text }) => text)).toEqual([
      'AL1 AL2 AL3 AL4',
      'AR1 AR2 AR3 AR4',
      'Across the whole page',
      'BL1 BL2 BL3 BL4',
      'BR1 BR2 BR3 BR4'
    ]);
    const broken = [run('a sen-', 50, 100, 230), run('tence', 50, 80, 230)];
    expect(joinContinued(layOut(broken.slice(0, 1)), layOut(broken.slice(1)))).toEqual([
      { text: 'a sentence' }
    ]);
  });
});

describe('what is no document that can be read', () => {
  it.each([
    ['a.doc', new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 1]), 'old Office program'],
    ['a.gz', new Uint8Array([0x1f, 0x8b, 8]), 'compressed with gzip'],
    ['a.bin', new Uint8Array([1, 0, 2]), 'no text, and no Parquet'],
    ['a.txt', new Uint8Array(), 'a.txt is empty']
  ])('%s is told what it is', async (name, bytes, message) => {
    await expect(inspectImport(fileOf(name, bytes))).rejects.toThrow(message);
  });
});
