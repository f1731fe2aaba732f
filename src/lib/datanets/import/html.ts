import { TabtuneError } from '../../errors';
import { decodeText } from './decode-text';
import type { Block, DocumentPart } from './document';
import type { ImportProblem } from './import';
import { MathText } from './math-text';
import { problem } from './records';
import { isWideBreak } from './scripts';

/** HTML that no page is: nested too deep to be a document. */
export class HtmlNestingError extends TabtuneError {}

/** Browsers themselves stop nesting at 512. The parser searches all open elements at each closing tag. */
const MAX_DEPTH = 2000;

/** Longest paragraph in characters; a longer one is broken. */
const MAX_BLOCK = 2 ** 20;

/** What is never content, however it ends. */
const NEVER = new Set('script style template iframe'.split(' '));
/** What is no content where it is closed: navigation, controls, pictures. Left open, it would take the page with it. */
const ASIDE = new Set('nav noscript svg object canvas select button textarea audio video'.split(' '));
/** What no navigation or control holds: where this begins, that was not closed. */
const CONTENT = new Set(['main', 'article', 'h1']);
const PARAGRAPHS = new Set(
  (
    'p div section article main header footer aside ul ol dl dt dd table blockquote pre figure figcaption form ' +
    'fieldset address details summary hr body html h1 h2 h3 h4 h5 h6 caption center'
  ).split(' ')
);
/** Of these, what makes no paragraph of its own inside a list's item or a table's cell. */
const SOFT = new Set('p div section ul ol dl dt dd'.split(' '));

/** How the text is written. */
const IS_XHTML = /^\s*<\?xml\b|^\s*(?:<!doctype[^>]{0,500}>\s*)?<html\b[^>]{0,500}\bxmlns\s*=/i;

/**
 * The text of HTML as a reader sees the page: paragraphs and headings; a list with a dash before each item, a table with bars
 * between the cells of a row, a line for each; links as their words, formulas on one line. Scripts, styles and navigation
 * are left out; what is hidden is left out and counted as a problem. Nothing is ever run or fetched.
 * @throws NotUtf8Error, HtmlNestingError
 */
