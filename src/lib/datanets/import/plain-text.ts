import { decodeText } from './decode-text';
import type { Block, DocumentPart } from './document';

/** Longest paragraph, in characters; a longer one is broken at a line end or blank. */
const MAX_PARAGRAPH = 2 ** 20;

/** The lines of a text file, in pieces. A line without an end is handed on in parts of `MAX_PARAGRAPH` characters. */
export async function* textLines(
  name: string,
  file: Blob,
  encoding: string,
  breathe: () => Promise<void>
): AsyncGenerator<{ lines: string[]; done: number }> {
  let rest = '';
  for await (const { text, done } of decodeText(name, file, encoding)) {
    await breathe();
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_PARAGRAPH) {
      const blank = rest.lastIndexOf(' ', MAX_PARAGRAPH);
      // No blank in a million characters: never between the halves of a surrogate pair.
      const cut =
        blank > 0 ? blank + 1 : MAX_PARAGRAPH - Number(/[\ud800-\udbff]/.test(rest[MAX_PARAGRAPH - 1]));
      lines.push(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    yield { lines, done };
  }
  if (rest !== '') yield { lines: [rest], done: file.size };
}

/**
 * Plain text: blank lines separate paragraphs, whose line breaks are kept.
 * @throws NotUtf8Error
 */
export async function* readPlainText(
  name: string,
  file: Blob,
  encoding = 'utf-8',
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart> {
  const paragraph = new Paragraph();
  for await (const { lines, done } of textLines(name, file, encoding, breathe)) {
    const blocks: Block[] = [];
    for (const line of lines) {
      if (line.trim() === '') blocks.push(...paragraph.end());
      else blocks.push(...paragraph.add(line));
    }
    yield { blocks, problems: [], done };
  }
  yield { blocks: paragraph.end(), problems: [], done: file.size };
}

/** The lines of the paragraph that is being read. */
export class Paragraph {
  #lines: string[] = [];
  #length = 0;

  /** Takes a line; gives the paragraph back when it grew too long to wait for its end. */
  add(line: string): Block[] {
    this.#lines.push(line);
    this.#length += line.length + 1;
    return this.#length > MAX_PARAGRAPH ? this.end() : [];
  }

  /** The paragraph, if there is one; the next begins. */
  end(): Block[] {
    const text = this.#lines.join('\n');
    this.#lines = [];
    this.#length = 0;
    return text.trim() === '' ? [] : [{ text }];
  }

  /** The only line so far, which may turn out to be a heading by what follows. */
  get only(): string | undefined {
    return this.#lines.length === 1 ? this.#lines[0] : undefined;
  }
}
