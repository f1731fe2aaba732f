import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openGguf } from './gguf';
import { ggufTokenizer, GgufTokenizerError } from './gguf-tokenizer';
import { fromFile } from './node-source';
import { fromBytes } from './source';
import { golden } from './testing';
import { testGguf, type TestValue } from './testing-gguf';
import { loadTokenizer } from './tokenizer';

type Texts = Record<string, { text: string; ids: number[]; decoded: string }[]>;

const tokenizerOf = async (name: string) =>
  ggufTokenizer(await openGguf(await fromFile(golden(`gguf/tokenizers/${name}.gguf`))));

describe.each(['spm', 'gpt-2', 'llama-bpe', 'qwen2', 'tekken'])('a tokenizer of the kind %s', (name) => {
  it('gives the ids and texts of the reference library', async () => {
    const texts = (JSON.parse(await readFile(golden('gguf/tokenizers/texts.json'), 'utf8')) as Texts)[name];
    const tokenizer = await loadTokenizer(await tokenizerOf(name));
    for (const { text, ids, decoded } of texts) {
      expect(tokenizer.encode(text, { addSpecialTokens: false }), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(decoded);
    }
  });
});

describe('the tokenizer in GGUF', () => {
  const text = (key: string, value: string): [string, TestValue] => [
    `tokenizer.ggml.${key}`,
    { type: 'string', value }
  ];
  const list = (
    key: string,
    of: 'string' | 'u32' | 'f32',
    values: (string | number)[]
  ): [string, TestValue] => [`tokenizer.ggml.${key}`, { type: 'array', of, values }];
  const id = (key: string, value: number): [string, TestValue] => [
    `tokenizer.ggml.${key}`,
    { type: 'u32', value }
  ];
  const flag = (key: string, value: boolean): [string, TestValue] => [
    `tokenizer.ggml.${key}`,
    { type: 'bool', value }
  ];
  const read = async (...metadata: [string, TestValue][]) =>
    ggufTokenizer(await openGguf(fromBytes('m.gguf', testGguf({ metadata }))));
  const bpe = [
    text('model', 'gpt2'),
    list('tokens', 'string', ['<s>', '</s>', 'a', 'b', 'ab', '<tool>']),
    list('token_type', 'u32', [3, 3, 1, 1, 1, 4]),
    list('merges', 'string', ['a b']),
    id('bos_token_id', 0),
    id('eos_token_id', 1)
  ];

  it('with pieces that no vocabulary has is refused before they are split', async () => {
    const long = 'a'.repeat(2 ** 15);
    const spm = [
      text('model', 'llama'),
      list('tokens', 'string', ['<unk>', long]),
      list('scores', 'f32', [0, 0]),
      list('token_type', 'u32', [2, 1])
    ];
    await expect(read(...spm)).rejects.toThrow("has tokens longer than any vocabulary's");
  });

  it('begins texts with BOS where the file or the kind says so, and ends them where the file does', async () => {
    const encode = async (...more: [string, TestValue][]) =>
      (await loadTokenizer(await read(...bpe, ...more))).encode('ab<tool>');
    expect(await encode(text('pre', 'gpt-2'))).toEqual([4, 5]);
    expect(await encode(text('pre', 'gpt-2'), flag('add_bos_token', true))).toEqual([0, 4, 5]);
    expect(await encode(text('pre', 'llama-bpe'))).toEqual([0, 4, 5]);
    expect(await encode(text('pre', 'llama-bpe'), flag('add_bos_token', false))).toEqual([4, 5]);
    expect(await encode(text('pre', 'gpt-2'), flag('add_eos_token', true))).toEqual([4, 5, 1]);
  });

  it('brings its chat template and the names of special tokens', async () => {
    const files = await read(...bpe, text('pre', 'gpt-2'), [
      'tokenizer.chat_template',
      { type: 'string', value: '{{ messages }}' }
    ]);
    expect(files.chatTemplate).toBe('{{ messages }}');
    expect(files.tokenizerConfig).toMatchObject({
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: null,
      chat_template: '{{ messages }}'
    });
  });

  it.each<[string, [string, TestValue][], string]>([
    ['is absent', [], 'tokenizer.ggml.tokens is missing'],
    [
      'is of another kind',
      [text('model', 'bert'), list('tokens', 'string', ['a'])],
      'm.gguf has a tokenizer of the kind bert; gpt2 and llama are read.'
    ],
    [
      'splits by an unknown rule',
      [...bpe, text('pre', 'viking')],
      'm.gguf splits text by the rule viking, which is unknown here'
    ],
    ['names no rule', bpe, 'm.gguf splits text by the rule of no name'],
    [
      'has types for other tokens',
      [...bpe.slice(0, 2), list('token_type', 'u32', [1])],
      'tokenizer.ggml.token_type is missing or malformed'
    ],
    [
      'has no merges',
      [...bpe.slice(0, 3), text('pre', 'gpt-2')],
      'tokenizer.ggml.merges is missing or malformed'
    ],
    [
      'has a merge of one',
      [...bpe.slice(0, 3), text('pre', 'gpt-2'), list('merges', 'string', ['ab'])],
      'm.gguf has the merge "ab", which is no pair.'
    ],
    [
      'has no scores',
      [text('model', 'llama'), ...bpe.slice(1, 3)],
      'tokenizer.ggml.scores is missing or malformed'
    ]
  ])('is refused when it %s', async (_, metadata, message) => {
    const reading = read(...metadata);
    await expect(reading).rejects.toThrow(GgufTokenizerError);
    await expect(reading).rejects.toThrow(message);
  });
});
