import { ENCODINGS, JIS_ESCAPE, looksLikeUtf16, openDecoder } from './encoding';
import { NotUtf8Error } from './errors';

/** Bytes decoded at a time. */
const PIECE_BYTES = 2 ** 20;

/** A piece of a text file: its characters, and the bytes of the file up to its end. */
export interface TextPiece {
  text: string;
  done: number;
}

/**
 * Reads text piece by piece, without its byte order mark; line ends become LF, also those of files that have CR alone.
 * Characters are never cut at the end of a piece.
 * @param encoding as `TextDecoder` names it
 * @throws NotUtf8Error naming the file and the place.
 */
export async function* decodeText(name: string, file: Blob, encoding = 'utf-8'): AsyncGenerator<TextPiece> {
  const decode = openDecoder(encoding);
  /** A CR whose LF may come with the next piece. */
  let held = '';
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    const end = Math.min(file.size, at + PIECE_BYTES);
    const bytes = new Uint8Array(await file.slice(at, end).arrayBuffer());
    let text = held + strictly(() => decode(bytes, end === file.size), bytes, { name, at, encoding });
    held = end < file.size && text.endsWith('\r') ? '\r' : '';
    if (held) text = text.slice(0, -1);
    yield { text: text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text, done: end };
  }
}

/** The same text as UTF-8, for what reads bytes. A file that is UTF-8 comes as it is, faults included. */
export async function* utf8Pieces(
  name: string,
  file: Blob,
  encoding: string
): AsyncGenerator<{ bytes: Uint8Array; done: number }> {
  if (encoding === 'utf-8') {
    const size = PIECE_BYTES / 4;
    for (let at = 0; at < file.size; at += size) {
      const done = Math.min(file.size, at + size);
      yield { bytes: new Uint8Array(await file.slice(at, done).arrayBuffer()), done };
    }
    return;
  }
  const encoder = new TextEncoder();
  for await (const { text, done } of decodeText(name, file, encoding)) {
    yield { bytes: encoder.encode(text), done };
  }
}

interface Place {
  name: string;
  at: number;
  encoding: string;
}

function strictly(decode: () => string, bytes: Uint8Array, place: Place): string {
  let text: string;
  try {
    text = decode();
  } catch (cause) {
    throw notInEncoding(bytes, place, cause);
  }
  // Both are valid UTF-8, and rubbish.
  const isOther = place.encoding === 'utf-8' && (JIS_ESCAPE.test(text) || looksLikeUtf16(bytes));
  if (isOther) throw notInEncoding(bytes, place);
  return text;
}

/** @param bytes that are not in the encoding, with what is around them */
export function notInEncoding(
  bytes: Uint8Array,
  { name, at, encoding }: Place,
  cause?: unknown
): NotUtf8Error {
  const where = `somewhere in the mebibyte from byte ${at}`;
  const details = { file: name, at, encoding };
  if (encoding !== 'utf-8') {
    return new NotUtf8Error(
      `${name} is no ${wordsOf(encoding)} text (${where}). Choose another encoding, or save it as UTF-8.`,
      { cause, details }
    );
  }
  const likely = likelyEncoding(bytes, at);
  return new NotUtf8Error(
    `${name} is ${likely ? wordsOf(likely) : `no UTF-8 text (${where})`}. Save it as UTF-8 (the program that made it ` +
      'asks for the encoding, or has "CSV UTF-8"), or choose its encoding where it is brought into a Datanet.',
    { cause, details: { ...details, ...(likely ? { likely } : {}) } }
  );
}

function likelyEncoding(bytes: Uint8Array, at: number): string | undefined {
  if (at === 0 && bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (at === 0 && bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const utf16 = looksLikeUtf16(bytes);
  if (utf16) return utf16;
  return JIS_ESCAPE.test(new TextDecoder('latin1').decode(bytes)) ? 'iso-2022-jp' : undefined;
}

function wordsOf(encoding: string): string {
  if (encoding.startsWith('utf-16')) return 'UTF-16';
  return ENCODINGS.find(({ label }) => label === encoding)?.words ?? encoding;
}
