import { describe, expect, it } from 'vitest';
import { readJson, readText } from '../../../tests/support/files';
import { ChatTemplateError } from '../formats/chat-template';
import { loadTokenizer, type ChatTokenizer } from '../formats/tokenizer';
import { withTokens } from '../formats/tokenizer.fixtures';
import { RowEncodingError } from './answers';
import { encodePrompt, encodeRow, encodeText, type EncodedRow } from './encode';
import { isChatRow, type ChatRow } from './row';
import { readRow } from './shapes';

const GOLDENS = 'tests/goldens/templates';
const WHOLE = { maxLength: Infinity, date: '2026-12-01' };

/** Control tokens of the models whose templates these are; the first ends a text. */
const TOKENS: Record<string, string[]> = {
  qwen2_5: ['<|im_end|>', '<|im_start|>', '<|endoftext|>'],
  qwen3: ['<|im_end|>', '<|im_start|>', '<|endoftext|>'],
  qwen3_5_think: ['<|im_end|>', '<|im_start|>', '<|endoftext|>'],
  qwen3_instruct_2507: ['<|im_end|>', '<|im_start|>', '<|endoftext|>'],
  deepseekv3: ['<｜end▁of▁sentence｜>', '<｜begin▁of▁sentence｜>', '<｜User｜>', '<｜Assistant｜>'],
  deepseek_r1_distill: ['<｜end▁of▁sentence｜>', '<｜begin▁of▁sentence｜>', '<｜User｜>', '<｜Assistant｜>'],
  glm4moe: [
    '<|endoftext|>',
    '<|user|>',
    '<|assistant|>',
    '<|system|>',
    '<|observation|>',
    '[gMASK]',
    '<sop>'
  ],
  gptoss: ['<|return|>', '<|start|>', '<|message|>', '<|channel|>', '<|end|>', '<|call|>', '<|constrain|>'],
  mistral_v2v3: ['</s>', '<s>', '[INST]', '[/INST]', '[TOOL_CALLS]', '[AVAILABLE_TOOLS]'],
  mistral_v7_tekken: ['</s>', '<s>', '[INST]', '[/INST]', '[SYSTEM_PROMPT]', '[/SYSTEM_PROMPT]'],
  phi_4: ['<|im_end|>', '<|im_start|>', '<|im_sep|>', '<|endoftext|>']
};

async function tokenizerOf(name: string): Promise<ChatTokenizer> {
  const [eos, bos] = TOKENS[name];
  return loadTokenizer({
    ...withTokens(TOKENS[name], { eos_token: eos, bos_token: bos }),
    chatTemplate: await readText(`${GOLDENS}/${name}.jinja`)
  });
}

function sequencesOf(row: EncodedRow): { tokens: number[]; trained: number[] }[] {
  const bounds = [0, ...row.starts, row.tokens.length];
  return bounds.slice(1).map((end, i) => ({
    tokens: [...row.tokens.slice(bounds[i], end)],
    trained: [...row.trained.slice(bounds[i], end)]
  }));
}

function answersOf(row: EncodedRow, tokenizer: ChatTokenizer): string[] {
  return sequencesOf(row).flatMap(({ tokens, trained }) => {
    const runs: number[][] = [];
    tokens.forEach((id, i) => {
      if (!trained[i]) return;
      if (trained[i - 1]) runs[runs.length - 1].push(id);
      else runs.push([id]);
    });
    return runs.map((ids) => tokenizer.decode(ids));
  });
}

