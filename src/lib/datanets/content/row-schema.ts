import { z } from 'zod';
import { SPLITS, type DatanetRow } from '../datanet';

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

const textRow = z.strictObject({ ...origin, text: z.string() });
const chatRow = z.strictObject({
  ...origin,
  messages: z.array(z.strictObject({ role: z.string().min(1).max(200), content: z.string() })).min(1)
});

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
