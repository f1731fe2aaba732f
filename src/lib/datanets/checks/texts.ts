import { rowTexts, type Row } from '../row';

/** One text of a row, under the name that a `RowSpan` gives it. */
export interface RowText {
  /** `text`, `messages.2.content`, `messages.2.tool_calls.0.function.arguments.city`. */
  field: string;
  text: string;
  /** As `rowTexts` says. */
  role?: string;
}

/** What a row says, piece by piece, in its order. */
export function textsOf(row: Row): RowText[] {
  return rowTexts(row).map(({ path, text, role }) => ({
    field: path.join('.'),
    text,
    ...(role === undefined ? {} : { role })
  }));
}

/**
 * The texts by which rows are told apart: all but those of system and tools, which many rows share word by word; those too, where
 * a row has nothing else.
 */
export function ownTextsOf(row: Row): string[] {
  const texts = textsOf(row);
  const own = texts.filter(({ role }) => role !== 'system' && role !== 'tools');
  return (own.length > 0 ? own : texts).map(({ text }) => text);
}

/** Characters (UTF-16 units) of a row: the sum over its texts. */
export function lengthOf(row: Row): number {
  return textsOf(row).reduce((sum, { text }) => sum + text.length, 0);
}