export async function* readHtml(
  name: string,
  file: Blob,
  encoding = 'utf-8',
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart & { title?: string }> {
  const { Parser } = await import('htmlparser2');
  const reader = new HtmlReader(name);
  let parser: InstanceType<typeof Parser> | undefined;
  for await (const { text, done } of decodeText(name, file, encoding)) {
    // In XML an element may close itself, `<title/>`; in HTML it goes on.
    const isXhtml = /\.(xhtml|xht)$/i.test(name) || IS_XHTML.test(text.slice(0, 2048));
    parser ??= new Parser(reader, {
      decodeEntities: true,
      lowerCaseTags: true,
      recognizeSelfClosing: isXhtml,
      recognizeCDATA: isXhtml
    });
    // In small steps: one piece may take the parser long.
    for (let at = 0; at < text.length; at += 2 ** 14) {
      await breathe();
      parser.write(text.slice(at, at + 2 ** 14));
    }
    yield { blocks: reader.take(), problems: [], done, title: reader.title };
  }
  parser?.end();
  reader.end();
  yield { blocks: reader.take(), problems: reader.hidden(), done: file.size, title: reader.title };
}

/** What was gathered before an element that may turn out to be no content. */
interface Held {
  depth: number;
  blocks: Block[];
  text: string[];
  length: number;
  heading: number | undefined;
}

/** Gathers blocks from the parser's events. */
class HtmlReader {
  readonly #name: string;
  #blocks: Block[] = [];
  #text: string[] = [];
  #length = 0;
  /** Depth of the element that is left out with all it holds, and whether that is because it is hidden. */
  #skipped: { depth: number; isHidden: boolean; text: string } | undefined;
  /** Elements that are left out if they are closed; what they hold is gathered apart until then. */
  #held: Held[] = [];
  #heldLength = 0;
  #hiddenCount = 0;
  #hiddenExcerpt = '';
  readonly #math = new MathText();
  #depth = 0;
  #preformatted = 0;
  #heading: number | undefined;
  #title: string[] | undefined;
  #isTitle = false;
  /** Open items and cells, and the column of the next cell. */
  #items = 0;
  #cells = 0;
  #column = 0;

  constructor(name: string) {
    this.#name = name;
  }

  get title(): string | undefined {
    return this.#title?.join('').replace(/\s+/g, ' ').trim().slice(0, 300) || undefined;
  }

  /** The blocks that are sure to be content. */
  take(): Block[] {
    const [outermost] = this.#held;
    const blocks = outermost?.blocks ?? this.#blocks;
    if (outermost) outermost.blocks = [];
    else this.#blocks = [];
    return blocks;
  }

  end(): void {
    this.#endMath();
    while (this.#held.length > 0) this.#keepHeld();
    this.endBlock();
  }

  /** Says how much was hidden. */
  hidden(): ImportProblem[] {
    if (this.#hiddenCount === 0) return [];
    const what = this.#hiddenCount === 1 ? 'a part is' : `${this.#hiddenCount} parts are`;
    return [problem('document', `${what} left out: hidden from readers of the page`, this.#hiddenExcerpt)];
  }

  onopentag(tag: string, attributes: Record<string, string>): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new HtmlNestingError(
        `${this.#name} nests more than ${MAX_DEPTH} elements: it is no document. Save the page's text instead.`,
        { details: { file: this.#name } }
      );
    }
    if (this.#skipped) return;
    if (NEVER.has(tag)) this.#skipped = { depth: this.#depth, isHidden: false, text: '' };
    else if (isHidden(tag, attributes)) this.#skipped = { depth: this.#depth, isHidden: true, text: '' };
    else if (this.#math.isOpen && !PARAGRAPHS.has(tag)) this.#math.open(tag, attributes);
    else {
      this.#endMath();
      this.#openElement(tag);
    }
  }

  #openElement(tag: string): void {
    if (tag === 'math') return this.#math.open(tag);
    if (CONTENT.has(tag)) while (this.#held.length > 0) this.#keepHeld();
    if (ASIDE.has(tag)) return this.#hold();
    if (tag === 'title') {
      this.#isTitle = this.#title === undefined;
      this.#title ??= [];
    }
    this.#breakAt(tag);
    if (tag === 'pre') this.#preformatted += 1;
    if (/^h[1-6]$/.test(tag)) this.#heading = Number(tag[1]);
    if (tag === 'li') this.#items += 1;
    if (tag === 'li') this.#text.push('\n- ');
    if (tag === 'br' || tag === 'tr') this.#text.push('\n');
    if (tag === 'tr') this.#column = 0;
    if (tag === 'td' || tag === 'th') {
      this.#cells += 1;
      if (this.#column++ > 0) this.#text.push(' | ');
    }
  }

  /** @param isImplied no end tag closes it: something around it ended, or the page */
  onclosetag(tag: string, isImplied: boolean): void {
    const depth = this.#depth--;
    if (this.#skipped) {
      if (this.#skipped.depth === depth) this.#endSkipped();
      return;
    }
    if (this.#math.isOpen) {
      this.#addFormula(this.#math.close());
      return;
    }
    if (this.#held.at(-1)?.depth === depth) {
      if (isImplied) this.#keepHeld();
      else this.#dropHeld();
      return;
    }
    if (tag === 'title') this.#isTitle = false;
    this.#breakAt(tag);
    if (tag === 'pre') this.#preformatted = Math.max(0, this.#preformatted - 1);
    if (tag === 'li') this.#items = Math.max(0, this.#items - 1);
    if (tag === 'td' || tag === 'th') this.#cells = Math.max(0, this.#cells - 1);
  }

  #endSkipped(): void {
    const { isHidden, text } = this.#skipped ?? { isHidden: false, text: '' };
    this.#skipped = undefined;
    if (!isHidden || text.trim() === '') return;
    this.#hiddenCount += 1;
    this.#hiddenExcerpt ||= text;
  }

  #hold(): void {
    const held: Held = {
      depth: this.#depth,
      blocks: this.#blocks,
      text: this.#text,
      length: this.#length,
      heading: this.#heading
    };
    this.#held.push(held);
    [this.#blocks, this.#text, this.#length, this.#heading] = [[], [], 0, undefined];
  }

  #dropHeld(): void {
    const held = this.#held.pop();
    if (!held) return;
    [this.#blocks, this.#text, this.#length] = [held.blocks, held.text, held.length];
    this.#heading = held.heading;
    if (this.#held.length === 0) this.#heldLength = 0;
  }

  /** What was held is content after all. */
  #keepHeld(): void {
    const held = this.#held.pop();
    if (!held) return;
    const { blocks, text, length, heading } = held;
    if (this.#blocks.length === 0) {
      this.#text = [...text, ...this.#text];
      this.#length += length;
      this.#heading ??= heading;
      this.#blocks = blocks;
    } else {
      const before = blockOf(text, heading, this.#preformatted > 0);
      this.#blocks = [...blocks, ...(before ? [before] : []), ...this.#blocks];
    }
    if (this.#held.length === 0) this.#heldLength = 0;
  }

  #endMath(): void {
    if (this.#math.isOpen) this.#addFormula(this.#math.end());
  }

  #addFormula(text: string | undefined): void {
    if (text) this.ontext(text);
  }

  #breakAt(tag: string): void {
    if (!PARAGRAPHS.has(tag)) return;
    if (SOFT.has(tag) && this.#cells > 0) this.#text.push(' ');
    else if (SOFT.has(tag) && this.#items > 0) this.#text.push('\n');
    else this.endBlock();
  }

  ontext(raw: string): void {
    if (this.#skipped) {
      if (this.#skipped.isHidden && this.#skipped.text.length < 200) this.#skipped.text += raw.slice(0, 200);
      return;
    }
    // A hyphen that only shows where a line is broken.
    const text = raw.replaceAll('\u00ad', '');
    if (this.#math.isOpen) this.#math.text(text);
    else if (this.#isTitle) this.#title?.push(text);
    else {
      this.#text.push(this.#preformatted > 0 ? text : text.replace(/[^\S\u00a0]+/g, toBlank));
      this.#length += text.length;
      if (this.#length > MAX_BLOCK) this.endBlock();
      if (this.#held.length === 0) return;
      this.#heldLength += text.length;
      // No navigation is that long.
      if (this.#heldLength > MAX_BLOCK) while (this.#held.length > 0) this.#keepHeld();
    }
  }

  endBlock(): void {
    const block = blockOf(this.#text, this.#heading, this.#preformatted > 0);
    this.#text = [];
    this.#length = 0;
    this.#heading = undefined;
    if (block) this.#blocks.push(block);
  }
}

/** Whether a browser would not show an element: by its attributes, and by its own style alone. */
function isHidden(tag: string, attributes: Readonly<Record<string, string>>): boolean {
  // `hidden=until-found` is shown to those who search.
  if ('hidden' in attributes && attributes.hidden.toLowerCase() !== 'until-found') return true;
  if (tag === 'dialog' && !('open' in attributes)) return true;
  const style = (attributes.style ?? '').slice(0, 4096);
  return /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b/i.test(style);
}

/** A line break in the text, until what stands around it tells whether it is a blank. */
const SEGMENT_BREAK = '\v';

function toBlank(blanks: string): string {
  return blanks.includes('\n') ? SEGMENT_BREAK : ' ';
}

function blockOf(
  parts: readonly string[],
  heading: number | undefined,
  isPreformatted: boolean
): Block | undefined {
  const raw = parts.join('');
  const text = isPreformatted ? raw : squeeze(raw);
  if (text.replace(/^-/, '').trim() === '') return undefined;
  return heading === undefined ? { text } : { text, heading };
}

/** Blanks and line breaks by ones; an item's text on the line of its dash. */
function squeeze(text: string): string {
  const lines = text
    .replace(/[ \v]+/g, (blanks, at: number) => {
      const isNothing =
        blanks.includes(SEGMENT_BREAK) &&
        isWideBreak(
          text.slice(Math.max(0, at - 2), at),
          text.slice(at + blanks.length, at + blanks.length + 2)
        );
      return isNothing ? '' : ' ';
    })
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.reduce(
    (joined, line, i) => joined + (i === 0 ? '' : lines[i - 1] === '-' ? ' ' : '\n') + line,
    ''
  );
}
