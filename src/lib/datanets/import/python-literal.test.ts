import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { mapRecord, guessMapping } from './mapping';
import { parsePythonLiteral, PythonLiteralError } from './python-literal';

describe('a Python literal', () => {
  it.each([
    [`[{'role': 'user', 'content': "What's this?"}]`, [{ role: 'user', content: "What's this?" }]],
    [String.raw`'a\n\t\'\"\\ \x41 \u00e9 \U0001f600 \101 \q'`, 'a\n\t\'"\\ A é 😀 A \\q'],
    [`("a", 1, -2.5, 1e3, True, False, None, 1_000)`, ['a', 1, -2.5, 1000, true, false, null, 1000]],
    [`{'a': {'b': []}, 2: ()}`, { a: { b: [] }, 2: [] }],
    [`{1, 2}`, [1, 2]],
    [`'''two\nlines'''`, 'two\nlines'],
    [String.raw`r'\d' `, '\\d'],
    ['9007199254740993', 9007199254740993n],
    // NumPy: arrays of objects as `datasets` and pandas write them, without commas and over lines.
    [
      `array([{'from': 'human', 'value': 'x'},\n       {'from': 'gpt', 'value': 'y'}], dtype=object)`,
      [
        { from: 'human', value: 'x' },
        { from: 'gpt', value: 'y' }
      ]
    ],
    [`[{'role': 'user'}\n {'role': 'assistant'}]`, [{ role: 'user' }, { role: 'assistant' }]],
    [`['a' 'b']`, ['a', 'b']],
    [`[1. 2. nan]`, [1, 2, NaN]],
    [`{'x': array([1, 2], dtype='<i8')}`, { x: [1, 2] }]
  ])('%j is read', (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  it.each([
    ['[{"a": 1} ... {"a": 9}]', 'shortened'],
    ['[1, 2', 'ends too early'],
    ["'open", 'never ends'],
    ['__import__("os")', 'unexpected'],
    ['datetime.date(2026, 1, 1)', 'unexpected'],
    ['[1] 2', 'unexpected "2" at character 5'],
    ['['.repeat(100), 'nests deeper than 64'],
    ['{[1]: 2}', 'unexpected']
  ])('%j is refused', (text, message) => {
    expect(() => parsePythonLiteral(text)).toThrow(PythonLiteralError);
    expect(() => parsePythonLiteral(text)).toThrow(message);
  });

  it('is read or refused in a time that grows with its length, whatever it is', () => {
    const text = fc.string({ unit: fc.constantFrom(...`[]{}(),:'"\\x1 \nNonearray=.`), maxLength: 200 });
    fc.assert(
      fc.property(text, (literal) => {
        try {
          parsePythonLiteral(literal);
        } catch (error) {
          expect(error).toBeInstanceOf(PythonLiteralError);
        }
      }),
      fuzz(2000)
    );
    const started = performance.now();
    expect((parsePythonLiteral(`[${"'x', ".repeat(200_000)}]`) as string[]).length).toBe(200_000);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('cells that hold conversations', () => {
  const turns = "[{'role': 'user', 'content': 'x'}, {'role': 'assistant', 'content': 'y'}]";

  it('are never learnt as text, whatever column is chosen', () => {
    expect(() => mapRecord({ t: turns }, { to: 'text', column: 't' })).toThrow('t: holds a conversation');
    expect(() => mapRecord({ q: 'x', a: turns }, { to: 'chat', user: 'q', assistant: 'a' })).toThrow(
      'a: holds a conversation'
    );
    // Shortened by NumPy: not to be read, and not words either.
    expect(() =>
      mapRecord({ t: "[{'role': 'user', 'content': 'x'} ... ]" }, { to: 'text', column: 't' })
    ).toThrow('holds a conversation');
    expect(mapRecord({ t: "{'a': 1}" }, { to: 'text', column: 't' })).toEqual({ text: "{'a': 1}" });
  });

  it('are found under names that say nothing, where only one column has them', () => {
    expect(guessMapping(['id', 'what'], [{ id: 1, what: turns }])).toEqual({
      to: 'messages',
      column: 'what'
    });
    expect(
      guessMapping(['prompt', 'chosen', 'rejected'], [{ prompt: 'x', chosen: turns, rejected: turns }])
    ).toEqual({
      to: 'messages',
      column: 'chosen'
    });
  });

  it('may be written by Python in tags, too', () => {
    const columns = { tags: 'k' };
    const tagsOf = (k: string) => mapRecord({ t: 'x', k }, { to: 'text', column: 't', columns });
    expect(tagsOf("['sea', 'wind']")).toMatchObject({ tags: ['sea', 'wind'] });
    expect(tagsOf('["sea", "wind"]')).toMatchObject({ tags: ['sea', 'wind'] });
    expect(tagsOf('sea; wind')).toMatchObject({ tags: ['sea', 'wind'] });
  });
});
