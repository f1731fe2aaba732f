import { describe, expect, it } from 'vitest';
import type { Row } from '../row';
import { checkEmpty } from './empty';
import { ExactDuplicates } from './exact-duplicates';
import { checkSchema } from './schema';
import { checkTruncated } from './truncated';

const chat = (...turns: string[]): Row => ({
  messages: turns.map((turn) => {
    const at = turn.indexOf(':');
    return { role: turn.slice(0, at), content: turn.slice(at + 1) };
  })
});

const kinds = (check: typeof checkSchema, row: Row) => check({ key: 7, row }).map(({ kind }) => kind);

describe('schema', () => {
  it.each<[string[], Row]>([
    [[], { text: 'anything' }],
    [[], chat('user:q', 'assistant:a')],
    [[], chat('system:s', 'user:q', 'assistant:a', 'tool:t', 'tool:t', 'assistant:a')],
    [['no-answer'], chat('user:q')],
    [['no-answer'], { messages: [] }],
    [['role-order'], chat('assistant:a', 'user:q', 'assistant:a')],
    [['role-order'], chat('user:q', 'user:q', 'assistant:a')],
    [['role-order'], chat('user:q', 'assistant:a', 'system:s')],
    [['unknown-role'], chat('user:q', 'narrator:n', 'assistant:a')],
    [['no-last-answer'], chat('user:q', 'assistant:a', 'user:q')],
    [['ill-formed'], { text: 'half \ud83d of one' }]
  ])('says %j of a row', (expected, row) => {
    expect(kinds(checkSchema, row)).toEqual(expected);
  });

  it('names the row and the turn', () => {
    expect(checkSchema({ key: 7, row: chat('user:q', 'user:qq', 'assistant:a') })).toEqual([
      {
        check: 'schema',
        severity: 'warning',
        row: 7,
        kind: 'role-order',
        message: 'Turns 1 and 2 are both of the role "user".',
        span: { field: 'messages.1.content', start: 0, end: 2 }
      }
    ]);
  });
});

describe('empty', () => {
  it('takes spaces and what has no width for nothing', () => {
    expect(kinds(checkEmpty, { text: '' })).toEqual(['empty']);
    expect(kinds(checkEmpty, { text: ' \n\u200b\u00a0\ufeff' })).toEqual(['empty']);
    expect(kinds(checkEmpty, chat('system:', 'user:q', 'assistant: '))).toEqual(['empty-turn', 'empty']);
    expect(kinds(checkEmpty, { text: '.' })).toEqual([]);
    expect(kinds(checkEmpty, { text: '👍' })).toEqual([]);
  });
});

describe('truncated', () => {
  const prose = 'The mill stands by the river. It was built of stone. Nobody lives there now. ';
  it.each([
    [`${prose}The last miller went away in the winter of the great fl`, 'open-sentence'],
    [`${prose}He left his dog, his boots, his debts and everything else,`, 'open-sentence'],
    ['It is well known that this can only be explained by the', 'open-sentence'],
    [`${prose}Then the water rose, and rose, and...`, 'ellipsis'],
    ['Here is how to do it:\n```js\nconst a = 1;\nconst b =', 'open-code'],
    ['~~~\nx\n```\nstill code, as other marks do not close it', 'open-code'],
    [
      '川のそばに水車小屋がある。石でできている。今は誰も住んでいない。最後の粉屋は大洪水の冬に去って行ったと言われているが、その理由を知っている人はもう誰もいないし、',
      'open-sentence'
    ]
  ])('%j', (text, kind) => {
    expect(kinds(checkTruncated, { text })).toEqual([kind]);
  });

  it.each([
    '42',
    'Paris',
    'the capital of France is the city that everybody knows as Paris',
    `${prose}It is quiet.`,
    `${prose}"Nobody ever comes back to that place at all," she said (and left).`,
    `${prose}It was sold three times:\n- 1890\n- 1912 to a man from the next village, who burnt it`,
    `${prose}\n\nYours sincerely\nAda Marsh`,
    `${prose}See https://example.org/a/very/long/address/that/ends/without/a/stop`,
    'Do this:\n```js\nconst a = 1;\n```\nDone.',
    'Do this:\n````md\n```js\n```\n````',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    'Wait…',
    `${prose}Nice place 🙂`
  ])('leaves %j alone', (text) => {
    expect(kinds(checkTruncated, { text })).toEqual([]);
  });

  it('lets people ask as they like', () => {
    expect(
      kinds(
        checkTruncated,
        chat(`user:${prose}so what does it mean when somebody says the`, 'assistant:It means much.')
      )
    ).toEqual([]);
  });
});

describe('exact duplicates', () => {
  it('points at the first row of the same words, whoever wrote it, and at that of the Datanet before', () => {
    const exact = new ExactDuplicates();
    exact.addOther({ key: 3, row: { text: 'there' } });
    expect(exact.check({ key: 0, row: { text: 'new', contributor: 'Ada' } })).toEqual([]);
    expect(exact.check({ key: 1, row: { text: 'New' } })).toEqual([]);
    expect(exact.check({ key: 2, row: { text: 'new', contributor: 'Bo' } })).toMatchObject([
      { row: 2, kind: 'in-set', other: { row: 0, similarity: 1 } }
    ]);
    expect(exact.check({ key: 4, row: { text: 'there' } })).toMatchObject([
      { kind: 'in-datanet', other: { row: 3, of: 'datanet' } }
    ]);
    // Has no CID; the schema check tells.
    expect(exact.check({ key: 5, row: { text: '\ud800' } })).toEqual([]);
    expect(exact.check({ key: 6, row: { text: '\ud800' } })).toEqual([]);
  });
});
