import { expect, test } from 'vitest';
import { tokenizerNotices } from './tokenizer-agreement';

const tokenizerJson = {
  added_tokens: [{ id: 2, content: '<eos>', special: true }],
  model: { vocab: { a: 0, b: 1 } }
};
const notices = (tokenizerConfig: unknown) => tokenizerNotices({ tokenizerJson, tokenizerConfig });
const decoder = (entries: Record<string, string>) => ({
  added_tokens_decoder: Object.fromEntries(
    Object.entries(entries).map(([id, content]) => [id, { content, special: true }])
  )
});

test('two files that name the same tokens agree', () => {
  expect(notices({ ...decoder({ 2: '<eos>' }), eos_token: '<eos>', bos_token: null })).toEqual([]);
  expect(notices({ eos_token: { content: '<eos>', lstrip: false } })).toEqual([]);
  expect(notices(undefined)).toEqual([]);
});

test('a token that only one of them has is told', () => {
  expect(notices({ ...decoder({ 3: '<tool>' }), eos_token: '<|end|>' })).toEqual([
    'tokenizer_config.json names "<tool>", "<|end|> (eos_token)", which tokenizer.json does not have: such text is taken apart like any other.'
  ]);
});

test.each([
  [{ 1: '<eos>' }, 'disagree about "<eos>": it is "2" in the first and "1" in the second'],
  [{ 2: '<end>' }, 'disagree about "id 2": it is "<eos>" in the first and "<end>" in the second'],
  [{ 5: 'a' }, 'disagree about "a": it is "0" in the first and "5" in the second']
])('one id or token with two meanings is refused: %j', (entries, message) => {
  expect(() => notices(decoder(entries))).toThrow(message);
});
