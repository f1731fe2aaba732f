import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import {
  CHATML_TEMPLATE,
  loadTokenizer,
  type ChatTokenizer,
  type TokenizerFiles
} from '../formats/tokenizer';
import { llama3, mistral, mistralMetaspace, qwen2, smollm2 } from '../formats/tokenizer.fixtures';
import { RowEncodingError } from './answers';
import { encodePreview, encodePrompt, encodeRow, type EncodedRow } from './encode';
import type { ChatRow, Message } from './row';

interface Family {
  name: string;
  files: () => TokenizerFiles;
  /** What the model has to write for an answer. */
  written: (answer: string) => string;
}

const FAMILIES: Family[] = [
  { name: 'SmolLM2 (ChatML)', files: smollm2, written: (answer) => `${answer}<|im_end|>` },
  { name: 'Qwen2 (ChatML, NFC)', files: qwen2, written: (answer) => `${answer.normalize('NFC')}<|im_end|>` },
  { name: 'Llama 3', files: llama3, written: (answer) => `${answer.trim()}<|eot_id|>` },
  { name: 'Mistral [INST]', files: mistral, written: (answer) => ` ${answer}</s>` },
  { name: 'Mistral v0.3 [INST]', files: mistralMetaspace, written: (answer) => ` ${answer}</s>` }
];

const WHOLE = { maxLength: Infinity };

const content = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'Hello',
          'the answer',
          ' ',
          '\n',
          '\n\n',
          'Yes',
          'é',
          '🎉',
          '日本',
          '12',
          '<|im_end|>',
          '<|eot_id|>'
        ],
        ...[
          '</s>',
          '<s>',
          '[INST]',
          '[/INST]',
          '<|im_start|>assistant\n',
          '{% generation %}',
          '{{ bos_token }}'
        ]
      ),
      fc.string({ unit: 'binary', maxLength: 6 })
    ),
    { maxLength: 8 }
  )
  // The replacement of broken surrogates is the encoder's; `▁` is how SentencePiece writes a space.
  .map((parts) => parts.join('').toWellFormed().replaceAll('▁', '_').normalize('NFC'));

const conversation = fc.array(fc.tuple(content, content), { minLength: 1, maxLength: 3 }).map((turns) =>
  turns.flatMap(([question, answer]): Message[] => [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ])
);

/** The text of the tokens that are trained on, run by run. */
function trainedTexts(row: EncodedRow, tokenizer: ChatTokenizer): string[] {
  const runs: number[][] = [];
  row.tokens.forEach((id, i) => {
    if (!row.trained[i]) return;
    if (row.trained[i - 1]) runs[runs.length - 1].push(id);
    else runs.push([id]);
  });
  return runs.map((ids) => textOf(ids, tokenizer));
}

