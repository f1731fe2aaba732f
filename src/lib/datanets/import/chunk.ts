import { MappingError } from './errors';

/** A part of a text: UTF-16 units from `start` up to `end`. */
export interface Chunk {
  start: number;
  end: number;
}

export interface ChunkOptions {
  /** Most characters (UTF-16 units) of a chunk. */
  size: number;
  /** Characters at the end of a chunk that the next one begins with: at most these, fewer to begin with a word. */
  overlap: number;
}

export const MIN_CHUNK_SIZE = 16;
export const MAX_CHUNK_SIZE = 1_000_000;

/** @throws MappingError when no text could be cut this way. */
export function checkChunkOptions({ size, overlap }: ChunkOptions): void {
  if (!Number.isInteger(size) || size < MIN_CHUNK_SIZE || size > MAX_CHUNK_SIZE) {
    throw new MappingError(
      `A chunk of ${size} characters cannot be made. Choose ${MIN_CHUNK_SIZE} to ${MAX_CHUNK_SIZE}.`,
      { details: { size } }
    );
  }
  if (!Number.isInteger(overlap) || overlap < 0 || overlap > size / 2) {
    throw new MappingError(
      `An overlap of ${overlap} does not fit chunks of ${size}. Choose at most half the size.`,
      {
        details: { size, overlap }
      }
    );
  }
}

/** Finds where text may be broken. Making segmenters is slow, so one of these serves a whole text. */
export class TextBreaker {
  // A locale of its own: the same text is cut alike on every machine.
  readonly #sentences = new Intl.Segmenter('en', { granularity: 'sentence' });
  readonly #graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

  /**
   * Cuts a text into chunks that cover it: each begins at or before the end of the one before. A chunk ends, as far back
   * as its middle, after a paragraph, else a sentence, else a word, else between two characters as people count them.
   */
  *chunks(text: string, { size, overlap }: ChunkOptions): Generator<Chunk> {
    for (let start = 0; start < text.length;) {
      const end = this.#endOf(text, start, size);
      yield { start, end };
      if (end === text.length) return;
      start = overlap === 0 ? end : this.#beginningIn(text, start, end, overlap);
    }
  }

  #endOf(text: string, start: number, size: number): number {
    const limit = start + size;
    if (limit >= text.length) return text.length;
    const middle = start + Math.ceil(size / 2);
    const paragraph = text.lastIndexOf('\n\n', limit - 2) + 2;
    if (paragraph > middle) return paragraph;
    return (
      this.#sentenceEnd(text, start, limit, middle) ??
      wordEnd(text, limit, middle) ??
      this.#characterEnd(text, start, limit)
    );
  }

  /** The last end of a sentence before `limit`, behind `middle`. */
  #sentenceEnd(text: string, start: number, limit: number, middle: number): number | undefined {
    let found = start;
    // Two units more, so that a boundary at the limit is judged by what really follows it.
    for (const { index } of this.#sentences.segment(text.slice(start, limit + 2))) {
      if (start + index <= limit) found = start + index;
    }
    return found > middle ? found : undefined;
  }

  #characterEnd(text: string, start: number, limit: number): number {
    let found = start;
    for (const { index } of this.#graphemes.segment(text.slice(start, limit + 2))) {
      if (start + index <= limit) found = start + index;
    }
    if (found > start) return found;
    // One character as people count them, longer than a chunk: cut between code points.
    return isInsidePair(text, limit) ? limit - 1 : limit;
  }

  /** Where the next chunk begins: the first word, else character, that lies within the overlap. */
  #beginningIn(text: string, start: number, end: number, overlap: number): number {
    const earliest = end - overlap;
    for (let at = earliest; at < end; at++) {
      if (isWordStart(text, at)) return at;
    }
    for (const { index } of this.#graphemes.segment(text.slice(start, end))) {
      if (start + index >= earliest) return start + index;
    }
    return end;
  }
}

const BLANK = /\s/;
/** What belongs to the character before it, though a blank may be that. */
const EXTENDING = /^[\p{M}\p{Emoji_Modifier}\u200d]/u;

function isWordStart(text: string, at: number): boolean {
  if (!BLANK.test(text[at - 1]) || BLANK.test(text[at])) return false;
  return !EXTENDING.test(text.slice(at, at + 2));
}

function wordEnd(text: string, limit: number, middle: number): number | undefined {
  for (let at = limit; at > middle; at--) {
    if (isWordStart(text, at)) return at;
  }
  return undefined;
}

function isInsidePair(text: string, at: number): boolean {
  return /[\ud800-\udbff]/.test(text[at - 1]) && /[\udc00-\udfff]/.test(text[at]);
}
