import { checkTexts, type TextFinding } from './check';
import type { RowText } from './texts';

/** A sentence that ends, in the scripts that mark it, quotes and brackets behind included. */
const SENTENCE_END = /[.!?。！？।۔؟።](?=["'”’»)\]]{0,3}(?:\s|$)|\P{ASCII})/gu;

/** So many sentences make prose, in which a last one without its end stands out. */
const PROSE_SENTENCES = 3;

/** A last line shorter than this may be a signature, a title, a name. Counted in characters. */
const FULL_LINE = 40;

/** Lines that end without a full stop as a matter of course: lists, headings, tables, quotes, code, addresses. */
const FREE_LINE = /^\s*(?:[-*+•–>#|]|\d{1,3}[.)]|[a-z][.)]\s|```|https?:)|https?:\S{1,2000}$|^(?: {4}|\t)/iu;

/** Words that cannot be the last of a sentence in English. */
const OPEN_WORD = /\s(?:the|an|and|or|because|whose|my|your|their|into|than|whether)$/;

/** How much of the end a finding points at. */
const SHOWN = 24;

/**
 * Texts that were cut off: a code fence that is never closed, an ellipsis at the end, prose whose last sentence stops
 * without an end. Questions are left alone. Lists, titles and short answers end as they like, so that only prose of
 * several sentences is held to its full stops.
 */
export const checkTruncated = checkTexts('truncated', (text) => {
  if (text.role !== undefined && text.role !== 'assistant') return [];
  const found = cutOff(text);
  return found ? [found] : [];
});

function cutOff({ text }: RowText): TextFinding | undefined {
  const end = text.trimEnd().length;
  const body = text.slice(0, end);
  const at = { start: Math.max(0, end - SHOWN), end };
  const fence = openFence(body);
  if (fence !== undefined) {
    return {
      start: fence,
      end,
      severity: 'warning',
      kind: 'open-code',
      message: 'A block of code is opened and never closed.'
    };
  }
  if (/(?:…|\.\.\.)$/.test(body) && body.length > FULL_LINE) {
    return { ...at, severity: 'note', kind: 'ellipsis', message: 'The text ends in an ellipsis.' };
  }
  const line = body.slice(body.lastIndexOf('\n') + 1);
  if (FREE_LINE.test(line)) return undefined;
  if (OPEN_WORD.test(line) && line.length >= FULL_LINE) {
    return { ...at, severity: 'warning', kind: 'open-sentence', message: 'The last sentence breaks off.' };
  }
  const stops = /[\p{L}\p{M}\p{N},;、，([{–—-]$/u.test(line) && line.length >= FULL_LINE;
  if (!stops || (body.match(SENTENCE_END)?.length ?? 0) < PROSE_SENTENCES) return undefined;
  return {
    ...at,
    severity: 'warning',
    kind: 'open-sentence',
    message: 'The last sentence has no end: the text may have been cut off.'
  };
}

/** Where the last code fence begins that nothing closes (CommonMark 4.5: at least as many marks of the same kind). */
function openFence(text: string): number | undefined {
  let open: { at: number; marks: string } | undefined;
  for (const match of text.matchAll(/^ {0,3}(`{3,20}|~{3,20})([^\n`]{0,200})$/gm)) {
    const [, marks, info] = match;
    if (!open) open = { at: match.index, marks };
    else if (marks[0] === open.marks[0] && marks.length >= open.marks.length && info.trim() === '')
      open = undefined;
  }
  return open?.at;
}
