import { z } from 'zod';
import type { Message, Row, RowOrigin } from '../row';

/** A published way to write a training example as one JSON object. A new dataset shape is one of these. */
export interface RowShape {
  /** Short name for people and reports, such as `alpaca`. */
  readonly name: string;
  /** Whether the object means to be of this shape, judged by its keys alone; it may still be broken. */
  matches(value: Record<string, unknown>): boolean;
  /** The row, or a `ShapeProblem` that says what is wrong with the object. */
  read(value: Record<string, unknown>): Row;
}

/** Why one object is not a row. Never leaves `parse.ts`: there it becomes a `RowProblem` with its line number. */
export class ShapeProblem extends Error {}

const MAX_ORIGIN_LENGTH = 512;

const originSchema = z.object({
  contributor: z.string().max(MAX_ORIGIN_LENGTH).nullish(),
  source: z.string().max(MAX_ORIGIN_LENGTH).nullish()
});

/**
 * The optional `contributor` and `source` fields, which every shape may carry. A value that is not text is refused
 * rather than dropped: losing who wrote a row would be silent.
 */
export function readOrigin(value: Record<string, unknown>): RowOrigin {
  const { contributor, source } = check(originSchema, value);
  return { ...(contributor ? { contributor } : {}), ...(source ? { source } : {}) };
}

/** Validates against a zod schema; the first complaint becomes a `ShapeProblem` that names the field. */
export function check<T>(schema: z.ZodType<T>, value: unknown, prefix: readonly PropertyKey[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ShapeProblem(`${fieldName([...prefix, ...issue.path])}: ${describe(issue)}`);
}

/** `messages[2].content`, as people write it. */
function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the object';
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${String(key)}`))
    .join('');
}

function describe(issue: z.core.$ZodIssue): string {
  const message = issue.message.replace(/^Invalid input: /, '');
  return message.replace('expected string', 'expected text');
}

/** True where every key holds something: `null` counts as absent, as many exporters write it. */
export function hasKeys(value: Record<string, unknown>, ...keys: string[]): boolean {
  return keys.every((key) => Object.hasOwn(value, key) && value[key] !== null && value[key] !== undefined);
}

/** Refuses a list of turns that no template could render or that has no words in it. */
export function requireTurns(messages: Message[], field: string): Message[] {
  if (messages.length === 0) throw new ShapeProblem(`${field}: the conversation is empty`);
  if (messages.every(({ content, tool_calls: calls }) => content.trim() === '' && !calls)) {
    throw new ShapeProblem(`${field}: every message is empty`);
  }
  return messages;
}

/** Refuses an answer with no words: training on it would teach the model to stay silent. */
export function requireAnswer(answer: string, field: string): string {
  if (answer.trim() === '') throw new ShapeProblem(`${field}: the answer is empty`);
  return answer;
}
