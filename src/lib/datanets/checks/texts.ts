import { isChatRow, type Row } from '../row';

/** One text of a row, under the name that a `RowSpan` gives it. */
export interface RowText {
  /** `text`, or `messages.2.content`. */
  field: string;
  text: string;
  /** Of a message. */
  role?: string;
}

/** What a row says, piece by piece, in its order. */
export function textsOf(row: Row): RowText[] {
  if (!isChatRow(row)) return [{ field: 'text', text: row.text }];
  return row.messages.map(({ role, content }, i) => ({
    field: `messages.${i}.content`,
    text: content,
    role
  }));
}

/**
 * The texts by which rows are told apart: all but the system's, which many rows share word by word; those too, where
 * a row has nothing else.
 */
export function ownTextsOf(row: Row): string[] {
  const texts = textsOf(row);
  const own = texts.filter(({ role }) => role !== 'system');
  return (own.length > 0 ? own : texts).map(({ text }) => text);
}

/** Characters (UTF-16 units) of a row: the sum over its texts. */
export function lengthOf(row: Row): number {
  return textsOf(row).reduce((sum, { text }) => sum + text.length, 0);
}
