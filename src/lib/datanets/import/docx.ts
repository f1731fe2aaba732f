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
  const xml = await unpackXml(name, file);
  await breathe();
  const { html, notes } = await toHtml(name, xml);
  await breathe();
  const problems = notes.map((note) => problem('document', note, ''));
  yield { blocks: [], problems, done: 0 };
  for await (const part of readHtml(name, new Blob([html]), breathe)) {
    yield { ...part, done: Math.round((file.size * part.done) / Math.max(1, html.length)) };
  }
}

/**
 * A ZIP that holds the document's XML alone, not compressed. What an entry unpacks to is known before it is unpacked, and
 * no entry can unpack to more than it says.
 */
async function unpackXml(name: string, file: Blob): Promise<ArrayBuffer> {
  if (file.size > MAX_FILE) {
    throw new DocxError(
      `${name} has ${file.size} bytes, more than ${MAX_FILE}. Save its text as a text file.`,
      {
        details: { file: name, bytes: file.size }
      }
    );
  }
  const { unzipSync, zipSync } = await import('fflate');
  let bytes = 0;
  let entries = 0;
  const bounded = (entry: { name: string; originalSize: number }) => {
    if (++entries > MAX_ENTRIES) throw notWord(name, `it has more than ${MAX_ENTRIES} parts`);
    if (!/\.(xml|rels)$/i.test(entry.name)) return false;
    bytes += entry.originalSize;
    if (bytes <= MAX_XML) return true;
    throw new DocxError(
      `${name} unpacks to more than ${MAX_XML} bytes of text: it is no document, or one too long to be read at once. ` +
        'Split it in Word.',
      { details: { file: name } }
    );
  };
  try {
    const parts = unzipSync(new Uint8Array(await file.arrayBuffer()), { filter: bounded });
    if (!parts['word/document.xml'] && !parts['[Content_Types].xml']) {
      throw notWord(name, 'it is a ZIP of something else. Unpack it and import what is inside');
    }
    const zip = zipSync(parts, { level: 0 });
    return zip.buffer.slice(zip.byteOffset, zip.byteOffset + zip.byteLength);
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    throw notWord(name, 'it is damaged', cause);
  }
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