function textOf(ids: readonly number[], tokenizer: ChatTokenizer): string {
  const bytes = ids.flatMap((id) => [...tokenizer.tokenBytes(id)]);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

describe.each(FAMILIES)('the mask of $name', ({ files, written }) => {
  it('is exactly the answers with their end tokens, whatever they say', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(conversation, (messages) => {
        const row = encodeRow({ messages }, tokenizer, WHOLE);
        const answers = messages.filter((message) => message.role === 'assistant');
        expect(trainedTexts(row, tokenizer)).toEqual(answers.map((message) => written(message.content)));
      }),
      fuzz(100)
    );
  });

  it('takes words that have the very characters which stand for control tokens on the way', async () => {
    const tokenizer = await loadTokenizer(files());
    const [control] = tokenizer.controlTokens('<s> <|im_end|>').map(({ token }) => token.content);
    const said = `\u{f5a01}0\u{f5a02} ${control} \u{f5a03}`;
    const messages: Message[] = [
      { role: 'user', content: said },
      { role: 'assistant', content: said }
    ];
    const row = encodeRow({ messages }, tokenizer, WHOLE);
    expect(trainedTexts(row, tokenizer)).toEqual([written(said)]);
  });

  it('ends each answer with the one token that ends a turn, and holds no other control token', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(conversation, (messages) => {
        const row = encodeRow({ messages }, tokenizer, WHOLE);
        const trained = [...row.tokens].filter((_, i) => row.trained[i]);
        const control = trained.filter(
          (id) => tokenizer.isSpecial(id) && tokenizer.tokenText(id) !== '<unk>'
        );
        expect(control).toHaveLength(messages.length / 2);
        expect(control.every((id) => tokenizer.eosIds.includes(id))).toBe(true);
      }),
      fuzz(100)
    );
  });

  it('begins where the prompt of a chat ends, in tokens', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(conversation, (messages) => {
        const row = encodeRow({ messages }, tokenizer, WHOLE);
        const prompt = encodePrompt(messages.slice(0, -1), tokenizer);
        expect([...row.tokens.slice(0, prompt.length)]).toEqual(prompt);
        expect(row.trained[prompt.length - 1]).toBe(0);
        expect(row.trained[prompt.length]).toBe(1);
      }),
      fuzz(100)
    );
  });

  it('belongs to the tokens that the library gives for the whole conversation', async () => {
    const tokenizer = await loadTokenizer(files());
    const messages = [
      { role: 'user', content: 'what is the answer? ' },
      { role: 'assistant', content: 'Yes, it is 42.\n\nHello' },
      { role: 'user', content: 'really?' },
      { role: 'assistant', content: 'é 🎉' }
    ];
    const text = tokenizer.render(messages, { addGenerationPrompt: false });
    expect([...encodeRow({ messages }, tokenizer, WHOLE).tokens]).toEqual(
      tokenizer.encode(text, { addSpecialTokens: false })
    );
  });

  it('is everything but the first token when everything is trained on', async () => {
    const tokenizer = await loadTokenizer(files());
    const messages = [
      { role: 'user', content: 'what?' },
      { role: 'assistant', content: 'Yes' }
    ];
    const row = encodeRow({ messages }, tokenizer, { ...WHOLE, trainOn: 'everything' });
    expect([...row.trained]).toEqual([0, ...Array<number>(row.tokens.length - 1).fill(1)]);
  });

  it('is shown by a preview that covers the whole conversation', async () => {
    const tokenizer = await loadTokenizer(files());
    fc.assert(
      fc.property(conversation, fc.integer({ min: 1, max: 60 }), (messages, maxLength) => {
        const pieces = encodePreview({ messages }, tokenizer, { maxLength });
        const whole = encodeRow({ messages }, tokenizer, WHOLE);
        expect(pieces.map((piece) => piece.text).join('')).toBe(textOf([...whole.tokens], tokenizer));
        const uncut = encodePreview({ messages }, tokenizer, WHOLE);
        const answers = messages.filter((message) => message.role === 'assistant');
        expect(uncut.filter((piece) => piece.trained).map((piece) => piece.text)).toEqual(
          answers.map((message) => written(message.content))
        );
      }),
      fuzz(100)
    );
  });
});

describe('rows longer than the maximum length', () => {
  const messages = [
    { role: 'user', content: 'what is the answer?' },
    { role: 'assistant', content: 'Yes, the answer is in the system.' }
  ];

  it('keep their beginning, and say how much was cut', async () => {
    const tokenizer = await loadTokenizer(llama3());
    const whole = encodeRow({ messages }, tokenizer, WHOLE);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.tokens.length + 3 }), (maxLength) => {
        const row = encodeRow({ messages }, tokenizer, { maxLength });
        const kept = Math.min(maxLength, whole.tokens.length);
        expect(row.tokens).toEqual(whole.tokens.slice(0, kept));
        expect(row.trained).toEqual(whole.trained.slice(0, kept));
        expect(row.truncated).toBe(whole.tokens.length - kept);
      }),
      fuzz(100)
    );
  });

  it('show the rest as cut', async () => {
    const tokenizer = await loadTokenizer(smollm2());
    const whole = encodeRow({ messages }, tokenizer, WHOLE);
    const maxLength = whole.tokens.length - 6;
    const pieces = encodePreview({ messages }, tokenizer, { maxLength });
    const seen = pieces.filter((piece) => !piece.cut).map((piece) => piece.text);
    expect(seen.join('')).toBe(textOf([...whole.tokens.slice(0, maxLength)], tokenizer));
    expect(pieces.filter((piece) => piece.cut && piece.trained).length).toBeGreaterThan(0);
  });
});

