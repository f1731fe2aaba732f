import { describe, expect, it } from 'vitest';
import { isChatRow, type ChatRow } from '../row';
import { readRow, ShapeProblem } from '.';

function chat(value: unknown): ChatRow {
  const { row } = readRow(value);
  if (!isChatRow(row)) throw new Error('no conversation');
  return row;
}

const ask = { role: 'user', content: 'When?' };
const turn = (more: object) => ({ messages: [ask, { role: 'assistant', content: 'At four.', ...more }] });
const call = {
  id: 'c1',
  type: 'function',
  function: { name: 'tide_table', arguments: '{"harbour":"Pelhaven"}' }
};

describe('weights', () => {
  it.each([{ weight: 0 }, { train: false }, { training: false }, { loss: false }, { loss: 0 }])(
    '%j: the turn is read and not trained on',
    (more) =>
      expect(chat(turn(more)).messages[1]).toEqual({ role: 'assistant', content: 'At four.', weight: 0 })
  );

  it.each([{ weight: 1 }, { train: true }, { weight: null }, {}])('%j: the turn is trained on', (more) =>
    expect(chat(turn(more)).messages[1]).toEqual({ role: 'assistant', content: 'At four.' })
  );

  it('are read in ShareGPT as well', () => {
    const { messages } = chat({
      conversations: [
        { from: 'human', value: 'When?', train: false },
        { from: 'gpt', value: 'At noon.', weight: 0 },
        { from: 'gpt', value: 'At four.', train: true }
      ]
    });
    expect(messages.map(({ weight }) => weight)).toEqual([undefined, 0, undefined]);
  });

  it.each([
    [{ weight: 0.5 }, 'messages[1].weight: is 0.5'],
    [{ train: 'no' }, 'messages[1].train: is "no"'],
    [{ train_detail: [{ begin_offset: 0 }] }, 'messages[1].train_detail: is not trained on here'],
    [{ loss_scale: 2 }, 'messages[1].loss_scale']
  ])('%j is refused by its name', (more, message) => {
    expect(() => readRow(turn(more))).toThrow(ShapeProblem);
    expect(() => readRow(turn(more))).toThrow(message);
  });

  it('of a question cannot be followed', () => {
    const messages = [
      { ...ask, train: true },
      { role: 'assistant', content: 'x' }
    ];
    expect(() => readRow({ messages })).toThrow('messages[0].train: only turns of the assistant');
  });

  it('of the answers in a prompt are 0: only the completion is trained on', () => {
    const { messages } = chat({
      prompt: [ask, { role: 'assistant', content: 'a' }, ask],
      completion: [{ role: 'assistant', content: 'b' }]
    });
    expect(messages.map(({ weight }) => weight)).toEqual([undefined, 0, undefined, undefined]);
  });
});

