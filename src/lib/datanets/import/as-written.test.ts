/** Files as programs write them, each with one peculiarity: the rows that are in it, and what is said of the rest. */
import { describe, expect, it, vi } from 'vitest';
import { inspectImport } from './inspect';
import type { ImportMapping, ReadingChoice } from './import';
import { golden, importAll } from './testing';

// Libraries are loaded in the first test that needs one, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const pair = (user: string, assistant: string) => ({
  messages: [
    { role: 'user', content: user },
    { role: 'assistant', content: assistant }
  ]
});

const CHUNKS: ImportMapping = { to: 'chunks', size: 2000, overlap: 0 };

async function read(name: string, reading?: ReadingChoice) {
  const input = { kind: 'file', file: golden(name), ...(reading ? { reading } : {}) } as const;
  const inspection = await inspectImport(input);
  const { rows, problems } = await importAll(input, inspection.mapping);
  return { rows, problems, reading: inspection.reading };
}

/** The text of a document in one, and what was not read of it. */
async function readDocument(name: string) {
  const { rows, problems } = await importAll({ kind: 'file', file: golden(name) }, CHUNKS);
  const text = rows.map((row) => ('text' in row ? row.text : '')).join('\n\n');
  return { text, problems: problems.map(({ where, reason }) => `${where}: ${reason}`) };
}

const KNOTS = [pair('Name a knot.', 'Bowline.'), pair('Name a wind.', 'Mistral.')];
const WARM = [pair('Name a knot.', 'Bowline.'), pair('Name a wind.', 'Föhn, “warm”.')];

describe('a table', () => {
  it.each([
    [
      'semicolon.csv',
      { delimiter: ';' },
      [
        pair('Name a knot, please.', 'Bowline, of course.'),
        pair('Name a wind, please.', 'Mistral, of course.'),
        pair('Name a star, please.', 'Polaris, of course.')
      ]
    ],
    [
      'semicolon-quoted.csv',
      { delimiter: ';' },
      [
        pair('Name a knot, please.', 'Bowline, of course, or reef.'),
        pair('Name a wind, please.', 'Mistral, which is cold, dry, strong.'),
        pair('A star, now?', 'Polaris, north, always.')
      ]
    ],
    [
      'pipe.csv',
      { delimiter: '|' },
      [pair('Name a knot.', 'Bowline, or reef.'), pair('Name a wind.', 'Mistral, or bora.')]
    ],
    [
      'sep.csv',
      { delimiter: ';' },
      [pair('Name a knot.', 'Bowline.'), pair('Name a wind.', 'Mistral, cold.')]
    ],
    [
      'utf-16.csv',
      { delimiter: ',', encoding: 'utf-16le' },
      [pair('Name a knot.', 'Bowline.'), pair('Name a wind.', 'Föhn, "warm".')]
    ],
    [
      'iso-2022-jp.csv',
      { delimiter: ',', encoding: 'iso-2022-jp' },
      [pair('結び目は?', 'もやい結び'), pair('風は?', 'フェーン')]
    ],
    [
      'python-messages.csv',
      { delimiter: ',' },
      [pair('Name a knot.', 'Bowline.'), pair("What's a wind?", 'Mistral.')]
    ],
    ['python-conversations.csv', { delimiter: ',' }, KNOTS]
  ])('%s is read as it is separated, encoded and written', async (name, reading, rows) => {
    expect(await read(name)).toEqual({ rows, problems: [], reading });
  });

  it.each([
    ['windows-1252.csv', undefined, 'windows-1252', 'Föhn, "warm".'],
    ['utf-16-unmarked.csv', 'utf-16le', 'utf-16le', 'Föhn, "warm".'],
    ['shift-jis.csv', undefined, 'shift_jis', '結び目']
  ])(
    '%s does not say how it is encoded: refused until it is chosen',
    async (name, likely, encoding, words) => {
      const details = expect.objectContaining({ file: name, ...(likely ? { likely } : {}) }) as unknown;
      await expect(read(name)).rejects.toMatchObject({ name: 'NotUtf8Error', details });
      const chosen = await read(name, { encoding });
      expect(chosen.problems).toEqual([]);
      expect(JSON.stringify(chosen.rows).replaceAll('\\"', '"')).toContain(words);
    }
  );

  it('is separated as a person says, whatever seems so', async () => {
    const { rows, reading } = await read('semicolon.csv', { delimiter: ',' });
    expect(reading).toEqual({ delimiter: ',' });
    expect(rows).toEqual([]);
  });
});

