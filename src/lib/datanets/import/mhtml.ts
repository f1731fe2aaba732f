import { TabtuneError } from '../../errors';
import type { DocumentPart } from './document';
import { findEncoding, knownEncoding } from './encoding';
import { readHtml } from './html';
import { readPlainText } from './plain-text';

/** A saved page or mail in which no text is found. */
export class MhtmlError extends TabtuneError {}

const MAX_FILE = 256 * 2 ** 20;
/** Parts within parts. */
const MAX_NESTING = 8;

/** A part of a MIME message; one character of `body` is one byte. */
interface MimePart {
  type: string;
  parameters: Record<string, string>;
  encoding: string;
  body: string;
}

/**
 * The text of a web page saved as one file (MHTML, RFC 2557), or of a mail: of the first part that is HTML, else of the
 * first that is plain text. Pictures, style sheets and what else was saved with it are left out.
 * @throws MhtmlError, and what `readHtml` throws
 */
export async function* readMhtml(
  name: string,
  file: Blob,
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart & { title?: string }> {
  if (file.size > MAX_FILE) throw unreadable(name, `it has more than ${MAX_FILE} bytes`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = [...textParts(splitHead(toBinary(bytes)), MAX_NESTING)];
  const part = parts.find(({ type }) => type !== 'text/plain') ?? parts[0];
  if (!part) throw unreadable(name, 'it has no part that is HTML or text');
  const body = new Blob([decodeBody(part) as BlobPart]);
  const isHtml = part.type !== 'text/plain';
  // What the part says of itself goes before what the page in it says.
  const encoding =
    knownEncoding(part.parameters.charset ?? '') ?? (await findEncoding(body, isHtml ? 'html' : 'text'));
  const read = isHtml ? readHtml : readPlainText;
  for await (const piece of read(name, body, encoding, breathe)) {
    yield { ...piece, done: Math.round((file.size * piece.done) / Math.max(1, body.size)) };
  }
}

function* textParts(part: MimePart, nesting: number): Generator<MimePart> {
  const { type, parameters, body } = part;
  if (/^(?:text\/html|application\/xhtml\+xml|text\/plain)$/.test(type)) yield part;
  if (!type.startsWith('multipart/') || !parameters.boundary || nesting === 0) return;
  const pieces = `\n${body}`.split(`\n--${parameters.boundary}`);
  for (const piece of pieces.slice(1)) {
    if (piece.startsWith('--')) return;
    yield* textParts(splitHead(piece.slice(piece.indexOf('\n') + 1)), nesting - 1);
  }
}

function splitHead(text: string): MimePart {
  const blank = /(?:^|\n)\r?\n/.exec(text);
  const end = blank ? blank.index : text.length;
  const headers = new Map<string, string>();
  // A line that begins with a blank goes on with the one before.
  for (const line of text
    .slice(0, end)
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const [type, ...rest] = (headers.get('content-type') ?? 'text/plain').split(';');
  const parameters = Object.fromEntries(
    rest.flatMap((parameter) => {
      const found = /^\s*([\w-]+)\s*=\s*"?([^"]*)"?\s*$/.exec(parameter);
      return found ? [[found[1].toLowerCase(), found[2]]] : [];
    })
  );
  return {
    type: type.trim().toLowerCase(),
    parameters,
    encoding: (headers.get('content-transfer-encoding') ?? '').toLowerCase(),
    body: blank ? text.slice(blank.index + blank[0].length) : ''
  };
}

function decodeBody({ encoding, body }: MimePart): Uint8Array {
  switch (encoding) {
    case 'quoted-printable':
      return toBytes(
        body
          .replace(/=[ \t]*\r?\n/g, '')
          .replace(/=([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      );
    case 'base64': {
      const digits = body.replace(/[^A-Za-z\d+/]/g, '');
      return toBytes(atob(digits.slice(0, digits.length - (digits.length % 4 === 1 ? 1 : 0))));
    }
    default:
      return toBytes(body);
  }
}

function toBinary(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 2 ** 14) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 2 ** 14)));
  }
  return pieces.join('');
}

function toBytes(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function unreadable(name: string, why: string): MhtmlError {
  return new MhtmlError(
    `${name} cannot be read as a saved page: ${why}. Open it in a browser and save it as HTML.`,
    { details: { file: name } }
  );
}
