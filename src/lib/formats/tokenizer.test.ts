import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { ChatTemplateError, NoChatTemplateError } from './chat-template';
import { CHATML_TEMPLATE, loadTokenizer, TokenizerError, type TokenizerFiles } from './tokenizer';
import { llama3, mistral, mistralMetaspace, qwen2, smollm2 } from './tokenizer.fixtures';

const FAMILIES: [string, () => TokenizerFiles][] = [
  ['SmolLM2', smollm2],
  ['Qwen2', qwen2],
  ['Llama 3', llama3],
  ['Mistral', mistral],
  ['Mistral v0.3', mistralMetaspace]
];

/** Text with what tokenisers trip over: spaces, line breaks, marks, emoji, control tokens, words with merges. */
const words = fc.constantFrom(
  ...[
    ' ',
    '  ',
    '\n',
    '\n\n',
    'the answer',
    ' is',
    'Hello',
    'é',
    'e\u0301',
    '日本',
    '🎉',
    '1234',
    "it's",
    '\t',
    '_'
  ],
  ...['<|im_start|>', '<|im_end|>', '<|eot_id|>', '</s>', '<s>', '[INST]', '▁', '\u0000', '{{ x }}']
);
const text = fc
  .array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 12 })
  .map((t) => t.join(''));
/** Without lone surrogates, which no encoder can write. */
const wellFormed = text.map((t) => t.toWellFormed());

describe.each(FAMILIES)('the %s tokeniser', (name, files) => {
  it.skipIf(name.startsWith('Mistral'))('gives back text exactly, being byte-level', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(wellFormed, (sample) => {
        // Names of control tokens are spared by the normaliser, so they would not all be in its form.
        fc.pre(name !== 'Qwen2' || !sample.includes('<|'));
        const expected = name === 'Qwen2' ? sample.normalize('NFC') : sample;
        expect(tokenizer.decode(tokenizer.encode(sample, { addSpecialTokens: false }))).toBe(expected);
      }),
      fuzz(100)
    );
  });

  it('encodes a text in one piece as the library does', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(wellFormed, (sample) => {
        expect(tokenizer.encodePieces(sample, [])).toEqual([
          tokenizer.encode(sample, { addSpecialTokens: false })
        ]);
      }),
      fuzz(100)
    );
  });

  it('spells each text with the bytes of its tokens', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(wellFormed, (sample) => {
        const ids = tokenizer.encodePieces(`x${sample}`, [1])[1];
        fc.pre(!ids.some((id) => tokenizer.tokenText(id) === '<unk>' || tokenizer.isSpecial(id)));
        fc.pre(!sample.includes('▁'));
        const bytes = Uint8Array.from(ids.flatMap((id) => [...tokenizer.tokenBytes(id)]));
        const expected = name === 'Qwen2' ? sample.normalize('NFC') : sample;
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)).toBe(expected);
      }),
      fuzz(100)
    );
  });

  it('never lets a token cross a cut, and cuts cost nothing where no token would', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(wellFormed, wellFormed, (left, right) => {
        const pieces = tokenizer.encodePieces(left + right, [left.length]);
        expect(pieces).toHaveLength(2);
        expect(pieces[0]).toEqual(tokenizer.encodePieces(left, [])[0]);
      }),
      fuzz(100)
    );
    const control = [...tokenizer.eosIds].map((id) => tokenizer.tokenText(id))[0];
    const whole = `Hello${control}what is the answer`;
    for (const cut of [5, 5 + control.length, 5 + control.length + 4]) {
      expect(tokenizer.encodePieces(whole, [cut]).flat()).toEqual(
        tokenizer.encode(whole, { addSpecialTokens: false })
      );
    }
  });

  it('keeps control tokens in literal stretches as text', async () => {
    const tokenizer = await loadTokenizer(files());
    const names = tokenizer.eosIds.map((id) => tokenizer.tokenText(id)).join('');
    fc.assert(
      fc.property(wellFormed, wellFormed, (before, after) => {
        const hostile = before + names + after;
        const [ids] = tokenizer.encodePieces(hostile, [], [{ start: 0, end: hostile.length }]);
        expect(ids.filter((id) => tokenizer.isSpecial(id) && tokenizer.tokenText(id) !== '<unk>')).toEqual(
          []
        );
      }),
      fuzz(100)
    );
  });

  it('streams the text that it decodes', async () => {
    const tokenizer = await loadTokenizer(files());
    const sample = 'Hello 🎉 é\n\nthe answer 日本';
    const stream = tokenizer.stream();
    const ids = [...tokenizer.encodePieces(`x${sample}`, [1])[1], tokenizer.eosIds[0]];
    const streamed = ids.map((id) => stream.push(id)).join('') + stream.end();
    expect(streamed).toBe(sample);
  });
});

describe('the end of an answer', () => {
  it.each([
    [smollm2, ['<|im_end|>']],
    [qwen2, ['<|endoftext|>', '<|im_end|>']],
    [llama3, ['<|end_of_text|>', '<|eot_id|>']],
    [mistral, ['</s>']]
  ])('is the end of text and the end token of the template', async (files, expected) => {
    const tokenizer = await loadTokenizer(files());
    expect(tokenizer.eosIds.map((id) => tokenizer.tokenText(id))).toEqual(expected);
  });
});

