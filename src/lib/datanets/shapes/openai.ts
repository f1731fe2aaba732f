import { z } from 'zod';
import type { Message } from '../row';
import { ShapeProblem, check, hasKeys, readOrigin, requireTurns, type RowShape } from './shape';

/** Content is text, or the list of parts that newer exports write; only text parts can be trained on here. */
const contentSchema = z.union(
  [z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))],
  {
    error: 'expected text or a list of text parts'
  }
);

const messageSchema = z.looseObject({
  role: z.string().min(1, 'the role is empty'),
  content: contentSchema
});

/** OpenAI renamed `system` to `developer`; chat templates of open models know only the former. */
const ROLE_ALIASES = new Map([['developer', 'system']]);

/** Reads one `{role, content}` message, shared with the shapes that nest the same objects under other names. */
export function readMessage(value: unknown, path: readonly PropertyKey[]): Message {
  if (isToolCall(value)) {
    throw new ShapeProblem(`${pathText(path)}: tool calls without text cannot be trained on yet`);
  }
  const { role, content } = check(messageSchema, value, path);
  const name = ROLE_ALIASES.get(role) ?? role;
  if (typeof content === 'string') return { role: name, content };
  const texts = content.map((part, i) => {
    if (part.type !== 'text' || part.text === undefined) {
      throw new ShapeProblem(
        `${pathText(path)}.content[${i}]: only text can be trained on, got "${part.type}"`
      );
    }
    return part.text;
  });
  return { role: name, content: texts.join('') };
}

function isToolCall(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const message = value as Record<string, unknown>;
  return (message.content === null || message.content === undefined) && Array.isArray(message.tool_calls);
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : String(key))).join('');
}

/** Reads a list of messages found under `field`. */
export function readMessages(value: unknown, field: string): Message[] {
  const list = check(z.array(z.unknown(), { error: 'expected a list of messages' }), value, [field]);
  return list.map((item, i) => readMessage(item, [field, i]));
}

/** `{"messages":[{"role":"user","content":"..."},{"role":"assistant","content":"..."}]}`, OpenAI's fine-tuning format. */
export const openaiShape: RowShape = {
  name: 'messages',
  matches: (value) => hasKeys(value, 'messages'),
  read: (value) => ({
    messages: requireTurns(readMessages(value.messages, 'messages'), 'messages'),
    ...readOrigin(value)
  })
};
