import { TabtuneError } from '../../errors';
import type { DocumentPart } from './document';
import { readHtml } from './html';
import { problem } from './records';

/** A file that is no Word document, is damaged, or unpacks to more than a document does. */
export class DocxError extends TabtuneError {}

const MAX_FILE = 256 * 2 ** 20;
/** Bytes of the document's XML, unpacked: about ten thousand pages. */
const MAX_XML = 64 * 2 ** 20;
const MAX_ENTRIES = 10_000;
/** Unpacked at a time: deflate makes at most a thousand times as much of it. */
const PIECE_BYTES = 2 ** 14;
/** Beside the headings, which mammoth knows. */
const STYLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => h2:fresh"];

/**
 * The text of a Word document: headings, paragraphs, lists, tables, notes. Pictures are left out, unopened.
 * @throws DocxError
 */
export async function* readDocx(
  name: string,
  file: Blob,
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart & { title?: string }> {
  const xml = await unpackXml(name, file, breathe);
  await breathe();
  const { html, notes } = await toHtml(name, xml);
  await breathe();
  const problems = notes.map((note) => problem('document', note, ''));
  yield { blocks: [], problems, done: 0 };
  for await (const part of readHtml(name, new Blob([html]), 'utf-8', breathe)) {
    yield { ...part, done: Math.round((file.size * part.done) / Math.max(1, html.length)) };
  }
}

/**
 * A ZIP that holds the document's XML alone, not compressed. It is unpacked piece by piece and what comes out is counted:
 * what a ZIP says of its sizes need not be so.
 */
async function unpackXml(name: string, file: Blob, breathe: () => Promise<void>): Promise<ArrayBuffer> {
  if (file.size > MAX_FILE) {
    throw new DocxError(
      `${name} has ${file.size} bytes, more than ${MAX_FILE}. Save its text as a text file.`,
      {
        details: { file: name, bytes: file.size }
      }
    );
  }
  const { Unzip, UnzipInflate, zipSync } = await import('fflate');
  const parts = new Map<string, Uint8Array[]>();
  let bytes = 0;
  let entries = 0;
  const unzip = new Unzip((entry) => {
    if (++entries > MAX_ENTRIES) throw notWord(name, `it has more than ${MAX_ENTRIES} parts`);
    // What is not started is passed over, still packed.
    if (!/\.(xml|rels)$/i.test(entry.name)) return;
    const pieces: Uint8Array[] = [];
    parts.set(entry.name, pieces);
    entry.ondata = (error, piece) => {
      if (error) throw error;
      bytes += piece.length;
      if (bytes > MAX_XML) throw tooLong(name);
      pieces.push(piece);
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    await breathe();
    const end = Math.min(file.size, at + PIECE_BYTES);
    const piece = new Uint8Array(await file.slice(at, end).arrayBuffer());
    try {
      unzip.push(piece, end === file.size);
    } catch (cause) {
      if (cause instanceof TabtuneError) throw cause;
      throw notWord(name, 'it is damaged', cause);
    }
  }
  if (!parts.has('word/document.xml') && !parts.has('[Content_Types].xml')) {
    throw notWord(name, 'it is a ZIP of something else. Unpack it and import what is inside');
  }
  const whole = await Promise.all(
    [...parts].map(async ([part, pieces]) => {
      const xml = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
      return [part, xml] as const;
    })
  );
  const zip = zipSync(Object.fromEntries(whole), { level: 0 });
  return zip.buffer.slice(zip.byteOffset, zip.byteOffset + zip.byteLength);
}

function tooLong(name: string): DocxError {
  return new DocxError(
    `${name} unpacks to more than ${MAX_XML} bytes of text: it is no document, or one too long to be read at once. ` +
      'Split it in Word.',
    { details: { file: name } }
  );
}

async function toHtml(name: string, arrayBuffer: ArrayBuffer): Promise<{ html: string; notes: string[] }> {
  const { default: mammoth } = await import('mammoth');
  try {
    // Node's build wants `buffer`, the browser's `arrayBuffer`; each ignores the other.
    const input = { arrayBuffer, buffer: arrayBuffer as unknown as Buffer };
    const { value, messages } = await mammoth.convertToHtml(input, {
      externalFileAccess: false,
      styleMap: STYLES
    });
    const notes = messages.filter(({ type }) => type === 'error').map(({ message }) => message);
    return { html: value, notes };
  } catch (cause) {
    throw notWord(name, 'its text cannot be found', cause);
  }
}

function notWord(name: string, why: string, cause?: unknown): DocxError {
  return new DocxError(
    `${name} cannot be read as a Word document: ${why}. Open it in Word and save it again as .docx.`,
    {
      cause,
      details: { file: name }
    }
  );
}
