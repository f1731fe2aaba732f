import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { NoRowsError, parseRows, requireRows } from './parse';
import type { Row } from './row';

const PAIR: Row = {
  messages: [
    { role: 'user', content: 'Why?' },
    { role: 'assistant', content: 'Because.' }
  ]
};

const jsonl = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n');
const rowsOf = async (...values: unknown[]) => (await parseRows('rows.jsonl', jsonl(...values))).rows;
const reasonFor = async (value: unknown) => (await parseRows('rows.jsonl', jsonl(value))).problems[0]?.reason;

describe('shapes', () => {
  it.each([
    ['messages', { messages: PAIR.messages }],
    [
      'messages',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'Why?' }] }, PAIR.messages[1]] }
    ],
    ['alpaca', { instruction: 'Why?', input: '', output: 'Because.' }],
    ['alpaca', { instruction: 'Why?', output: 'Because.', text: 'Below is an instruction ...' }],
    [
      'sharegpt',
      {
        id: 7,
        conversations: [
          { from: 'human', value: 'Why?' },
          { from: 'gpt', value: 'Because.' }
        ]
      }
    ],
    ['sharegpt', { conversations: PAIR.messages }],
    ['prompt/completion', { prompt: 'Why?', completion: 'Because.' }],
    ['prompt/completion', { prompt: [PAIR.messages[0]], completion: [PAIR.messages[1]] }]
  ])('%s is a conversation', async (format, value) => {
    const parsed = await parseRows('rows.jsonl', jsonl(value));
    expect(parsed).toMatchObject({ rows: [PAIR], format, problems: [], problemCount: 0 });
  });

  it('text is running text', async () => {
    expect(await rowsOf({ text: 'Once upon a time.' })).toEqual([{ text: 'Once upon a time.' }]);
  });

  it('half of a surrogate pair is no text, wherever it stands in a row', async () => {
    const half = String.raw`"\ud83d"`;
    const parsed = await parseRows(
      'rows.jsonl',
      `{"text":${half}}\n{"text":"a","source":${half}}\n{"messages":[{"role":"user","content":${half}}]}\n{"text":"b"}`
    );
    expect(parsed.rows).toEqual([{ text: 'b' }]);
    expect(parsed.problems.map(({ reason }) => reason)).toEqual(
      Array(3).fill('holds half of a character (a lone surrogate)')
    );
  });

  it('Alpaca puts the input under the instruction, and knows system and history', async () => {
    const [row] = await rowsOf({
      system: 'Be brief.',
      history: [['Hi', 'Hello']],
      instruction: 'Translate.',
      input: 'Haus',
      output: 'house'
    });
    expect(row).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Translate.\n\nHaus' },
        { role: 'assistant', content: 'house' }
      ]
    });
  });

  it('ShareGPT speakers become roles; a system text comes first', async () => {
    const [row] = await rowsOf({
      system: 'Be brief.',
      conversations: [
        { from: 'Human', value: 'a' },
        { from: 'chatgpt', value: 'b' },
        { from: 'tool', value: 'c' }
      ]
    });
    expect(row).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user' }, { role: 'assistant' }, { role: 'tool' }]
    });
  });

  it("OpenAI's developer role is the system's", async () => {
    const [row] = await rowsOf({ messages: [{ role: 'developer', content: 'Be brief.' }, ...PAIR.messages] });
    expect(row).toMatchObject({ messages: [{ role: 'system', content: 'Be brief.' }, {}, {}] });
  });

  it('contributor and source pass through every shape', async () => {
    const origin = { contributor: 'Ann', source: 'forum' };
    const rows = await rowsOf(
      { messages: PAIR.messages, ...origin },
      { instruction: 'Why?', output: 'Because.', ...origin },
      { conversations: PAIR.messages, ...origin },
      { prompt: 'Why?', completion: 'Because.', ...origin },
      { text: 'Because.', ...origin, contributor: null }
    );
    expect(rows.slice(0, 4)).toEqual(Array(4).fill({ ...PAIR, ...origin }));
    expect(rows[4]).toEqual({ text: 'Because.', source: 'forum' });
  });

  it.each([
    [{ messages: [] }, 'messages: the conversation is empty'],
    [{ messages: 'hi' }, 'messages: expected a list of messages'],
    [{ messages: [{ role: 'user', content: ' ' }] }, 'messages: every message is empty'],
    [
      { messages: [{ role: 'user', content: 5 }] },
      'messages[0].content: expected text or a list of text parts'
    ],
    [
      { messages: [PAIR.messages[0], { content: 'x' }] },
      'messages[1].role: expected text, received undefined'
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      /content\[0\]: only text .* "image_url"/
    ],
    [
      { messages: [{ role: 'assistant', content: null, tool_calls: [] }] },
      /messages\[0\]\.content: expected text/
    ],
    [{ instruction: 'a', output: ' ' }, 'output: the answer is empty'],
    [
      { conversations: [{ from: 'human', value: 1 }] },
      'conversations[0].value: expected text or a list of text parts'
    ],
    [{ prompt: 'a', completion: '' }, 'completion: the answer is empty'],
    [{ prompt: 'a', completion: 3 }, 'completion: expected text or a list of messages'],
    [{ text: '' }, 'text: the text is empty'],
    [{ text: 'a', contributor: 5 }, 'contributor: expected text, received number'],
    [{ question: 'a' }, /no known shape has the keys "question"; expected messages/],
    [{}, /no known shape has the keys \(none\)/],
    [[1], 'not a JSON object'],
    ['text', 'not a JSON object'],
    [null, 'not a JSON object']
  ])('%j is refused: %s', async (value, reason) => {
    expect(await reasonFor(value)).toEqual(
      typeof reason === 'string' ? reason : expect.stringMatching(reason)
    );
  });
});