describe('calls of tools', () => {
  it.each([
    ['""', ''],
    ['null', null],
    ['an empty list', []],
    ['words', 'Let me look.']
  ])('beside content %s are kept, and the tools of the row', (_, content) => {
    const tools = [{ type: 'function', function: { name: 'tide_table', parameters: {} } }];
    const row = chat({ ...turn({ content, tool_calls: [call] }), tools });
    expect(row.messages[1]).toEqual({
      role: 'assistant',
      content: typeof content === 'string' ? content : '',
      tool_calls: [call]
    });
    expect(row.tools).toEqual(tools);
  });

  it('of the older kind, as JSON, and with objects as arguments are calls as well', () => {
    const bare = { name: 'tide_table', arguments: { days: [1, 2.5, null, true] } };
    const expected = [{ type: 'function', function: bare }];
    expect(chat(turn({ content: null, function_call: bare })).messages[1].tool_calls).toEqual(expected);
    expect(
      chat(turn({ content: null, tool_calls: JSON.stringify(expected) })).messages[1].tool_calls
    ).toEqual(expected);
    expect(chat(turn({ tool_calls: [], function_call: null })).messages[1].tool_calls).toBeUndefined();
  });

  it('are the assistant in ShareGPT, and observations the tool', () => {
    const row = chat({
      conversations: [
        { from: 'human', value: 'High tide today?' },
        { from: 'function_call', value: '{"name":"tide_table","arguments":{}}' },
        { from: 'observation', value: '16:04' },
        { from: 'gpt', value: 'At 16:04.' }
      ],
      tools: '[{"name":"tide_table"}]'
    });
    expect(row.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant']);
    expect(row.messages[1].tool_calls).toEqual([
      { type: 'function', function: { name: 'tide_table', arguments: {} } }
    ]);
    // With OpenAI's wrapper, since templates expect it.
    expect(row.tools).toEqual([{ type: 'function', function: { name: 'tide_table' } }]);
  });

  it.each([
    [turn({ tool_calls: [{ function: {} }] }), 'messages[1].tool_calls[0]: the call has no name'],
    [
      turn({ tool_calls: [{ type: 'custom', custom: {} }] }),
      'messages[1].tool_calls[0].type: only functions'
    ],
    [turn({ tool_calls: 'x' }), 'messages[1].tool_calls: expected JSON'],
    [{ ...turn({}), tools: 'x' }, 'tools: expected JSON'],
    [{ messages: [{ ...ask, tool_calls: [call] }] }, 'messages[0]: only the assistant can call tools'],
    [
      { conversations: [{ from: 'function_call', value: 'tide()' }] },
      'conversations[0].value: expected JSON'
    ],
    [
      { ...turn({}), tools: [JSON.parse(`{"a":${'['.repeat(60)}${']'.repeat(60)}}`)] },
      'tools[0]: nested deeper'
    ]
  ])('that are none are refused by their place: %j', (value, message) => {
    expect(() => readRow(value)).toThrow(message);
  });
});

describe('what is no text', () => {
  it.each([
    [
      {
        conversations: [
          { from: 'user', value: '<image>\nWhat is this?' },
          { from: 'gpt', value: 'x' }
        ]
      },
      'stands for <image>'
    ],
    [{ ...turn({}), images: ['a.png'] }, 'images: only text can be trained on'],
    [{ instruction: 'a', output: 'b', image: 'a.png' }, 'image: only text'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'got "image_url"'
    ],
    [turn({ audio: { id: 'a' } }), 'messages[1].audio'],
    [turn({ refusal: 'I cannot.' }), 'messages[1].refusal'],
    [{ ...turn({}), chat_template_kwargs: { enable_thinking: false } }, 'chat_template_kwargs']
  ])('is refused, row by row: %j', (value, message) => {
    expect(() => readRow(value)).toThrow(message);
  });

  it('is not there where exporters write that it is not', () => {
    expect(
      chat({ ...turn({ audio: null, refusal: null }), images: [], tools: null, chat_template_kwargs: {} })
    ).toEqual({
      messages: [ask, { role: 'assistant', content: 'At four.' }]
    });
  });
});

describe('who speaks and what is thought', () => {
  it.each([
    ['human', 'user'],
    ['User', 'user'],
    ['ai', 'assistant'],
    ['bot', 'assistant'],
    ['model', 'assistant'],
    ['GPT', 'assistant'],
    ['developer', 'system'],
    ['function', 'tool'],
    ['harbourmaster', 'harbourmaster']
  ])('"%s" is the role "%s", in messages and ShareGPT', (name, role) => {
    expect(chat({ messages: [{ role: name, content: 'a' }] }).messages[0].role).toBe(role);
    expect(chat({ conversations: [{ from: name, value: 'a' }] }).messages[0].role).toBe(role);
  });

  it.each([
    { reasoning_content: 'hm' },
    { reasoning: 'hm' },
    { thinking: 'hm' },
    {
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'output_text', text: 'At four.' }
      ]
    }
  ])('reasoning is kept: %j', (more) => {
    expect(chat(turn(more)).messages[1]).toEqual({ role: 'assistant', content: 'At four.', reasoning: 'hm' });
  });

  it('a system text beside the turns is theirs, whatever they are called', () => {
    for (const value of [turn({}), { conversations: [ask, { role: 'assistant', content: 'x' }] }])
      expect(chat({ ...value, system: 'Be brief.' }).messages[0]).toEqual({
        role: 'system',
        content: 'Be brief.'
      });
  });
});

it('refuses half a character wherever it stands', () => {
  for (const value of [
    turn({ reasoning: 'a\ud800' }),
    turn({ tool_calls: [{ function: { name: 'a', arguments: { 'k\udc00': 1 } } }] }),
    { ...turn({}), tools: [{ name: 'a', description: '\ud83d' }] }
  ])
    expect(() => readRow(value)).toThrow('half of a character');
  expect(() => readRow({ text: 'a backslash: \\ud800, and a wave: 🌊' })).not.toThrow();
});