describe('running text', () => {
  it('is trained on whole, after the first token and with the end of text', async () => {
    const tokenizer = await loadTokenizer(qwen2());
    const row = encodeRow({ text: 'the answer' }, tokenizer, WHOLE);
    expect(textOf([...row.tokens], tokenizer)).toBe('the answer<|endoftext|>');
    expect([...row.trained]).toEqual([0, ...Array<number>(row.tokens.length - 1).fill(1)]);
  });

  it('begins with BOS where the tokeniser wants one', async () => {
    const tokenizer = await loadTokenizer(llama3());
    const row = encodeRow({ text: 'the answer' }, tokenizer, WHOLE);
    expect(textOf([...row.tokens], tokenizer)).toBe('<|begin_of_text|>the answer<|end_of_text|>');
    expect(row.trained[1]).toBe(1);
  });

  it('may have been put into a template before, and does not end twice', async () => {
    const tokenizer = await loadTokenizer(smollm2());
    const row = encodeRow({ text: '<|im_start|>user\nHello<|im_end|>' }, tokenizer, WHOLE);
    expect(tokenizer.isSpecial(row.tokens[0])).toBe(true);
    expect(textOf([...row.tokens], tokenizer)).toBe('<|im_start|>user\nHello<|im_end|>');
  });

  it('needs no template', async () => {
    const { tokenizerJson } = smollm2();
    const tokenizer = await loadTokenizer({ tokenizerJson, tokenizerConfig: {} });
    expect(encodeRow({ text: 'the answer' }, tokenizer, WHOLE).tokens.length).toBeGreaterThan(0);
  });
});

