/** One line of a file, or the reason why it cannot be given. */
export interface TextLine {
  /** Counted from 1, as editors do. */
  number: number;
  text: string;
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
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let number = 0;
  let parts: Uint8Array[] = [];
  let held = 0;
  let dropped = 0;

  const keep = (bytes: Uint8Array) => {
    if (held + dropped + bytes.length > maxLineBytes) {
      // Too long already: keep only the beginning, count the rest.
      if (dropped === 0 && held > KEPT_OF_REFUSED) {
        const head = concat(parts, held).slice(0, KEPT_OF_REFUSED);
        dropped += held - head.length;
        parts = [head];
        held = head.length;
      }
      const room = Math.min(bytes.length, Math.max(0, KEPT_OF_REFUSED - held));
      if (room > 0) parts.push(bytes.slice(0, room));
      held += room;
      dropped += bytes.length - room;
    } else if (bytes.length > 0) {
      parts.push(bytes);
      held += bytes.length;
    }
  };

  const finish = (): TextLine => {
    let bytes = concat(parts, held);
    const length = held + dropped;
    const cut = dropped > 0;
    parts = [];
    held = 0;
    dropped = 0;
    number += 1;
    if (number === 1) bytes = withoutBom(bytes);
    if (!cut && bytes[bytes.length - 1] === CR) bytes = bytes.subarray(0, bytes.length - 1);
    if (cut) return { number, text: lossy(bytes), problem: `longer than ${maxLineBytes} bytes (${length})` };
    try {
      return { number, text: decoder.decode(bytes) };
    } catch {
      return { number, text: lossy(bytes.subarray(0, KEPT_OF_REFUSED)), problem: notUtf8(bytes, number) };
    }
  };

  for await (const chunk of chunksOf(input)) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      keep(chunk.subarray(start, end));
      start = end + 1;
      yield finish();
    }
    // A copy: the source may reuse its buffer for the next chunk.
    if (start < chunk.length) keep(chunk.slice(start));
  }
  if (held + dropped > 0) yield finish();
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

function concat(parts: Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(length);
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
