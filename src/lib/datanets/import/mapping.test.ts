import { describe, expect, it } from 'vitest';
import { MappingError } from './errors';
import type { ImportMapping } from './import';
import { guessMapping, mapRecord, requireColumns } from './mapping';

const MESSAGES = [
  { role: 'user', content: 'Why?' },
  { role: 'assistant', content: 'Because.' }
];

describe('a guess', () => {
  it.each<[string[], ImportMapping]>([
    [['question', 'answer'], { to: 'chat', user: 'question', assistant: 'answer' }],
    [
      ['id', 'Instruction', 'input', 'Output'],
      { to: 'chat', user: 'Instruction', context: 'input', assistant: 'Output' }
    ],
    [
      ['context', 'question', 'response', 'category', 'author'],
      {
        to: 'chat',
        user: 'question',
        context: 'context',
        assistant: 'response',
        columns: { contributor: 'author' }
      }
    ],
    [
      ['system_prompt', 'prompt', 'completion', 'url', 'license'],
      {
        to: 'chat',
        system: 'system_prompt',
        user: 'prompt',
        assistant: 'completion',
        columns: { source: 'url', licence: 'license' }
      }
    ],
    [['input', 'output'], { to: 'chat', user: 'input', assistant: 'output' }],
    [
      ['id', 'text', 'Split', 'tags'],
      { to: 'text', column: 'text', columns: { tags: 'tags', split: 'Split' } }
    ]
  ])('by the names %j', (columns, mapping) => {
    expect(guessMapping(columns, [])).toEqual(mapping);
  });

  it('takes the column with the longest texts where no name tells', () => {
    expect(guessMapping(['a', 'b'], [{ a: 'x', b: 'a long text' }])).toEqual({ to: 'text', column: 'b' });
  });

  it('finds conversations, as lists and as JSON', () => {
    const expected = { to: 'messages', column: 'conversations' };
    const turns = [{ from: 'human', value: 'Why?' }];
    expect(guessMapping(['conversations', 'text'], [{ conversations: turns }])).toEqual(expected);
    expect(guessMapping(['conversations'], [{ conversations: JSON.stringify(turns) }])).toEqual(expected);
  });

  it('leaves sides that are lists of messages to the known shapes', () => {
    const record = { prompt: [MESSAGES[0]], completion: [MESSAGES[1]] };
    expect(guessMapping(['prompt', 'completion'], [record])).toEqual({ to: 'rows' });
    expect(mapRecord(record, { to: 'rows' })).toEqual({ messages: MESSAGES });
  });
});

describe('a record becomes a row', () => {
  it('of question, context and answer, with what columns say of it', () => {
    const record = {
      s: 'Be brief.',
      q: 'Why?',
      c: 'It rains.',
      a: 'Because.',
      who: 'Ann',
      tags: 'x; y,x',
      part: 'dev',
      n: 4
    };
    expect(
      mapRecord(record, {
        to: 'chat',
        system: 's',
        user: 'q',
        context: 'c',
        assistant: 'a',
        source: 'forum',
        contributor: 'nobody',
        columns: { contributor: 'who', tags: 'tags', split: 'part' }
      })
    ).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Why?\n\nIt rains.' },
        { role: 'assistant', content: 'Because.' }
      ],
      source: 'forum',
      contributor: 'Ann',
      tags: ['x', 'y'],
      split: 'validation'
    });
  });

  it('without system and context where these cells are empty', () => {
    const mapping = { to: 'chat', system: 's', user: 'q', context: 'c', assistant: 'a' } as const;
    expect(mapRecord({ s: '', q: 'Why?', c: null, a: 'Because.' }, mapping)).toEqual({ messages: MESSAGES });
  });

  it('of a conversation in a column', () => {
    for (const value of [MESSAGES, JSON.stringify(MESSAGES)]) {
      expect(mapRecord({ m: value }, { to: 'messages', column: 'm' })).toEqual({ messages: MESSAGES });
    }
  });

  it('of text, numbers too', () => {
    expect(mapRecord({ t: 7n }, { to: 'text', column: 't', licence: 'CC0-1.0' })).toEqual({
      text: '7',
      licence: 'CC0-1.0'
    });
  });

  it('and keeps what rows of a Datanet carry; other uses of the names are not meant', () => {
    const row = { text: 'a', contributor: 'Ann', licence: 'MIT', tags: ['x'], split: 'test', drafted: true };
    expect(mapRecord(row, { to: 'rows', contributor: 'Bob', tags: ['y'] })).toEqual(row);
    expect(mapRecord({ text: 'a', tags: [1], split: 9, licence: {}, drafted: 'no' }, { to: 'rows' })).toEqual(
      { text: 'a' }
    );
  });

  it.each<[unknown, ImportMapping, string]>([
    [{ t: ' ' }, { to: 'text', column: 't' }, 't: empty'],
    [{}, { to: 'text', column: 'constructor' }, 'constructor: empty'],
    [{ t: ['x'] }, { to: 'text', column: 't' }, 't: expected text, received a list'],
    [{ q: 'x', a: '' }, { to: 'chat', user: 'q', assistant: 'a' }, 'a: empty'],
    [
      { m: 'x' },
      { to: 'messages', column: 'm' },
      'm: expected a list of messages, or one written as JSON or Python'
    ],
    [{}, { to: 'messages', column: 'm' }, 'messages: expected a list of messages'],
    [
      { t: 'x', s: 'other' },
      { to: 'text', column: 't', columns: { split: 's' } },
      's: "other" is none of train'
    ],
    [
      { t: 'x', s: 'y'.repeat(600) },
      { to: 'text', column: 't', columns: { source: 's' } },
      's: longer than 512'
    ],
    [{ t: '\ud800' }, { to: 'text', column: 't' }, 'half of a character'],
    [[1], { to: 'text', column: 't' }, 'not a JSON object']
  ])('or says why not: %j', (record, mapping, message) => {
    expect(() => mapRecord(record, mapping)).toThrow(message);
  });

  it('only by columns that are there', () => {
    const mapping = { to: 'chat', user: 'q', assistant: 'x', columns: { tags: 'y' } } as const;
    expect(() => requireColumns('a.csv', ['q', 'a'], mapping)).toThrow(MappingError);
    expect(() => requireColumns('a.csv', ['q', 'a'], mapping)).toThrow(
      'a.csv has no column "x", "y". It has: q, a.'
    );
  });
});
