import { NotUtf8Error } from './errors';

/** Bytes decoded at a time. */
const PIECE_BYTES = 2 ** 20;

/** A piece of a text file: its characters, and the bytes of the file up to its end. */
export interface TextPiece {
  text: string;
  done: number;
}

/**
 * Reads UTF-8 text piece by piece, without its byte order mark; line ends become LF, also those of files that have CR
 * alone. Characters are never cut at the end of a piece.
 * @throws NotUtf8Error naming the file and the place.
 */
export async function* decodeText(name: string, file: Blob): AsyncGenerator<TextPiece> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  /** A CR whose LF may come with the next piece. */
  let held = '';
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    const end = Math.min(file.size, at + PIECE_BYTES);
    const bytes = new Uint8Array(await file.slice(at, end).arrayBuffer());
    let text = held + decode(decoder, bytes, end < file.size, { name, at });
    held = end < file.size && text.endsWith('\r') ? '\r' : '';
    if (held) text = text.slice(0, -1);
    yield { text: text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text, done: end };
  }
}

function decode(
  decoder: TextDecoder,
  bytes: Uint8Array,
  stream: boolean,
  { name, at }: { name: string; at: number }
): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch (cause) {
    const utf16 =
      at === 0 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
    throw new NotUtf8Error(
      `${name} is ${utf16 ? 'UTF-16' : `no UTF-8 text (somewhere in the mebibyte from byte ${at})`}. ` +
        'Save it as UTF-8: the program that made it asks for the encoding, or has "CSV UTF-8".',
      { cause, details: { file: name, at } }
    );
  }
}
