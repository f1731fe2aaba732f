import { z } from 'zod';
import type { Message } from '../row';
import { requireText } from './conversation';
import { readMessages } from './message';
import { check, hasKeys, readOrigin, requireAnswer, type RowShape } from './shape';
import { readTools } from './tools';

/** A side of the pair is a text, or already a list of messages (TRL's conversational form). */
function readSide(value: unknown, field: string, role: string): Message[] {
  if (Array.isArray(value)) return readMessages(value, field);
  return [
    { role, content: check(z.string({ error: 'expected text or a list of messages' }), value, [field]) }
  ];
}

/**
 * `{"prompt":"...","completion":"..."}`: one question, one answer, put into the model's chat template. Of a prompt that is
 * a list of messages, the answers in it are read and not trained on: only the completion is.
 */
export const promptCompletionShape: RowShape = {
  name: 'prompt/completion',
  matches: (value) => hasKeys(value, 'prompt', 'completion'),
  read(value) {
    requireText(value);
    const completion = readSide(value.completion, 'completion', 'assistant');
    if (!completion.some(({ tool_calls: calls }) => calls)) {
      requireAnswer(completion.map((message) => message.content).join(''), 'completion');
    }
    const prompt = readSide(value.prompt, 'prompt', 'user').map((message): Message =>
      message.role === 'assistant' ? { ...message, weight: 0 } : message
    );
    const tools = readTools(value);
    return { messages: [...prompt, ...completion], ...(tools ? { tools } : {}), ...readOrigin(value) };
  }
};