describe('files', () => {
  const good = JSON.stringify(PAIR);

  it('are mixed line by line, and broken lines are listed beside the kept rest', async () => {
    const file = [
      '\uFEFF',
      good,
      '{broken',
      '',
      '{"text":"a"}',
      '[1]',
      '{"prompt":"a","completion":"b"}',
      good
    ];
    const parsed = await parseRows('rows.jsonl', file.join('\r\n'));
    expect(parsed.rows).toHaveLength(4);
    expect(parsed.format).toBe('messages');
    expect(parsed.formats).toEqual({ messages: 2, text: 1, 'prompt/completion': 1 });
    expect(parsed.problems).toMatchObject([
      { line: 3, excerpt: '{broken', reason: expect.stringMatching(/^not valid JSON: /) },
      { line: 6, excerpt: '[1]', reason: 'not a JSON object' }
    ]);
  });

  it('are known by content, whatever they are called', async () => {
    expect((await parseRows('rows.txt', good)).format).toBe('messages');
    expect((await parseRows('notes', 'Once upon\na time.\n\nThe end.')).rows).toEqual([
      { text: 'Once upon\na time.' },
      { text: 'The end.' }
    ]);
    expect((await parseRows('rows.txt', '[INST] is prose here\n{so is this')).rows).toHaveLength(1);
    expect((await parseRows('rows.jsonl', 'garbage\n' + good)).rows).toEqual([PAIR]);
  });

  it('may be one JSON array or one object over several lines', async () => {
    const array = await parseRows('rows.json', JSON.stringify([PAIR, { text: '' }, PAIR], null, 2));
    expect(array.rows).toEqual([PAIR, PAIR]);
    expect(array.problems).toEqual([{ line: 2, reason: 'text: the text is empty', excerpt: '{"text":""}' }]);
    expect((await parseRows('rows', JSON.stringify([PAIR]))).rows).toEqual([PAIR]);
    expect((await parseRows('row.json', JSON.stringify(PAIR, null, 2))).rows).toEqual([PAIR]);
  });

  it('that nest without end are problems, not crashes', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect((await parseRows('deep.json', `[{"text":"a"},${deep}]`)).problems).toEqual([
      { line: 2, reason: 'not a JSON object', excerpt: '(nested too deep to show)' }
    ]);
  });

  it('that only look like an array are read line by line', async () => {
    const parsed = await parseRows('rows.jsonl', `[{"text":"a"},\n${good}\n`);
    expect(parsed.rows).toEqual([PAIR]);
    expect(parsed.problems).toMatchObject([{ line: 1 }]);
  });

  it('that are empty have no rows, and say so when rows are required', async () => {
    for (const text of ['', '\n \n', '\uFEFF']) {
      const parsed = await parseRows('empty.jsonl', text);
      expect(parsed).toMatchObject({ rows: [], format: 'none', problemCount: 0 });
      expect(() => requireRows(parsed)).toThrow(NoRowsError);
    }
    const broken = await parseRows('broken.jsonl', 'x\ny');
    expect(() => requireRows(broken)).toThrow(
      /broken\.jsonl has no row.*First of 2 problems, line 1: not valid JSON/
    );
  });

  it('list only so many problems but count all', async () => {
    const parsed = await parseRows('rows.jsonl', 'x\n'.repeat(50), { maxProblems: 3 });
    expect(parsed.problems).toHaveLength(3);
    expect(parsed.problemCount).toBe(50);
  });

  it('with a line too long to keep lose that line only', async () => {
    const parsed = await parseRows('rows.jsonl', `${good}\n{"text":"${'x'.repeat(5000)}"}\n${good}`, {
      maxLineBytes: 1000
    });
    expect(parsed.rows).toEqual([PAIR, PAIR]);
    expect(parsed.problems).toMatchObject([{ line: 2, reason: 'longer than 1000 bytes (5011)' }]);
    expect(parsed.problems[0].excerpt).toHaveLength(120);
  });

  it('keep a long text without blank lines, in parts', async () => {
    const parsed = await parseRows('book.txt', 'word word word\n'.repeat(200), { maxLineBytes: 1000 });
    expect(parsed.rows.length).toBeGreaterThan(1);
    expect(parsed.rows.map((row) => 'text' in row && row.text).join('\n')).toBe(
      'word word word\n'.repeat(200).trim()
    );
    expect(parsed.problems).toEqual([]);
  });

  it('show excerpts on one line', async () => {
    const parsed = await parseRows('rows.jsonl', `{"a":"\u0001\t\u2028${'é🎉'.repeat(200)}"}`);
    expect(parsed.problems[0].excerpt).not.toMatch(/[\u0000-\u001f\u2028]/); // eslint-disable-line no-control-regex
    expect(parsed.problems[0].excerpt.length).toBeLessThanOrEqual(120);
    expect(parsed.problems[0].excerpt.isWellFormed()).toBe(true);
  });
});