describe('templates that rewrite a conversation', () => {
  const turns = [
    { role: 'user', content: 'what?' },
    { role: 'assistant', content: '<think>hm</think>Yes' },
    { role: 'user', content: 'really?' },
    { role: 'assistant', content: 'Hello' }
  ];

  async function withTemplate(chatTemplate: string) {
    const { tokenizerJson, tokenizerConfig } = smollm2();
    return loadTokenizer({ tokenizerJson, tokenizerConfig, chatTemplate });
  }

  /** As Qwen3 does: what an answer thought is shown only while it is the last. */
  const FORGETTING = CHATML_TEMPLATE.replace(
    "message['content']",
    "(message['content'].split('</think>')[-1] if not loop.last else message['content'])"
  );

  it('give an answer that they forget a sequence of its own, each after the prompt that asks for it', async () => {
    const tokenizer = await withTemplate(FORGETTING);
    const row = encodeRow({ messages: turns }, tokenizer, WHOLE);
    expect(trainedTexts(row, tokenizer)).toEqual(['<think>hm</think>Yes<|im_end|>', 'Hello<|im_end|>']);
    const [second] = row.starts;
    const first = encodePrompt(turns.slice(0, 1), tokenizer);
    expect([...row.tokens.slice(0, first.length)]).toEqual(first);
    const asked = encodePrompt(turns.slice(0, 3), tokenizer);
    expect([...row.tokens.slice(second, second + asked.length)]).toEqual(asked);
    expect(textOf(asked, tokenizer)).not.toContain('hm');
    expect(row.trained[second]).toBe(0);
    expect(encodePreview({ messages: turns }, tokenizer, WHOLE).filter(({ begins }) => begins)).toHaveLength(
      1
    );
  });

  it('leave rows alone that they do not rewrite', async () => {
    const tokenizer = await withTemplate(FORGETTING);
    const row = encodeRow({ messages: turns.slice(2) }, tokenizer, WHOLE);
    expect(trainedTexts(row, tokenizer)).toEqual(['Hello<|im_end|>']);
  });

  it('are followed where they rewrite contents', async () => {
    const tokenizer = await withTemplate(
      CHATML_TEMPLATE.replace("message['content']", "(message['content'] | upper)")
    );
    const row = encodeRow({ messages: [...turns.slice(2), ...turns.slice(2)] }, tokenizer, WHOLE);
    expect(row.starts).toEqual([]);
    expect(trainedTexts(row, tokenizer)).toEqual(['HELLO<|im_end|>', 'HELLO<|im_end|>']);
  });

  it('may mark answers with generation blocks: what follows the prompt is trained all the same', async () => {
    const tokenizer = await withTemplate(
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' %}" +
        "{% generation %}{{ m.content + '<|im_end|>' }}{% endgeneration %}" +
        "{% else %}{{ m.content + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    );
    const row = encodeRow({ messages: turns }, tokenizer, WHOLE);
    expect(trainedTexts(row, tokenizer)).toEqual(['<think>hm</think>Yes<|im_end|>', 'Hello<|im_end|>']);
  });

  it('train what stands between the generation prompt and the answer, since the model has to write it', async () => {
    const tokenizer = await withTemplate(
      CHATML_TEMPLATE.replace(
        "message['content']",
        "('<think>\\n\\n</think>\\n\\n' if message['role'] == 'assistant' else '') + message['content']"
      )
    );
    const row = encodeRow({ messages: turns.slice(2) }, tokenizer, WHOLE);
    expect(trainedTexts(row, tokenizer)).toEqual(['<think>\n\n</think>\n\nHello<|im_end|>']);
  });

  it('may move the system message into the last question, as Mistral does', async () => {
    const { tokenizerJson, tokenizerConfig } = mistralMetaspace();
    const tokenizer = await loadTokenizer({
      tokenizerJson,
      tokenizerConfig,
      chatTemplate:
        "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}" +
        '{% set turns = messages[1:] %}{% else %}{% set turns = messages %}{% endif %}{{ bos_token }}' +
        "{% for m in turns %}{% if m['role'] == 'user' %}{% if loop.last or loop.index0 == turns | length - 2 %}" +
        "{% if system is defined %}{{ '[INST] ' + system + '\n\n' + m['content'] + '[/INST]' }}" +
        "{% else %}{{ '[INST] ' + m['content'] + '[/INST]' }}{% endif %}" +
        "{% else %}{{ '[INST] ' + m['content'] + '[/INST]' }}{% endif %}" +
        "{% else %}{{ ' ' + m['content'] + eos_token }}{% endif %}{% endfor %}"
    });
    const messages = [{ role: 'system', content: 'Hello</s>' }, ...turns];
    const row = encodeRow({ messages }, tokenizer, WHOLE);
    expect(textOf([...row.tokens], tokenizer)).toContain('[INST] Hello</s>\n\nreally?[/INST] Hello</s>');
    expect(trainedTexts(row, tokenizer)).toEqual([' <think>hm</think>Yes</s>', ' Hello</s>']);
  });

  const PLAIN =
    "{% for m in messages %}{{ '### ' + m.role + ':\n' + m.content + '\n\n' }}{% endfor %}" +
    "{% if add_generation_prompt %}{{ '### assistant:\n' }}{% endif %}";

  it('without an end token get the end of text, every answer', async () => {
    const tokenizer = await withTemplate(PLAIN);
    const row = encodeRow({ messages: turns }, tokenizer, WHOLE);
    expect(trainedTexts(row, tokenizer)).toEqual(['<think>hm</think>Yes<|im_end|>', 'Hello<|im_end|>']);
    expect(row.starts).toHaveLength(1);
    expect(row.warnings).toEqual([]);
  });

  it('without an end token, on a model without one, are told of', async () => {
    const tokenizer = await loadTokenizer({
      tokenizerJson: smollm2().tokenizerJson,
      tokenizerConfig: {},
      chatTemplate: PLAIN
    });
    const row = encodeRow({ messages: turns.slice(2) }, tokenizer, WHOLE);
    expect(trainedTexts(row, tokenizer)).toEqual(['Hello\n\n']);
    expect(row.warnings).toEqual(['no-end']);
  });

  it('leave the control tokens that words name as text, and refuse rows where they break them', async () => {
    const messages = [{ role: 'user', content: 'a<|im_end|>' }, ...turns.slice(3)];
    const upper = await withTemplate(
      CHATML_TEMPLATE.replace("message['content']", "(message['content'] | upper)")
    );
    const row = encodeRow({ messages }, upper, WHOLE);
    expect([...row.tokens].filter((id) => upper.isSpecial(id))).toHaveLength(4);
    const escaping = await withTemplate(
      CHATML_TEMPLATE.replace("message['content']", "(message['content'] | tojson(ensure_ascii=true))")
    );
    expect(() => encodeRow({ messages }, escaping, WHOLE)).toThrow(RowEncodingError);
    expect(() => encodePrompt(messages.slice(0, 1), escaping)).toThrow(/names control tokens.*<\|im_end\|>/);
  });
});

it('trains nothing where nobody answers', async () => {
  const tokenizer = await loadTokenizer(smollm2());
  const row: ChatRow = { messages: [{ role: 'user', content: 'Hello' }] };
  expect([...encodeRow(row, tokenizer, WHOLE).trained].includes(1)).toBe(false);
});
