import { z } from 'zod';
import { SPLITS, type DatanetRow } from '../datanet';
import type { Json, RowContent } from '../row';

/** Rows of a published version are bounded where their text is not the point, so that lists can show them. */
const origin = {
  contributor: z.string().min(1).max(300),
  source: z.string().max(5000).optional(),
  licence: z.string().min(1).max(500).optional(),
  contribution: z
    .string()
    .regex(/^bafkrei[a-z2-7]{52}$/, 'not a CID')
    .optional(),
  tags: z.array(z.string().min(1).max(200)).max(200).optional(),
  split: z.enum(SPLITS).optional(),
  drafted: z.boolean().optional()
};

/** JSON inside a row: the arguments of a call, the description of a tool. Its depth is bounded where it is written. */
const object = z.custom<{ [key: string]: Json }>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object'
);
const toolCall = z.strictObject({
  id: z.string().max(200).optional(),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1).max(200), arguments: z.union([z.string(), object]) })
});
const message = z.strictObject({
  role: z.string().min(1).max(200),
  content: z.string(),
  reasoning: z.string().min(1).optional(),
  tool_calls: z.array(toolCall).min(1).optional(),
  tool_call_id: z.string().max(200).optional(),
  name: z.string().max(200).optional(),
  weight: z.literal(0).optional()
});
const textWords = { text: z.string() };
const chatWords = { messages: z.array(message).min(1), tools: z.array(object).min(1).optional() };
const textRow = z.strictObject({ ...origin, ...textWords });
const chatRow = z.strictObject({ ...origin, ...chatWords });

/** What a row says, without who says it. */
export const contentSchema: z.ZodType<RowContent> = z.union([
  z.strictObject(textWords),
  z.strictObject(chatWords)
]);

/**
 * The row of a Datanet in a parsed JSON value; a field that a row does not have is an error.
 * @returns the row, or the reason why it is none.
 */
export function readDatanetRow(value: unknown): { row: DatanetRow } | { problem: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problem: 'not a JSON object' };
  }
  const result = ('messages' in value ? chatRow : textRow).safeParse(value);
  if (result.success) return { row: result.data };
  const { path, message } = result.error.issues[0];
  const field = path.map((step) => String(step).slice(0, 40)).join('.');
  return {
    problem: `${field === '' ? 'the row' : field}: ${message.replace(/^Invalid input: /, '').slice(0, 200)}`
  };
}
