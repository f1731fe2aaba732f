import { UnknownEncodingError } from './errors';

/** Encodings to choose from, by the names that `TextDecoder` knows, with what they are used for. */
export const ENCODINGS: readonly { label: string; words: string }[] = [
  { label: 'utf-8', words: 'UTF-8' },
  { label: 'utf-16le', words: 'UTF-16, little endian (Windows "Unicode")' },
  { label: 'utf-16be', words: 'UTF-16, big endian' },
  { label: 'windows-1252', words: 'Western European (Windows-1252, Latin 1)' },
  { label: 'iso-8859-15', words: 'Western European (Latin 9)' },
  { label: 'windows-1250', words: 'Central European (Windows-1250)' },
  { label: 'iso-8859-2', words: 'Central European (Latin 2)' },
  { label: 'windows-1251', words: 'Cyrillic (Windows-1251)' },
  { label: 'koi8-r', words: 'Cyrillic (KOI8-R)' },
  { label: 'koi8-u', words: 'Cyrillic (KOI8-U)' },
  { label: 'windows-1253', words: 'Greek (Windows-1253)' },
  { label: 'windows-1254', words: 'Turkish (Windows-1254)' },
  { label: 'windows-1255', words: 'Hebrew (Windows-1255)' },
  { label: 'windows-1256', words: 'Arabic (Windows-1256)' },
  { label: 'windows-1257', words: 'Baltic (Windows-1257)' },
  { label: 'windows-1258', words: 'Vietnamese (Windows-1258)' },
  { label: 'windows-874', words: 'Thai (Windows-874)' },
  { label: 'macintosh', words: 'Western European (old Macintosh)' },
  { label: 'shift_jis', words: 'Japanese (Shift JIS)' },
  { label: 'euc-jp', words: 'Japanese (EUC-JP)' },
  { label: 'iso-2022-jp', words: 'Japanese (ISO-2022-JP, JIS)' },
  { label: 'gb18030', words: 'Chinese, simplified (GB 18030, GBK)' },
  { label: 'big5', words: 'Chinese, traditional (Big5)' },
  { label: 'euc-kr', words: 'Korean (EUC-KR, UHC)' }
];

/** Where HTML has to say how it is encoded. The standard asks for the first 1024 bytes; many pages come later. */
const DECLARATION_BYTES = 2 ** 13;
const HEAD_BYTES = 2 ** 16;
const PIECE_BYTES = 2 ** 20;

/** What switches to Japanese characters in ISO-2022-JP. No other text has these. */
// eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
export const JIS_ESCAPE = /\x1b(?:\$[@B]|\([JI])/;

/**
 * How a text is encoded: as its byte order mark says, as the page itself declares, as ISO-2022-JP whose marks no other
 * text has; else it has to be UTF-8. A page that is valid UTF-8 is read as that, whatever it declares: it was sent with
 * another declaration in front.
 * @param kind HTML and XML declare their encoding in themselves
 */
export async function findEncoding(file: Blob, kind: 'text' | 'html'): Promise<string> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const mark = byteOrderMark(head);
  if (mark) return mark;
  const ascii = latin1(head);
  const declared = kind === 'html' ? declaredEncoding(ascii.slice(0, DECLARATION_BYTES)) : undefined;
  if (declared !== undefined && declared !== 'utf-8' && !(await isUtf8BeyondAscii(file))) return declared;
  if (JIS_ESCAPE.test(ascii) && !head.some((byte) => byte >= 0x80)) return 'iso-2022-jp';
  return 'utf-8';
}

/**
 * The name that `TextDecoder` has for an encoding.
 * @throws UnknownEncodingError
 */
export function requireEncoding(name: string, label: string): string {
  const known = knownEncoding(label);
  if (known) return known;
  throw new UnknownEncodingError(
    `${name} cannot be read as "${label.slice(0, 40)}": no such encoding is known. Choose another.`,
    { details: { file: name, encoding: label.slice(0, 40) } }
  );
}

/** What Windows-1252 has where Latin 1 has control characters. Some versions of Node decode these as such. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** A strict decoder of a known encoding. Its `decode` throws a TypeError at bytes that the encoding has not. */
export function openDecoder(encoding: string): (bytes: Uint8Array, isLast: boolean) => string {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const isWindows = decoder.encoding === 'windows-1252';
  return (bytes, isLast) => {
    const text = decoder.decode(bytes, { stream: !isLast });
    return isWindows ? text.replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80]) : text;
  };
}

/** UTF-16 without a mark, by the zeros that every second byte then is; a suspicion only. */
export function looksLikeUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const looked = bytes.subarray(0, 4096);
  const zeros = [0, 0];
  for (const [i, byte] of looked.entries()) if (byte === 0) zeros[i % 2] += 1;
  const half = looked.length / 2;
  if (half < 4) return undefined;
  if (zeros[1] > 0.4 * half && zeros[0] < 0.1 * half) return 'utf-16le';
  return zeros[0] > 0.4 * half && zeros[1] < 0.1 * half ? 'utf-16be' : undefined;
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/** What `<meta charset>`, `<meta http-equiv>` or an XML declaration says, if it is an encoding that exists. */
function declaredEncoding(head: string): string | undefined {
  const visible = head.replace(/<!--[\s\S]*?-->/g, '');
  const xml = /^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']?([\w.:-]{1,40})/i.exec(visible)?.[1];
  const meta = /<meta\b[^>]{0,500}?\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(visible)?.[1];
  const found = knownEncoding(xml ?? meta ?? '');
  // A declaration that can be read as ASCII is not in UTF-16, whatever it says (the HTML standard).
  return found?.startsWith('utf-16') ? 'utf-8' : found;
}

export function knownEncoding(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/** Whether a file has characters beyond ASCII, and all of them as UTF-8 writes them. */
async function isUtf8BeyondAscii(file: Blob): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isBeyond = false;
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    const end = Math.min(file.size, at + PIECE_BYTES);
    const bytes = new Uint8Array(await file.slice(at, end).arrayBuffer());
    isBeyond ||= bytes.some((byte) => byte >= 0x80);
    try {
      decoder.decode(bytes, { stream: end < file.size });
    } catch {
      return false;
    }
  }
  return isBeyond;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
