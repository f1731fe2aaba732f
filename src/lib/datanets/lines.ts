/** One line of a file, or the reason why it cannot be given. */
export interface TextLine {
  /** Counted from 1, as editors do. */
  number: number;
  text: string;
  /** Length in the file, with what is not in `text`: its end, and a byte order mark. */
  bytes: number;
  /** Whether its bytes are those of `text` and one line feed, and nothing else: what is signed is written so. */
  plain: boolean;
  /** Set where the line was refused; `text` then holds its readable beginning. */
  problem?: string;
}

/** Longest line that is kept in memory. A row near it would be some four million tokens. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** How much of a refused line is kept to show where it is. */
const KEPT_OF_REFUSED = 512;

const LF = 0x0a;
const CR = 0x0d;

/** What rows can be read from. `File` is a `Blob`. */
export type TextInput = string | Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Splits bytes into lines without holding more than one line: LF and CRLF, an optional UTF-8 byte order mark, a last
 * line without an ending. A line over `maxLineBytes` or with bytes that are not UTF-8 comes with a `problem`, and
 * the next line is read as usual.
 */
export async function* readLines(input: TextInput, maxLineBytes = MAX_LINE_BYTES): AsyncGenerator<TextLine> {
  const line = new LineBuffer(maxLineBytes);
  for await (const chunk of chunksOf(input)) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      line.add(chunk.subarray(start, end));
      start = end + 1;
      yield line.finish(1);
    }
    // A copy: the source may reuse its buffer for the next chunk.
    if (start < chunk.length) line.add(chunk.slice(start));
  }
  if (line.length > 0) yield line.finish(0);
}

/** The bytes of the line that is being read; of one that is too long, only its beginning and its length. */
class LineBuffer {
  /** Bytes of the line so far, kept or not. */
  length = 0;
  readonly #max: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #number = 0;

  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  add(bytes: Uint8Array): void {
    this.length += bytes.length;
    if (this.length <= this.#max) this.#parts.push(bytes);
    else this.#parts = [concat([...this.#parts, bytes]).slice(0, KEPT_OF_REFUSED)];
  }

  /** The line as read; the next begins. `end` is 1 where a line feed ended it. */
  finish(end: 0 | 1): TextLine {
    let bytes = concat(this.#parts);
    const length = this.length;
    const fileBytes = length + end;
    this.#parts = [];
    this.length = 0;
    this.#number += 1;
    const number = this.#number;
    if (number === 1) bytes = withoutBom(bytes);
    if (length > this.#max) {
      return {
        number,
        bytes: fileBytes,
        plain: false,
        text: lossy(bytes),
        problem: `longer than ${this.#max} bytes (${length})`
      };
    }
    if (bytes[bytes.length - 1] === CR) bytes = bytes.subarray(0, -1);
    try {
      const text = this.#decoder.decode(bytes);
      return { number, bytes: fileBytes, plain: end === 1 && bytes.length === length, text };
    } catch {
      return {
        number,
        bytes: fileBytes,
        plain: false,
        text: lossy(bytes.subarray(0, KEPT_OF_REFUSED)),
        problem: notUtf8(bytes, number)
      };
    }
  }
}

async function* chunksOf(input: TextInput): AsyncGenerator<Uint8Array> {
  if (typeof input === 'string') {
    const encoder = new TextEncoder();
    // Pieces keep the encoded copy small; they never split a surrogate pair.
    const size = 1 << 20;
    for (let at = 0; at < input.length;) {
      let end = Math.min(input.length, at + size);
      const last = input.charCodeAt(end - 1);
      if (end < input.length && last >= 0xd800 && last < 0xdc00) end += 1;
      yield encoder.encode(input.slice(at, end));
      at = end;
    }
  } else if (typeof Blob !== 'undefined' && input instanceof Blob) {
    const reader = input.stream().getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    } finally {
      reader.releaseLock();
    }
  } else {
    yield* input as AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function withoutBom(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function notUtf8(bytes: Uint8Array, number: number): string {
  const utf16 =
    number === 1 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
  return utf16 ? 'the file is UTF-16: save it as UTF-8' : 'not UTF-8 text: save the file as UTF-8';
}

function lossy(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