describe('anything at all', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc
      .dictionary(
        fc.constantFrom(
          'messages',
          'conversations',
          'instruction',
          'output',
          'prompt',
          'completion',
          'text',
          '__proto__'
        ),
        fc.oneof(fc.jsonValue(), fc.constant([{ role: 'user', content: 'x' }]), fc.constant('x'))
      )
      .map((value) => JSON.stringify(value))
  );
  const file = fc.array(line, { maxLength: 12 });

  it('is parsed without a crash, and every line is a row, blank, or a problem', async () => {
    await fc.assert(
      fc.asyncProperty(file, async (lines) => {
        const parsed = await parseRows('rows.jsonl', `{"text":"first"}\n${lines.join('\n')}`);
        const filled = lines
          .join('\n')
          .split('\n')
          .filter((part) => part.trim() !== '');
        expect(parsed.rows.length + parsed.problemCount).toBe(1 + filled.length);
      }),
      fuzz(100)
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('a.txt', 'a.json', 'a'), fc.uint8Array(), async (name, bytes) => {
        await expect(parseRows(name, [bytes])).resolves.toBeDefined();
      }),
      fuzz(100)
    );
  });

  it('that is text stays that text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        async (question, answer) => {
          fc.pre(answer.trim() !== '');
          const value = { prompt: question, completion: answer, contributor: '<script>' };
          const [row] = await rowsOf(value);
          expect(row).toEqual({
            messages: [
              { role: 'user', content: question },
              { role: 'assistant', content: answer }
            ],
            contributor: '<script>'
          });
        }
      ),
      fuzz(100)
    );
  });

  it('does not depend on where the bytes are split', async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 9 }), async (lines, size) => {
        const text = lines.join('\n').toWellFormed();
        const bytes = new TextEncoder().encode(text);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size)
        );
        expect(await parseRows('rows.jsonl', chunks)).toEqual(
          await parseRows('rows.jsonl', new Blob([bytes]))
        );
      }),
      fuzz(100)
    );
  });
});

it('does not hold up its thread over a hundred thousand rows, and can be aborted', async () => {
  const line = `${JSON.stringify({ ...PAIR, source: 'x'.repeat(200) })}\n`;
  const file = new Blob([line.repeat(100_000)]);
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 1);
  const parsed = await parseRows('many.jsonl', file);
  clearInterval(timer);
  expect(parsed.rows).toHaveLength(100_000);
  expect(ticks).toBeGreaterThan(10);

  const abort = new AbortController();
  const aborted = parseRows('many.jsonl', file, {
    signal: abort.signal,
    onProgress: () => abort.abort(new Error('enough'))
  });
  await expect(aborted).rejects.toThrow('enough');
}, 60_000);