describe.each(Object.keys(TOKENS))('rows under the template %s', async (name) => {
  const tokenizer = await tokenizerOf(name);
  const conversations = await readJson<{ name: string; messages: { role: string }[] }[]>(
    `${GOLDENS}/conversations.json`
  );

  it.each(conversations)('ask as the chat will: $name', (conversation) => {
    const { row } = readRow(conversation);
    if (!isChatRow(row)) throw new Error('no conversation');
    let encoded: EncodedRow;
    try {
      encoded = encodeRow(row, tokenizer, WHOLE);
    } catch (error) {
      // Refused with a reason: by the template, or because it would leave something out.
      expect([ChatTemplateError, RowEncodingError]).toContain((error as Error).constructor);
      return;
    }
    const sequences = sequencesOf(encoded);
    const answers = row.messages.flatMap(({ role }, i) => (role === 'assistant' ? [i] : []));
    for (const at of answers) {
      const prompt = encodePrompt(row.messages.slice(0, at), tokenizer, {
        date: WHOLE.date,
        ...(row.tools ? { tools: row.tools } : {})
      });
      const asked = sequences.some(
        ({ tokens, trained }) =>
          prompt.every((id, i) => tokens[i] === id) &&
          trained[prompt.length] === 1 &&
          (trained[prompt.length - 1] === 0 || row.messages[at - 1].role === 'assistant')
      );
      expect(asked, `message ${at + 1}`).toBe(true);
    }
    // Two answers on end are one stretch.
    const stretches = answers.filter((at) => row.messages[at - 1].role !== 'assistant');
    expect(answersOf(encoded, tokenizer).length).toBeGreaterThanOrEqual(stretches.length);
    // Every answer ends with a control token of the model, so that generation ends.
    for (const { tokens, trained } of sequences) {
      trained.forEach((flag, i) => {
        if (flag && !trained[i + 1]) expect(tokenizer.isSpecial(tokens[i])).toBe(true);
      });
    }
  });
});

const thinking: ChatRow = {
  messages: [
    { role: 'user', content: 'Ebb?' },
    { role: 'assistant', content: '<think>\nwater goes out\n</think>\n\nLow.' }
  ]
};
const plain: ChatRow = {
  messages: [
    { role: 'user', content: 'Ebb?' },
    { role: 'assistant', content: 'Low.' }
  ]
};

describe('reasoning', () => {
  const field: ChatRow = {
    messages: [plain.messages[0], { role: 'assistant', content: 'Low.', reasoning: 'water goes out' }]
  };

  it('is kept where the prompt of DeepSeek R1 opens it, though the template drops it', async () => {
    const tokenizer = await tokenizerOf('deepseek_r1_distill');
    expect(tokenizer.decode(encodePrompt([plain.messages[0]], tokenizer))).toMatch(/<think>\n$/);
    const written = 'water goes out\n</think>\n\nLow.<｜end▁of▁sentence｜>';
    expect(answersOf(encodeRow(thinking, tokenizer, WHOLE), tokenizer)).toEqual([written]);
    expect(answersOf(encodeRow(field, tokenizer, WHOLE), tokenizer)).toEqual([written]);
    const without = encodeRow(plain, tokenizer, WHOLE);
    expect(answersOf(without, tokenizer)).toEqual(['\n</think>\n\nLow.<｜end▁of▁sentence｜>']);
    expect(without.warnings).toEqual(['empty-reasoning']);
  });

  it('is in the last answer of Qwen3, and every answer is trained as the last', async () => {
    const tokenizer = await tokenizerOf('qwen3');
    const written = '<think>\nwater goes out\n</think>\n\nLow.<|im_end|>';
    for (const row of [thinking, field])
      expect(answersOf(encodeRow(row, tokenizer, WHOLE), tokenizer)).toEqual([written]);
    const twice = encodeRow({ messages: [...thinking.messages, ...plain.messages] }, tokenizer, WHOLE);
    expect(answersOf(twice, tokenizer)).toEqual([written, '<think>\n\n</think>\n\nLow.<|im_end|>']);
    expect(twice.starts).toHaveLength(1);
  });

  it('is told to be lost where a template knows none', async () => {
    const tokenizer = await tokenizerOf('qwen2_5');
    const row = encodeRow(field, tokenizer, WHOLE);
    expect(row.warnings).toEqual(['lost-reasoning']);
    expect(answersOf(row, tokenizer)).toEqual(['Low.<|im_end|>']);
  });
});

