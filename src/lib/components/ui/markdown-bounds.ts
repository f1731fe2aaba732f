/**
 * What keeps Markdown of anybody from holding the page. marked looks through what is left of a paragraph at every mark of
 * emphasis, link or code, and through an item of a list at every line that goes on with it: in the worst case its time
 * grows with the square of the text. So the size, the lines and the nesting are bounded, and the steps are counted before they are
 * made: `MAX_STEPS` of them take less than half a second. Counted, not timed: a text looks the same on every machine.
 */
import type { Lexer, MarkedOptions, Token, TokensList } from 'marked';
import { TabtuneError } from '../../errors';

/** A text that would take long to be read as Markdown. */
export class HeavyMarkdownError extends TabtuneError {}

/** UTF-16 units; cards of models have some ten thousand. */
export const MAX_LENGTH = 2 ** 16;
/** What goes on with an item is looked at again with every line of it. */
const MAX_LINES = 2000;
/** Quotes and items that begin on one line, each read as a text of its own. */
const MAX_MARKERS = 8;
/** Quotes, lists, emphasis and links within each other. The lexer and the writer both call themselves. */
const MAX_DEPTH = 24;
/** One step is one character looked at from one mark, 10 to 50 ns. */
const MAX_STEPS = 8_000_000;
/** Rows times columns of a table: short rows are filled up. */
const MAX_CELLS = 10_000;

const MARKERS = new RegExp(`^(?:[ \\t]*(?:>|[-*+]|\\d{1,9}[.)])[ \\t]?){${MAX_MARKERS + 1}}`);
/** A line across the page, which is no nest of items. */
const RULE = /^ {0,3}(?:(?:-[ \t]*)+|(?:\*[ \t]*)+)$/;

/** What may open or close something within a paragraph: from each of them the rest is looked through. */
const MARKS = new Set('*_~`[]<');
/** What stands before the `@` of an address. From each of these the whole run is looked through, where there is one. */
const ADDRESS = /[\w.!#$%&'*+/=?^`{|}~-]/;

/** A web address is trimmed at its end, a few characters at a time, and each time looked through. Any word may be one. */
const TRIMMED_AT_ONCE = 16;

/** @throws HeavyMarkdownError by what can be told without reading it */
export function requireLight(text: string): void {
  if (text.length > MAX_LENGTH) throw heavy(`it has more than ${MAX_LENGTH} characters`);
  const lines = text.split(/\r\n?|\n/);
  if (lines.length > MAX_LINES) throw heavy(`it has more than ${MAX_LINES} lines`);
  const deep = lines.findIndex((line) => MARKERS.test(line) && !RULE.test(line));
  if (deep >= 0) throw heavy(`line ${deep + 1} begins more than ${MAX_MARKERS} quotes and lists`);
}

/**
 * A lexer that stops with `HeavyMarkdownError` before it takes too many steps or calls itself too deep.
 * @param Base marked's class, which comes when it is first needed
 */
export function boundedLexer(Base: typeof Lexer, options: MarkedOptions): Lexer {
  class BoundedLexer extends Base {
    #steps = 0;
    #depth = 0;

    override blockTokens(text: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[];
    override blockTokens(text: string, tokens?: TokensList, lastParagraphClipped?: boolean): TokensList;
    override blockTokens(text: string, tokens: Token[] = [], lastParagraphClipped = false): Token[] {
      return this.#bounded(text.length, () => super.blockTokens(text, tokens, lastParagraphClipped));
    }

    override inlineTokens(text: string, tokens: Token[] = []): Token[] {
      return this.#bounded(inlineSteps(text), () => super.inlineTokens(text, tokens));
    }

    #bounded(steps: number, read: () => Token[]): Token[] {
      this.#steps += steps;
      if (this.#steps > MAX_STEPS) throw heavy('it has too many marks of emphasis, links and code');
      if (this.#depth >= MAX_DEPTH) throw heavy(`it nests more than ${MAX_DEPTH} deep`);
      this.#depth += 1;
      const tokensRead = read();
      this.#depth -= 1;
      return tokensRead;
    }
  }
  return new BoundedLexer(options);
}

/** @param header the first line of a table, @param rows the lines below @throws HeavyMarkdownError */
export function requireSmallTable(header: string, rows: string): void {
  const cells = header.split('|').length * rows.split('\n').length;
  if (cells > MAX_CELLS) throw heavy(`it has a table of more than ${MAX_CELLS} cells`);
}

/** Characters that are looked at, at most, to read a text as words, emphasis, links and code. */
function inlineSteps(text: string): number {
  let marks = 1;
  let [run, addresses] = [0, 0];
  let [word, words] = [0, 0];
  for (const char of text) {
    if (char === '@') addresses += run * run;
    if (MARKS.has(char)) marks += 1;
    run = ADDRESS.test(char) ? run + 1 : 0;
    word += 1;
    if (char !== ' ' && char !== '\n') continue;
    words += word * word;
    word = 0;
  }
  return text.length * marks + addresses + (words + word * word) / TRIMMED_AT_ONCE;
}

function heavy(why: string): HeavyMarkdownError {
  return new HeavyMarkdownError(
    `The text is not laid out as Markdown: ${why}. It is shown as it was written.`,
    {
      details: { why }
    }
  );
}