describe('JSON', () => {
  it.each(['wrapped.json', 'wrapped-line.json'])('%s gives the rows inside', async (name) => {
    expect(await read(name)).toEqual({
      rows: WARM,
      problems: [],
      reading: { field: 'data', fields: ['data'] }
    });
  });

  it('whose first line begins an object goes on in the next', async () => {
    expect((await read('wrapped-inline.json')).rows).toEqual(KNOTS);
  });

  it('of columns gives their records', async () => {
    expect((await read('columns.json')).rows).toEqual([pair('Knot?', 'Bowline.'), pair('Wind?', 'Mistral.')]);
  });
});

describe('a PDF', () => {
  it.each([
    ['japanese.pdf', '港の潮は一日に二回満ちて、二回引きます。係留するときは綱を長めに取ってください。'],
    ['chinese.pdf', '港口的潮水每天涨两次，退两次。停泊时请把缆绳留长一些。'],
    ['korean.pdf', '항구의 조수는 하루에 두 번 차오르고 두 번 빠집니다.'],
    [
      'japanese-lines.pdf',
      '港の潮は一日に二回満ちて、二回引きます。係留するときは綱を長めに取ってください。'
    ],
    ['hebrew.pdf', 'הגאות באה בבוקר הגאות באה בבוקר'],
    ['upside-down.pdf', 'First line of the page. Second line of the page. Third line of the page.'],
    [
      'turned-page.pdf',
      'An upright page comes first. It is here for comparison.\n\nTide table for the north quay. ' +
        'High water is at four, low water at ten. The gauge is read every hour.'
    ],
    [
      'turned.pdf',
      'Turned page 1: the tide table. High water is at four.\n\nTurned page 2: the tide table. High water is at four.'
    ]
  ])('%s is its text, in order', async (name, text) => {
    expect(await readDocument(name)).toEqual({ text, problems: [] });
  });
});

describe('a page', () => {
  it.each([
    ['windows-1252.html', 'Köln’s harbour – open'],
    ['shift-jis.html', '港の潮は一日に二回満ちる。'],
    ['iso-2022-jp.html', '港の潮は一日に二回満ちる。'],
    ['euc-jp.html', '港の潮は一日に二回満ちる。'],
    ['utf-16.html', 'High tide.'],
    ['unclosed-nav.html', '- Home\n\nTides\n\nHigh water is at four.\n\nLow water is at ten.'],
    ['unclosed-button.html', 'Before the button.\n\nMenu\n\nHigh water is at four.\n\nLow water is at ten.'],
    ['self-closing.xhtml', 'High water is at four.'],
    [
      'soft-hyphens.html',
      'The har\u00adbour\u00a0mas\u00adter signs.'.replaceAll('\u00ad', '') +
        '\n\nLongword and zero\u200bwidth'
    ],
    ['formula.html', 'The depth is d=h metres.\n\nKan漢(かん)ji. Oldnew. x2 and H2O'],
    ['page.mht', 'Köln harbour is open']
  ])('%s is what a reader sees', async (name, text) => {
    expect(await readDocument(name)).toEqual({ text, problems: [] });
  });

  it('loses what is hidden from its readers, and says so', async () => {
    expect(await readDocument('hidden.html')).toEqual({
      text: 'Seen.\n\nIcon\n\nSeen too.',
      problems: ['document: 2 parts are left out: hidden from readers of the page']
    });
  });
});

it('a Word document keeps its formulas, fields and text boxes', async () => {
  const { text, problems } = await readDocument('parts.docx');
  expect(problems).toEqual([]);
  for (const words of [
    'The depth is d = h + t metres.',
    '1 May is the day.',
    'Text in a text box.',
    'Text in a content control.',
    'non‑stop and soft and tab and\nbreak',
    'Hour | Level\n4 | high'
  ]) {
    expect(text).toContain(words);
  }
});