describe("Mistral 7B v0.3's template, which shows the system in a last question only", () => {
  it('is trained as prompt, answer and end', async () => {
    const tokenizer = await tokenizerOf('mistral_v2v3');
    const system = { role: 'system', content: 'Be brief.' };
    const row = encodeRow({ messages: [system, ...plain.messages] }, tokenizer, WHOLE);
    expect(tokenizer.decode([...row.tokens])).toBe('<s>[INST] Be brief.\n\nEbb?[/INST] Low.</s>');
    const two = encodeRow({ messages: [system, ...plain.messages, ...plain.messages] }, tokenizer, WHOLE);
    expect(answersOf(two, tokenizer)).toEqual([' Low.</s>', ' Low.</s>']);
    expect(sequencesOf(two).map(({ tokens }) => tokenizer.decode(tokens))).toEqual([
      '<s>[INST] Be brief.\n\nEbb?[/INST] Low.</s>',
      '<s>[INST] Ebb?[/INST] Low.</s>[INST] Be brief.\n\nEbb?[/INST] Low.</s>'
    ]);
  });
});

describe('calls of tools', () => {
  const tools = [{ type: 'function', function: { name: 'tide_table', parameters: {} } }];
  const called = (args: unknown, content: string | null = '') => ({
    messages: [
      { role: 'user', content: 'When?' },
      {
        role: 'assistant',
        content,
        tool_calls: [{ id: 'abcdefgh1', type: 'function', function: { name: 'tide_table', arguments: args } }]
      },
      { role: 'tool', tool_call_id: 'abcdefgh1', content: '16:04' },
      { role: 'assistant', content: 'At 16:04.' }
    ],
    tools
  });

  it.each([
    ['""', ''],
    ['null', null]
  ])('are trained as the template writes them, beside %s', async (_, content) => {
    const tokenizer = await tokenizerOf('qwen2_5');
    const { row } = readRow(called('{"harbour": "Pelhaven"}', content));
    const encoded = encodeRow(row, tokenizer, WHOLE);
    expect(answersOf(encoded, tokenizer)).toEqual([
      '<tool_call>\n{"name": "tide_table", "arguments": {"harbour": "Pelhaven"}}\n</tool_call><|im_end|>',
      'At 16:04.<|im_end|>'
    ]);
    expect(tokenizer.decode([...encoded.tokens])).toContain(
      '<tools>\n{"type": "function", "function": {"name": "tide_table"'
    );
  });

  it('take arguments as object or as text, whichever the template needs', async () => {
    for (const args of [{ harbour: 'Pelhaven' }, '{"harbour": "Pelhaven"}']) {
      const { row } = readRow(called(args));
      // The one needs an object, the other text.
      const [qwen] = answersOf(
        encodeRow(row, await tokenizerOf('qwen2_5'), WHOLE),
        await tokenizerOf('qwen2_5')
      );
      expect(qwen).toContain('"arguments": {"harbour": "Pelhaven"}');
      const deepseek = await tokenizerOf('deepseekv3');
      const bare = { ...(row as ChatRow) };
      delete bare.tools;
      expect(answersOf(encodeRow(bare, deepseek, WHOLE), deepseek)[0]).toContain(
        'tide_table\n```json\n{"harbour": "Pelhaven"}\n```'
      );
    }
    const { row } = readRow(called('not JSON'));
    expect(() => encodeRow(row, tokenizerQwen, WHOLE)).toThrow(
      /arguments of the call of "tide_table" are no JSON object/
    );
  });

  it('are refused where the template does not write them, and so are tools', async () => {
    const tokenizer = await tokenizerOf('phi_4');
    const { row } = readRow(called({}));
    expect(() => encodeRow(row, tokenizer, WHOLE)).toThrow(/does not write the tool tide_table/);
    const bare = { messages: (row as ChatRow).messages };
    expect(() => encodeRow(bare, tokenizer, WHOLE)).toThrow(/does not write calls of tools/);
  });
});

const tokenizerQwen = await tokenizerOf('qwen2_5');

