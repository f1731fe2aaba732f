import { TabtuneError } from '../../errors';
import type { DocumentPart } from './document';
import { checkDocxXml, cutDocxXml, docxRelationships, mainDocxPart } from './docx-bounds';
import { readHtml } from './html';
import { problem } from './records';

/** A file that is no Word document, is damaged, or unpacks to more than a document does. */
export class DocxError extends TabtuneError {}

const MAX_FILE = 256 * 2 ** 20;
/** Bytes of the document's XML, unpacked: about ten thousand pages. */
const MAX_XML = 64 * 2 ** 20;
const MAX_ENTRIES = 10_000;
/** Bytes of XML beside the document itself (styles, notes), which are read with each piece of it. */
const MAX_BESIDE = 2 * 2 ** 20;
/** UTF-16 units of the document that are converted at once, in some 100 ms. */
const PIECE_LENGTH = 2 ** 17;
/** What is never converted: themes, charts, settings, what stands at the head and foot of pages. */
const UNREAD =
  /^(?:customXml|docProps|word\/(?:theme|charts|embeddings|glossary|diagrams|drawings|activeX))\/|^word\/(?:settings|webSettings|fontTable|header\d*|footer\d*)\.xml$/;
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
  const parts = await unpackXml(name, file, breathe);
  let read = 0;
  for await (const { pieces, total, length } of cutDocument(name, parts, breathe)) {
    const { html, notes } = await toHtml(name, await packXml(pieces));
    await breathe();
    read += length;
    const done = Math.round((file.size * read) / total);
    yield { blocks: [], problems: notes.map((note) => problem('document', note, '')), done };
    for await (const part of readHtml(name, new Blob([html]), breathe)) yield { ...part, done };
  }
}

/**
 * The parts again for each piece of the document, after all of them were looked through.
 * @returns `length` of the piece and of the document in all
 * @throws DocxXmlError
 */
async function* cutDocument(
  name: string,
  parts: Map<string, Uint8Array>,
  breathe: () => Promise<void>
): AsyncGenerator<{ pieces: Map<string, Uint8Array>; length: number; total: number }> {
  const text = (path: string) => new TextDecoder().decode(parts.get(path));
  const main = mainDocxPart(text('_rels/.rels'), (path) => parts.has(path));
  if (!parts.has(main)) throw notWord(name, 'it has no document in it');
  let beside = 0;
  for (const [path, { length }] of parts) {
    if (path === main) continue;
    beside += length;
    if (beside > MAX_BESIDE) throw tooLong(name, `${path} and other parts beside the document`, MAX_BESIDE);
    await checkDocxXml(name, path, text(path), breathe);
  }
  const xml = text(main);
  const cuts = await checkDocxXml(name, main, xml, breathe);
  const encoder = new TextEncoder();
  // Which part is the main one is said anew, so that the pieces are what is read.
  const others = new Map(parts).set('_rels/.rels', encoder.encode(docxRelationships(main)));
  for (const piece of cutDocxXml(xml, cuts, Math.max(PIECE_LENGTH, beside))) {
    await breathe();
    const pieces = new Map(others).set(main, encoder.encode(piece));
    yield { pieces, length: piece.length, total: Math.max(1, xml.length) };
  }
}

/**
 * The parts of the document that are XML. They are unpacked piece by piece and what comes out is counted: what a ZIP says
 * of its sizes need not be so.
 */
async function unpackXml(
  name: string,
  file: Blob,
  breathe: () => Promise<void>
): Promise<Map<string, Uint8Array>> {
  if (file.size > MAX_FILE) {
    throw new DocxError(
      `${name} has ${file.size} bytes, more than ${MAX_FILE}. Save its text as a text file.`,
      {
        details: { file: name, bytes: file.size }
      }
    );
  }
  const { Unzip, UnzipInflate } = await import('fflate');
  const parts = new Map<string, Uint8Array[]>();
  let bytes = 0;
  let entries = 0;
  const unzip = new Unzip((entry) => {
    if (++entries > MAX_ENTRIES) throw notWord(name, `it has more than ${MAX_ENTRIES} parts`);
    // What is not started is passed over, still packed.
    if (!/\.(xml|rels)$/i.test(entry.name) || UNREAD.test(entry.name)) return;
    const pieces: Uint8Array[] = [];
    parts.set(entry.name, pieces);
    entry.ondata = (error, piece) => {
      if (error) throw error;
      bytes += piece.length;
      if (bytes > MAX_XML) throw tooLong(name, 'its XML', MAX_XML);
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
  return new Map(whole);
}

/** The parts as a ZIP, not compressed. */
async function packXml(parts: ReadonlyMap<string, Uint8Array>): Promise<ArrayBuffer> {
  const { zipSync } = await import('fflate');
  const zip = zipSync(Object.fromEntries(parts), { level: 0 });
  return zip.buffer.slice(zip.byteOffset, zip.byteOffset + zip.byteLength) as ArrayBuffer;
}

function tooLong(name: string, what: string, limit: number): DocxError {
  return new DocxError(
    `${name} unpacks to more than ${limit} bytes of text (${what}): it is no document, or one too long to be read at once. ` +
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
