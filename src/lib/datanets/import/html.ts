import { TabtuneError } from '../../errors';
import { decodeText } from './decode-text';
import type { Block, DocumentPart } from './document';

/** HTML that no page is: nested too deep to be a document. */
export class HtmlNestingError extends TabtuneError {}

/** Browsers themselves stop nesting at 512. The parser searches all open elements at each closing tag. */
const MAX_DEPTH = 2000;

/** Longest paragraph in characters; a longer one is broken. */
const MAX_BLOCK = 2 ** 20;

/** What is no content: code, navigation, controls, pictures. */
const SKIPPED = new Set(
  'script style noscript template nav svg math iframe object canvas select button textarea audio video'.split(
    ' '
  )
);
const PARAGRAPHS = new Set(
  (
    'p div section article main header footer aside ul ol dl dt dd table blockquote pre figure figcaption form ' +
    'fieldset address details summary hr body html h1 h2 h3 h4 h5 h6 caption center'
  ).split(' ')
);
/** Of these, what makes no paragraph of its own inside a list's item or a table's cell. */
const SOFT = new Set('p div section ul ol dl dt dd'.split(' '));

/**
 * The text of HTML: paragraphs and headings; a list with a dash before each item, a table with bars between the cells of a
 * row, a line for each; links as their words. Scripts, styles and navigation are left out. Nothing is ever run or fetched.
 * @throws NotUtf8Error, HtmlNestingError
 */
export async function* readHtml(
  name: string,
  file: Blob,
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart & { title?: string }> {
  const { Parser } = await import('htmlparser2');
  const reader = new HtmlReader(name);
  const parser = new Parser(reader, { decodeEntities: true, lowerCaseTags: true });
  for await (const { text, done } of decodeText(name, file)) {
    // In small steps: one piece may take the parser long.
    for (let at = 0; at < text.length; at += 2 ** 14) {
      await breathe();
      parser.write(text.slice(at, at + 2 ** 14));
    }
    yield { blocks: reader.take(), problems: [], done, title: reader.title };
  }
  parser.end();
  reader.endBlock();
  yield { blocks: reader.take(), problems: [], done: file.size, title: reader.title };
}

/** Gathers blocks from the parser's events. */
class HtmlReader {
  readonly #name: string;
  #blocks: Block[] = [];
  #text: string[] = [];
  #length = 0;
  /** How deep inside elements that are left out. */
  #skipped = 0;
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

  take(): Block[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks;
  }

  onopentagname(tag: string): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new HtmlNestingError(
        `${this.#name} nests more than ${MAX_DEPTH} elements: it is no document. Save the page's text instead.`,
        { details: { file: this.#name } }
      );
    }
    if (SKIPPED.has(tag)) this.#skipped += 1;
    if (this.#skipped > 0) return;
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

  onclosetag(tag: string): void {
    this.#depth -= 1;
    if (SKIPPED.has(tag)) {
      this.#skipped = Math.max(0, this.#skipped - 1);
      return;
    }
    if (this.#skipped > 0) return;
    if (tag === 'title') this.#isTitle = false;
    this.#breakAt(tag);
    if (tag === 'pre') this.#preformatted = Math.max(0, this.#preformatted - 1);
    if (tag === 'li') this.#items = Math.max(0, this.#items - 1);
    if (tag === 'td' || tag === 'th') this.#cells = Math.max(0, this.#cells - 1);
  }

  #breakAt(tag: string): void {
    if (!PARAGRAPHS.has(tag)) return;
    if (SOFT.has(tag) && this.#cells > 0) this.#text.push(' ');
    else if (SOFT.has(tag) && this.#items > 0) this.#text.push('\n');
    else this.endBlock();
  }

  ontext(text: string): void {
    if (this.#skipped > 0) return;
    if (this.#isTitle) this.#title?.push(text);
    else {
      this.#text.push(this.#preformatted > 0 ? text : text.replace(/[^\S\u00a0]+/g, ' '));
      this.#length += text.length;
      if (this.#length > MAX_BLOCK) this.endBlock();
    }
  }

  endBlock(): void {
    const raw = this.#text.join('');
    this.#text = [];
    this.#length = 0;
    const text = this.#preformatted > 0 ? raw : squeeze(raw);
    const heading = this.#heading;
    this.#heading = undefined;
    if (text.replace(/^-/, '').trim() === '') return;
    this.#blocks.push(heading === undefined ? { text } : { text, heading });
  }
}

/** Blanks and line breaks by ones; an item's text on the line of its dash. */
function squeeze(text: string): string {
  const lines = text
    .replace(/ {2,}/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.reduce(
    (joined, line, i) => joined + (i === 0 ? '' : lines[i - 1] === '-' ? ' ' : '\n') + line,
    ''
  );
}