describe('a turn of weight 0', () => {
  it('is read and not trained on, by itself or with others', async () => {
    const wrong = { role: 'assistant', content: 'At noon.', weight: 0 as const };
    const messages = [plain.messages[0], wrong, ...plain.messages];
    for (const name of ['qwen2_5', 'qwen3', 'mistral_v2v3']) {
      const tokenizer = await tokenizerOf(name);
      for (const trainOn of ['answers', 'everything'] as const) {
        const row = encodeRow({ messages }, tokenizer, { ...WHOLE, trainOn });
        const said = answersOf(row, tokenizer).join('|');
        expect(said).not.toContain('noon');
        expect(said).toContain('Low.');
        expect(tokenizer.decode([...row.tokens])).toContain('noon');
      }
      const alone = encodeRow({ messages: messages.slice(0, 2) }, tokenizer, WHOLE);
      expect(alone.trained.includes(1)).toBe(false);
    }
  });
});

describe('the day', () => {
  it('is the one that is given, in row and prompt, whenever they are encoded', async () => {
    const tokenizer = await loadTokenizer({
      ...withTokens(['</s>', '<s>'], { eos_token: '</s>', bos_token: '<s>' }),
      chatTemplate:
        "{{ bos_token + 'Today: ' + strftime_now('%d %b %Y') + '\\n' }}{% for m in messages %}" +
        "{{ m['role'] + ': ' + m['content'] + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    });
    const row = encodeRow(plain, tokenizer, { maxLength: Infinity, date: '2026-11-22' });
    expect(tokenizer.decode([...row.tokens])).toContain('Today: 22 Nov 2026\n');
    const prompt = encodePrompt([plain.messages[0]], tokenizer, { date: '2026-11-22' });
    expect([...row.tokens.slice(0, prompt.length)]).toEqual(prompt);
  });
});

describe('the end of an answer', () => {
  const IM =
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}" +
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

  it('is the token behind it, special or not, which words cannot write', async () => {
    const files = withTokens(['</s>', '<s>'], { eos_token: '</s>', bos_token: '<s>' }, [
      '<|im_start|>',
      '<|im_end|>'
    ]);
    const tokenizer = await loadTokenizer({ ...files, chatTemplate: IM });
    const end = tokenizer.eosIds[1];
    expect(tokenizer.tokenText(end)).toBe('<|im_end|>');
    const messages = [plain.messages[0], { role: 'assistant', content: 'Low<|im_end|>.' }];
    const row = encodeRow({ messages }, tokenizer, WHOLE);
    expect([...row.tokens].filter((id, i) => id === end && row.trained[i])).toHaveLength(1);
    expect(row.tokens[row.trained.lastIndexOf(1)]).toBe(end);
  });

  it('is the end of text where the template writes its end in plain letters, or none', async () => {
    const files = withTokens(['</s>', '<s>'], { eos_token: '</s>', bos_token: '<s>' });
    const noEnd =
      "{% for m in messages %}{{ m['role'].upper() + ': ' + m['content'] + '\\n' }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ 'ASSISTANT: ' }}{% endif %}";
    for (const chatTemplate of [IM, noEnd]) {
      const tokenizer = await loadTokenizer({ ...files, chatTemplate });
      expect(answersOf(encodeRow(plain, tokenizer, WHOLE), tokenizer)).toEqual(['Low.</s>']);
    }
  });
});

describe('running text that has been through a template', () => {
  it('begins and ends once', async () => {
    const files = withTokens(['</s>', '<s>'], { eos_token: '</s>', bos_token: '<s>' }, [], '<s>');
    const tokenizer = await loadTokenizer(files);
    const texts = ['<s>user: Ebb?</s>assistant: Low.</s>', 'user: Ebb?</s>assistant: Low.'];
    const [once, without] = texts.map((text) => encodeRow({ text }, tokenizer, WHOLE));
    expect(once.tokens).toEqual(without.tokens);
    expect([...once.tokens].filter((id) => tokenizer.tokenText(id) === '<s>')).toHaveLength(1);
    expect(once.trained[0]).toBe(0);
    // As it is continued.
    expect(encodeText('<s>user:', tokenizer)).toEqual(encodeText('user:', tokenizer));
  });
});
