import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinear } from '../../tests/support/cost';
import { fuzz } from '../../tests/support/fuzz';
import { JsonBoundsError, MAX_JSON_DEPTH, parseJson } from './json';

const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth);

describe('JSON of anybody', () => {
  it('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJson('a.json', text)).toEqual(JSON.parse(text));
      }),
      fuzz(200)
    );
    expect(() => parseJson('a.json', '{"a":')).toThrow(SyntaxError);
  });

  it('is as deep as it may be, and no deeper', () => {
    expect(parseJson('a.json', nested(MAX_JSON_DEPTH))).toBeTruthy();
    for (const text of [
      nested(MAX_JSON_DEPTH + 1),
      nested(5000),
      nested(100, '{"a":', '}'),
      '['.repeat(1e6)
    ]) {
      expect(() => parseJson('config.json', text)).toThrow(
        'config.json nests lists and objects more than 64 deep, which no such file does.'
      );
    }
  });

  it('may have any brackets and quotes in its strings', () => {
    for (const value of [
      '['.repeat(500),
      `"${'{'.repeat(500)}`,
      '\\',
      '\\"[',
      '\\\\"'.repeat(99) + '['.repeat(99)
    ]) {
      expect(parseJson('a', JSON.stringify([value, { [value]: value }]))).toEqual([
        value,
        { [value]: value }
      ]);
    }
    expect(() => parseJson('a', `["\\\\",${nested(70)}]`)).toThrow(JsonBoundsError);
  });

  it('is refused by its length before it is looked at', () => {
    expect(() => parseJson('a.json', '[1,2,3]', 6)).toThrow(
      'a.json is JSON of 7 characters; here it has at most 6.'
    );
  });

  it.each([
    ['strings', (n: number) => JSON.stringify('a'.repeat(n))],
    ['backslashes', (n: number) => `"${'\\\\'.repeat(n / 2)}"`],
    ['quotes', (n: number) => `"${'\\"'.repeat(n / 2)}"`],
    ['brackets', (n: number) => `[${'[],'.repeat(n / 3)}0]`],
    ['keys', (n: number) => `{${Array.from({ length: n / 12 }, (_, i) => `"a${i}":0`).join()}}`]
  ])('takes no longer than its length says: %s', async (what, make) => {
    await expectLinear(what, 2e6, (n) => parseJson('a.json', make(n)));
  });
});
