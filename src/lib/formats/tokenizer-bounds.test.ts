import { describe, expect, it } from 'vitest';
import { expectLinear, expectQuick } from '../../../tests/support/cost';
import { PRE_TOKENIZERS } from './gguf-pretokenizers';
import { loadTokenizer } from './tokenizer';
import { repeatsRepeats, TokenizerBoundsError } from './tokenizer-bounds';

const base = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] }
};
const load = (changes: Record<string, unknown>) =>
  loadTokenizer({ tokenizerJson: { ...base, ...changes }, tokenizerConfig: null });
const vocab = (entries: unknown) => ({ model: { ...base.model, vocab: entries } });
const replace = (content: string, pattern: unknown = { String: 'a' }) => ({
  type: 'Replace',
  pattern,
  content
});
const split = (regex: string) => ({
  type: 'Split',
  pattern: { Regex: regex },
  behavior: 'Isolated',
  invert: false
});

describe('a tokenizer.json of anybody', () => {
  it.each([
    ['an id of 4,000,000,000', vocab({ a: 0, b: 4_000_000_000 }), 'the token "b" has the id 4000000000'],
    ['an id below zero', vocab({ a: -1 }), 'the id -1'],
    ['an id between', vocab({ a: 0.5 }), 'the id 0.5'],
    ['an id that is a name', vocab({ a: 'length' }), 'the id "length"'],
    [
      'an added id',
      { added_tokens: [{ id: 2 ** 31, content: '<s>', special: true }] },
      'the token "<s>" has the id 2147483648'
    ],
    ['an added token without text', { added_tokens: [null] }, 'an added token has no text'],
    ['added tokens that are none', { added_tokens: { length: 1e9 } }, 'its added tokens are no list'],
    ['a long token', vocab({ ['a'.repeat(3000)]: 0 }), 'has 3000 characters, more than 2048'],
    ['pieces that are none', vocab([['a', 0], 7]), 'a piece of its vocabulary is no token with a score'],
    ['merges that are none', { model: { ...base.model, merges: { length: 1e9 } } }, 'its merges are no list'],
    [
      'replacements that grow',
      { normalizer: { type: 'Sequence', normalizers: Array.from({ length: 7 }, () => replace('aa')) } },
      'normalizer makes a text more than 64 times as long'
    ],
    [
      'replacements of nothing',
      {
        normalizer: {
          type: 'Sequence',
          normalizers: Array.from({ length: 7 }, () => replace('b', { Regex: '' }))
        }
      },
      'normalizer makes a text more than 64 times as long'
    ],
    [
      'a pattern without end',
      { pre_tokenizer: split('(a+)+$') },
      'a pattern of pre_tokenizer, "(a+)+$", repeats what repeats'
    ],
    [
      'many parts',
      { post_processor: { type: 'Sequence', processors: Array.from({ length: 10_001 }, () => 0) } },
      'post_processor has more than 10000 parts'
    ]
  ])('is refused at once: %s', async (what, changes, message) => {
    await expectQuick(what, async () => {
      const loading = load(changes);
      await expect(loading).rejects.toThrow(TokenizerBoundsError);
      await expect(load(changes)).rejects.toThrow(message);
    });
  });

  it('takes no longer than its vocabulary says', async () => {
    await load({});
    await expectLinear('a vocabulary', 50_000, (size) =>
      load(vocab(Object.fromEntries(Array.from({ length: size }, (_, id) => [`t${id}`, id]))))
    );
    await expectLinear('added tokens', 4000, (size) =>
      load({
        added_tokens: Array.from({ length: size }, (_, id) => ({ id, content: `<${id}>`, special: true }))
      })
    );
  });

  it('with holes among its ids is read, the highest counting', async () => {
    const tokenizer = await load(vocab({ a: 0, b: 1, ab: 900_000 }));
    expect(tokenizer.vocabSize).toBe(900_001);
    expect(tokenizer.encode('ab', { addSpecialTokens: false })).toEqual([900_000]);
  });
});

describe('patterns', () => {
  it.each([
    '(a+)+',
    '(a*)*b',
    '(?:a|a)*$',
    '(?:(?:a+)b?)+',
    '([ab]+){2,}',
    '(a|b|ab){1,99}',
    '((a+))+',
    '(\\s+|x)+'
  ])('that may never end are known: %s', (source) => expect(repeatsRepeats(source)).toBe(true));

  it.each([
    'a+',
    '(?:abc)+',
    '(a+)?',
    '(?:a|b){1,3}',
    '[(a+)+]+',
    '\\(a+\\)+',
    ' ?[^(\\s|[.,!?…。，、।۔،])]+',
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
  ])('that published tokenisers have, and others that end, are taken: %s', (source) =>
    expect(repeatsRepeats(source)).toBe(false)
  );

  it('of all tokenisers that GGUF names are taken', () => {
    const regexes = JSON.stringify([...PRE_TOKENIZERS.values()], null, 1).match(/"Regex": ".*"/g) ?? [];
    expect(regexes.length).toBeGreaterThan(3);
    for (const line of regexes) {
      const { Regex } = JSON.parse(`{${line}}`) as { Regex: string };
      expect(repeatsRepeats(Regex), Regex).toBe(false);
    }
  });
});
