import { TabtuneError } from '../../errors';
import type { DocumentPart } from './document';
import { checkDocxXml, cutDocxXml, docxRelationships, mainDocxPart } from './docx-bounds';
import { rewriteXml } from './docx-xml';
import { readHtml } from './html';
import type { ImportProblem } from './import';
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
 * The text of a Word document: headings, paragraphs, lists, tables, notes, text boxes, formulas. Pictures and what stands at
 * the head and foot of each page are left out, unopened. What else has no text here is a problem.
 * @throws DocxError
 */
export async function* readDocx(
  name: string,
  file: Blob,
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart & { title?: string }> {
  const parts = await unpackXml(name, file, breathe);
  await checkParts(name, parts, breathe);
  const problems = await rewriteParts(parts, breathe);
  yield { blocks: [], problems, done: 0 };
  let read = 0;
  for await (const { pieces, total, length } of cutDocument(name, parts, breathe)) {
    const { html, notes } = await toHtml(name, await packXml(pieces));
    await breathe();
    read += length;
    const done = Math.round((file.size * read) / total);
    yield { blocks: [], problems: notesToProblems(notes), done };
    for await (const part of readHtml(name, new Blob([html]), 'utf-8', breathe)) yield { ...part, done };
  }
}

/**
/**
 * Looks through all parts before a library reads them.
 * @throws DocxXmlError
 */
async function checkParts(
  name: string,
  parts: ReadonlyMap<string, Uint8Array>,
  breathe: () => Promise<void>
): Promise<void> {
  const main = mainPart(name, parts);
  let beside = 0;
  for (const [path, bytes] of parts) {
    if (path !== main) beside += bytes.length;
    if (beside > MAX_BESIDE) throw tooLong(name, `${path} and other parts beside the document`, MAX_BESIDE);
    await checkDocxXml(name, path, textOf(bytes), breathe);
  }
}

/**
 * The parts again for each piece of the document.
 * @returns `length` of the piece and of the document in all
 * @throws DocxXmlError
 */
async function* cutDocument(
  name: string,
  parts: ReadonlyMap<string, Uint8Array>,
  breathe: () => Promise<void>
): AsyncGenerator<{ pieces: Map<string, Uint8Array>; length: number; total: number }> {
  const main = mainPart(name, parts);
  const xml = textOf(parts.get(main));
  const cuts = await checkDocxXml(name, main, xml, breathe);
  const beside = [...parts].reduce((sum, [path, { length }]) => sum + (path === main ? 0 : length), 0);
  const encoder = new TextEncoder();
  // Which part is the main one is said anew, so that the pieces are what is read.
  const others = new Map(parts).set('_rels/.rels', encoder.encode(docxRelationships(main)));
  for (const piece of cutDocxXml(xml, cuts, Math.max(PIECE_LENGTH, beside))) {
    await breathe();
    const pieces = new Map(others).set(main, encoder.encode(piece));
    yield { pieces, length: piece.length, total: Math.max(1, xml.length) };
  }
}

/** @throws DocxError where there is none */
function mainPart(name: string, parts: ReadonlyMap<string, Uint8Array>): string {
  const main = mainDocxPart(textOf(parts.get('_rels/.rels')), (path) => parts.has(path));
  if (!parts.has(main)) throw notWord(name, 'it has no document in it');
  return main;
}

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

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

/** Puts text that would be passed over where it is read, part by part. @returns what has no text that could be */
async function rewriteParts(
  parts: Map<string, Uint8Array>,
  breathe: () => Promise<void>
): Promise<ImportProblem[]> {
  let [comments, diagrams] = [0, 0];
  for (const [part, bytes] of parts) {
    if (!/^word\/[^/]+\.xml$/.test(part)) continue;
    await breathe();
    const rewritten = await rewriteXml(new TextDecoder().decode(bytes));
    if (!rewritten) continue;
    parts.set(part, new TextEncoder().encode(rewritten.xml));
    comments += rewritten.comments;
    diagrams += rewritten.diagrams;
  }
  const left = (count: number, one: string, many: string) =>
    count === 0
      ? []
      : [problem('document', `${count === 1 ? `${one} is` : `${count} ${many} are`} left out`, '')];
  return [
    ...left(comments, 'a comment', 'comments'),
    ...left(diagrams, 'the text of a diagram or chart', 'diagrams or charts, with their text,')
  ];
}

/** Of what the converter says, that which concerns looks and pictures: no word is lost by it. */
const HARMLESS = [
  /^Unrecognised (?:paragraph|run|table) style/,
  /style with ID .* was referenced but not defined/,
  /^(?:Image of type|Could not find image file|A v:imagedata element)/,
  /^An unrecognised element was ignored: w:(?:rubyPr|permStart|permEnd|separator|continuationSeparator|tblPrEx|customXml\w+Range(?:Start|End))$/,
  /^An unrecognised element was ignored: (?:v:(?:fill|stroke|path|formulas|handles|line|oval|background)|office-word:\w+|\{urn:schemas-microsoft-com:office:(?:office|word)\}\w+)$/
];

function wordsOf(note: string): string {
  const element = /^An unrecognised element was ignored: (.*)$/.exec(note)?.[1];
  return element === undefined ? note : `what stands in ${element} is left out: such elements are not read`;
}

function notesToProblems(notes: readonly string[]): ImportProblem[] {
  return notes
    .filter((note) => !HARMLESS.some((pattern) => pattern.test(note)))
    .map((note) => problem('document', wordsOf(note), ''));
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
    return { html: value, notes: messages.map(({ message }) => message) };
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
