/** A run of digits as people write numbers, with the signs they put between groups. */
export interface DigitRun {
  start: number;
  end: number;
  digits: string;
  /** Lengths of its groups. */
  groups: number[];
  /** Starts with + or with 00 and a group. */
  plus: boolean;
}

/** Between two groups of one number: at most this many signs, as in `) ` and ` - `. */
const MAX_GAP = 3;

/** More digits than any number that is looked for. */
const MAX_DIGITS = 24;

const SEPARATOR = /[ \u00a0\u2009\u202f().\-\u2010-\u2013/]/;
const WORD = /[\p{L}\p{N}_]/u;

/**
 * Runs of digits and their separators, bounded by what is no part of a word. One walk over the text. A run longer than
 * any number is passed over whole, as no part of it is one.
 */
export function* digitRuns(text: string): Generator<DigitRun> {
  let i = 0;
  while (i < text.length) {
    if (!isDigit(text, i)) {
      i += 1;
      continue;
    }
    const first = i;
    const groups: number[] = [];
    let digits = '';
    let end = i;
    while (i < text.length && isDigit(text, i)) {
      const start = i;
      while (i < text.length && isDigit(text, i)) i += 1;
      if (digits.length <= MAX_DIGITS) digits += text.slice(start, Math.min(i, start + MAX_DIGITS + 1));
      groups.push(i - start);
      end = i;
      let gap = i;
      while (gap < text.length && gap - i < MAX_GAP && SEPARATOR.test(text[gap])) gap += 1;
      if (gap < text.length && isDigit(text, gap)) i = gap;
    }
    const start = leadStart(text, first, groups);
    const before = text[start - 1] ?? ' ';
    const after = text[end] ?? ' ';
    if (digits.length > MAX_DIGITS || WORD.test(before) || WORD.test(after)) continue;
    yield { start, end, digits, groups, plus: text.slice(start, first).includes('+') };
  }
}

/** Where a number begins whose first digit is at `first`: a +, and a bracket that closes behind the first group. */
function leadStart(text: string, first: number, groups: readonly number[]): number {
  const closes = groups.length > 1 && text[first + groups[0]] === ')';
  let start = first;
  if (closes && text[start - 1] === '(') start -= 1;
  if (text[start - 1] === '+') start -= 1;
  if (closes && start < first && text[start] === '+' && text[start - 1] === '(') start -= 1;
  return start;
}

function isDigit(text: string, i: number): boolean {
  const unit = text.charCodeAt(i);
  return unit >= 48 && unit <= 57;
}
