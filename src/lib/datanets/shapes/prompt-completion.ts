import { z } from 'zod';
import type { Message } from '../row';
import { readMessages } from './openai';
import { check, hasKeys, readOrigin, requireAnswer, type RowShape } from './shape';

/** A side of the pair is a text, or already a list of messages (TRL's conversational form). */
function readSide(value: unknown, field: string, role: string): Message[] {
  if (Array.isArray(value)) return readMessages(value, field);
  return [
    { role, content: check(z.string({ error: 'expected text or a list of messages' }), value, [field]) }
  ];
}

/** `{"prompt":"...","completion":"..."}`: one question, one answer, put into the model's chat template. */
export const promptCompletionShape: RowShape = {
  name: 'prompt/completion',
  matches: (value) => hasKeys(value, 'prompt', 'completion'),
  read(value) {
    const completion = readSide(value.completion, 'completion', 'assistant');
    requireAnswer(completion.map((message) => message.content).join(''), 'completion');
    return { messages: [...readSide(value.prompt, 'prompt', 'user'), ...completion], ...readOrigin(value) };
  }
};
