import { z } from 'zod';
import type { ChatRow } from '../row';
import { readMessages, says } from './message';
import { check, readOrigin, requireTurns, ShapeProblem } from './shape';
import { readTools } from './tools';

const systemSchema = z.string().nullish();

/** Fields of a row that stand for what is no text. */
const MEDIA = ['image', 'images', 'video', 'videos', 'audio', 'audios'] as const;

/** Fields of a row that belong to its conversation, whatever the conversation itself is called. */
export const CONVERSATION_FIELDS = [
  'system',
  'tools',
  'functions',
  'chat_template_kwargs',
  ...MEDIA
] as const;

/**
 * Reads a row that is a conversation: its turns under `field`, and what stands beside them for all of it.
 * @throws ShapeProblem
 */
export function readConversation(value: Record<string, unknown>, field: string): ChatRow {
  requireText(value);
  const messages = readMessages(value[field], field);
  const system = check(systemSchema, value.system, ['system']);
  if (system && messages[0]?.role !== 'system') messages.unshift({ role: 'system', content: system });
  const tools = readTools(value);
  return { messages: requireTurns(messages, field), ...(tools ? { tools } : {}), ...readOrigin(value) };
}

/** @throws ShapeProblem where the row has pictures or sounds, or settings of a template that are not followed */
export function requireText(value: Record<string, unknown>): void {
  for (const name of MEDIA) {
    if (says(value[name])) throw new ShapeProblem(`${name}: only text can be trained on`);
  }
  const settings = value.chat_template_kwargs;
  if (says(settings) && JSON.stringify(settings) !== '{}') {
    throw new ShapeProblem('chat_template_kwargs: settings of the template cannot be followed row by row');
  }
}
