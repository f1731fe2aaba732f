import { oneLine } from '../one-line';
import { checkChunkOptions, TextBreaker, type ChunkOptions } from './chunk';
import type { Block } from './document';

/** A piece of a document, and where it stands: `handbook.pdf, page 3, Installing > Linux`. */
export interface DocumentChunk {
  text: string;
  source: string;
}

const MAX_SOURCE_LENGTH = 512;
/** Sections longer than this, and than a few chunks, are cut while they are read. In characters. */
const HELD_LENGTH = 2 ** 17;

/**
 * Cuts a document, given block by block, into chunks. No chunk reaches over a heading; sections in between are cut as
 * `TextBreaker` does. Holds no more than one section, and of a long one a part.
 */
export class DocumentChunker {
  readonly #name: string;
  readonly #options: ChunkOptions;
  readonly #breaker = new TextBreaker();
  /** Headings over the current section, outermost first. */
  #path: { level: number; text: string }[] = [];
  #text = '';
  #hasBody = false;
  /** Where in the section each page begins. */
  #pages: { start: number; page: number }[] = [];

  /** @throws MappingError when the options cannot be met. */
  constructor(name: string, options: ChunkOptions) {
    checkChunkOptions(options);
    this.#name = name;
    this.#options = options;
  }

  /** The chunks that are complete with this block. */
  *add(block: Block): Generator<DocumentChunk> {
    if (block.heading !== undefined) {
      const level = block.heading;
      // Headings that follow each other begin one section.
      if (this.#hasBody) yield* this.flush();
      this.#path = [...this.#path.filter((outer) => outer.level < level), { level, text: block.text.trim() }];
    } else this.#hasBody = true;
    if (this.#text !== '') this.#text += '\n\n';
    if (block.page !== undefined && this.#pages.at(-1)?.page !== block.page) {
      this.#pages.push({ start: this.#text.length, page: block.page });
    }
    this.#text += block.text;
    if (this.#text.length > Math.max(HELD_LENGTH, 4 * this.#options.size)) yield* this.#cut(false);
  }

  /** The rest. */
  *flush(): Generator<DocumentChunk> {
    yield* this.#cut(true);
    this.#text = '';
    this.#hasBody = false;
    this.#pages = [];
  }

  /** The chunks of what is held; where the section goes on, its last is kept to grow. */
  *#cut(isWhole: boolean): Generator<DocumentChunk> {
    const text = this.#text;
    for (const { start, end } of this.#breaker.chunks(text, this.#options)) {
      if (!isWhole && end === text.length) {
        this.#text = text.slice(start);
        const pages = this.#pages.map((page) => ({ ...page, start: page.start - start }));
        this.#pages = pages.filter((_, i) => i === pages.length - 1 || pages[i + 1].start > 0);
        return;
      }
      const words = text.slice(start, end).trim();
      if (words !== '') yield { text: words, source: this.#sourceAt(start) };
    }
  }

  #sourceAt(start: number): string {
    const page = this.#pages.findLast((candidate) => candidate.start <= start)?.page;
    const headings = this.#path.map(({ text }) => text).join(' > ');
    const parts = [this.#name, page === undefined ? '' : `page ${page}`, headings];
    return oneLine(parts.filter((part) => part !== '').join(', '), MAX_SOURCE_LENGTH);
  }
}
