import { rowContent, type Row } from '../row';
import { alpacaShape } from './alpaca';
import { openaiShape } from './openai';
import { promptCompletionShape } from './prompt-completion';
import { ShapeProblem, type RowShape } from './shape';
import { sharegptShape } from './sharegpt';
import { textShape } from './text';

/**
 * Every shape that is understood, in the order of trial. The first whose keys fit decides; `text` comes last
 * because exports of the other shapes often carry a rendered `text` beside the structured fields.
 */
export const ROW_SHAPES: readonly RowShape[] = [
  openaiShape,
  sharegptShape,
  alpacaShape,
  promptCompletionShape,
  textShape
];

/** The row in a parsed JSON value and the name of its shape. Throws `ShapeProblem`. */
export function readRow(value: unknown): { row: Row; shape: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ShapeProblem('not a JSON object');
  }
  const object = value as Record<string, unknown>;
  const shape = ROW_SHAPES.find((candidate) => candidate.matches(object));
  if (!shape) throw new ShapeProblem(unknownShape(object));
  const row = shape.read(object);
  requireUnicode(row);
  return { row, shape: shape.name };
}

/** Half of a surrogate pair is no text: it has no UTF-8, so such a row could be neither hashed nor signed. */
export function requireUnicode(row: Row): void {
  // The words as JSON hold every text and name of it; a lone surrogate shows there as an escape.
  const words = JSON.stringify(rowContent(row)) + JSON.stringify([row.contributor, row.source]);
  if (words.includes('\\ud') && /(?<!\\)(?:\\\\)*\\ud[89a-f]/i.test(words)) {
    throw new ShapeProblem('holds half of a character (a lone surrogate)');
  }
}

function unknownShape(object: Record<string, unknown>): string {
  const keys = Object.keys(object)
    .slice(0, 6)
    .map((key) => JSON.stringify(key.slice(0, 40)));
  return (
    `no known shape has the keys ${keys.join(', ') || '(none)'}; expected messages, conversations, ` +
    'instruction and output, prompt and completion, or text'
  );
}

export { CONVERSATION_FIELDS } from './conversation';
export { ShapeProblem };
