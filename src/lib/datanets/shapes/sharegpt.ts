import { z } from 'zod';
import type { Message } from '../row';
import { readMessage } from './openai';
import { check, hasKeys, readOrigin, requireTurns, type RowShape } from './shape';

const turnSchema = z.looseObject({ from: z.string().min(1, 'the speaker is empty'), value: z.string() });

/** Who speaks, in the words that ShareGPT exports and their descendants use. */
const SPEAKERS = new Map([
  ['human', 'user'],
  ['user', 'user'],
  ['gpt', 'assistant'],
  ['chatgpt', 'assistant'],
  ['bing', 'assistant'],
  ['bard', 'assistant'],
  ['model', 'assistant'],
  ['assistant', 'assistant'],
  ['system', 'system']
]);

function readTurn(value: unknown, index: number): Message {
  // Later exports keep the outer name and write OpenAI's messages inside.
  if (typeof value === 'object' && value !== null && !('from' in value) && 'role' in value) {
    return readMessage(value, ['conversations', index]);
  }
  const turn = check(turnSchema, value, ['conversations', index]);
  const speaker = turn.from.toLowerCase();
  return { role: SPEAKERS.get(speaker) ?? speaker, content: turn.value };
}

/** `{"conversations":[{"from":"human","value":"..."},{"from":"gpt","value":"..."}]}`, with an optional `system` text. */
export const sharegptShape: RowShape = {
  name: 'sharegpt',
  matches: (value) => hasKeys(value, 'conversations'),
  read(value) {
    const list = check(z.array(z.unknown(), { error: 'expected a list of turns' }), value.conversations, [
      'conversations'
    ]);
    const turns = list.map(readTurn);
    const system = check(z.string().nullish(), value.system, ['system']);
    if (system && turns[0]?.role !== 'system') turns.unshift({ role: 'system', content: system });
    return { messages: requireTurns(turns, 'conversations'), ...readOrigin(value) };
  }
};
