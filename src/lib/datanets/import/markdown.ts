import type { Block, DocumentPart } from './document';
import { Paragraph, textLines } from './plain-text';

/**
 * Markdown as it is written, cut into its paragraphs and headings (CommonMark's ATX and setext headings). A fenced code
 * block is one block, whatever it holds. Front matter between `---` is left out.
 * @throws NotUtf8Error
 */
export async function* readMarkdown(
  name: string,
  file: Blob,
  encoding = 'utf-8',
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart> {
  const reader = new MarkdownReader();
  for await (const { lines, done } of textLines(name, file, encoding, breathe)) {
    yield { blocks: lines.flatMap((line) => reader.line(line)), problems: [], done };
  }
  yield { blocks: reader.end(), problems: [], done: file.size };
}

/** Lines of front matter after which it is not taken for that. */
const MAX_FRONT_MATTER = 200;

class MarkdownReader {
  readonly #paragraph = new Paragraph();
  /** The fence that would close the code block we are in. */
  #fence: RegExp | undefined;
  /** Lines since an opening `---`, while they may be front matter. */
  #front: string[] | undefined;
  #isFirst = true;

  line(line: string): Block[] {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && line.trim() === '---') {
      this.#front = [line];
      return [];
    }
    if (this.#front) return this.#frontMatter(this.#front, line);
    return this.#body(line);
  }

  end(): Block[] {
    const front = this.#front ?? [];
    this.#front = undefined;
    return [...front.flatMap((line) => this.#body(line)), ...this.#paragraph.end()];
  }

  #frontMatter(front: string[], line: string): Block[] {
    front.push(line);
    if (/^(---|\.\.\.)\s*$/.test(line)) {
      this.#front = undefined;
      return [];
    }
    if (front.length <= MAX_FRONT_MATTER) return [];
    this.#front = undefined;
    return front.flatMap((held) => this.#body(held));
  }

  #body(line: string): Block[] {
    if (this.#fence) {
      const isClosing = this.#fence.test(line);
      if (isClosing) this.#fence = undefined;
      const grown = this.#paragraph.add(line);
      return isClosing ? [...grown, ...this.#paragraph.end()] : grown;
    }
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      this.#fence = new RegExp(`^ {0,3}${fence[0]}{${fence.length},}\\s*$`);
      return [...this.#paragraph.end(), ...this.#paragraph.add(line)];
    }
    const atx = /^ {0,3}(#{1,6})(?=[ \t]|$)/.exec(line);
    if (atx) {
      const text = line.slice(atx[0].length).trim();
      return [...this.#paragraph.end(), ...heading(text.replace(/(^|[ \t])#+$/, ''), atx[1].length)];
    }
    const under = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(line)?.[1];
    const above = this.#paragraph.only;
    if (under && above !== undefined) {
      this.#paragraph.end();
      return heading(above, under[0] === '=' ? 1 : 2);
    }
    if (line.trim() === '') return this.#paragraph.end();
    return this.#paragraph.add(line);
  }
}

function heading(text: string, level: number): Block[] {
  return text.trim() === '' ? [] : [{ text: text.trim(), heading: level }];
}