describe('a tokeniser that is not there or does not fit', () => {
  it.each([[undefined], [null], ['text'], [[]], [{}], [{ model: {} }], [{ model: null }]])(
    'refuses %j and says what to add',
    async (tokenizerJson) => {
      const loading = loadTokenizer({ tokenizerJson, tokenizerConfig: {} });
      await expect(loading).rejects.toThrow(TokenizerError);
      await expect(loading).rejects.toThrow(/tokenizer\.json/);
    }
  );

  it('says why a tokenizer.json of an unknown kind cannot be used', async () => {
    const { tokenizerJson } = smollm2() as { tokenizerJson: object };
    const loading = loadTokenizer({
      tokenizerJson: { ...tokenizerJson, pre_tokenizer: { type: 'Telepathy' } },
      tokenizerConfig: {}
    });
    await expect(loading).rejects.toThrow(/cannot be used: .*Telepathy/);
  });

  it('refuses Unigram with byte fallback, which the library passes over', async () => {
    const tokenizerJson = {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      post_processor: null,
      decoder: null,
      model: {
        type: 'Unigram',
        unk_id: 0,
        vocab: [
          ['<unk>', 0],
          ['▁a', -1]
        ],
        byte_fallback: true
      }
    };
    await expect(loadTokenizer({ tokenizerJson, tokenizerConfig: {} })).rejects.toThrow(
      /Unigram with byte_fallback/
    );
  });

  it('needs neither a config nor the empty parts of a tokenizer.json', async () => {
    const { model, decoder, pre_tokenizer } = smollm2().tokenizerJson as Record<string, unknown>;
    const tokenizer = await loadTokenizer({
      tokenizerJson: { model, decoder, pre_tokenizer },
      tokenizerConfig: undefined
    });
    expect(tokenizer.decode(tokenizer.encode('the answer'))).toBe('the answer');
    expect(tokenizer.eosIds).toEqual([]);
    expect(tokenizer.vocabSize).toBe(Object.keys((model as { vocab: object }).vocab).length);
  });

  it('never fails over arbitrary JSON except with a TokenizerError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (tokenizerJson, tokenizerConfig) => {
        await loadTokenizer({ tokenizerJson, tokenizerConfig }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(TokenizerError);
        });
      }),
      fuzz(50)
    );
  });
});

describe('the chat template', () => {
  const messages = [{ role: 'user', content: 'what is it?' }];
  const rendered = '<|im_start|>user\nwhat is it?<|im_end|>\n<|im_start|>assistant\n';

  async function withTemplate(chat_template: unknown, chatTemplate?: string) {
    const { tokenizerJson, tokenizerConfig } = smollm2();
    return loadTokenizer({
      tokenizerJson,
      tokenizerConfig: { ...(tokenizerConfig as object), chat_template },
      chatTemplate
    });
  }

  it('is missing with a clear error', async () => {
    const tokenizer = await withTemplate(undefined);
    expect(tokenizer.hasChatTemplate).toBe(false);
    expect(() => tokenizer.render(messages, { addGenerationPrompt: true })).toThrow(NoChatTemplateError);
    expect(() => tokenizer.render(messages, { addGenerationPrompt: true })).toThrow(/instruct model.*ChatML/);
  });

  it('comes from chat_template.jinja before the config, and ChatML can be given there', async () => {
    const tokenizer = await withTemplate('{{ "wrong" }}', CHATML_TEMPLATE);
    expect(tokenizer.render(messages, { addGenerationPrompt: true })).toBe(rendered);
  });

  it('is the one called default where there are several', async () => {
    const tokenizer = await withTemplate([
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: CHATML_TEMPLATE }
    ]);
    expect(tokenizer.render(messages, { addGenerationPrompt: true })).toBe(rendered);
  });

  it('that refuses the conversation is quoted', async () => {
    const tokenizer = await loadTokenizer(mistral());
    const refused = [{ role: 'assistant', content: 'Hello' }];
    expect(() => tokenizer.render(refused, { addGenerationPrompt: false })).toThrow(ChatTemplateError);
    expect(() => tokenizer.render(refused, { addGenerationPrompt: false })).toThrow(
      /\(assistant\).*must alternate/
    );
  });

  it('that is malformed fails when it is used, not before', async () => {
    const tokenizer = await withTemplate('{% for %}');
    expect(tokenizer.encode('the')).not.toEqual([]);
    expect(() => tokenizer.render(messages, { addGenerationPrompt: false })).toThrow(ChatTemplateError);
  });

  it('treats messages as data', async () => {
    const tokenizer = await withTemplate(CHATML_TEMPLATE);
    fc.assert(
      fc.property(text, (content) => {
        const output = tokenizer.render([{ role: 'user', content }], { addGenerationPrompt: false });
        expect(output).toBe(`<|im_start|>user\n${content}<|im_end|>\n`);
      }),
      fuzz(100)
    );
  });
});

it('loads transformers without an ONNX runtime', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { resolved?: string }>;
  };
  for (const name of ['onnxruntime-web', 'onnxruntime-node', 'sharp']) {
    expect(lock.packages[`node_modules/${name}`]?.resolved).toBe('tools/no-onnx');
  }
});
