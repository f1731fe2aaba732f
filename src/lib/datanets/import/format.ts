import { guessLayout } from '../items';
import { readLines } from '../lines';
import { notInEncoding, utf8Pieces } from './decode-text';
import { fitDelimiter } from './delimiter';
import { findEncoding, looksLikeUtf16 } from './encoding';
import { UnknownFormatError } from './errors';

/** What files are imported. `json` stands for JSONL and JSON arrays alike: their content tells. */
export type ImportFormat =
  'json' | 'csv' | 'parquet' | 'text' | 'markdown' | 'html' | 'mhtml' | 'pdf' | 'docx';

/** A file's format and, of text, its encoding. */
export interface DetectedFormat {
  format: ImportFormat;
  encoding: string;
}

const HEAD_BYTES = 2 ** 16;

const BY_NAME: readonly [RegExp, ImportFormat][] = [
  [/\.(jsonl|ndjson|json)$/i, 'json'],
  [/\.(csv|tsv|tab)$/i, 'csv'],
  [/\.(md|markdown|mdown)$/i, 'markdown'],
  [/\.(html?|xhtml|xht)$/i, 'html'],
  [/\.(mht|mhtml)$/i, 'mhtml']
];

const PICKLED = 'a Python pickle, which is a program. Write it as JSONL, CSV or Parquet';
const AS_CSV = 'Save each sheet as CSV UTF-8, or copy its cells and paste them';

/** Files that people will try, by how they begin, and what to do with them. */
const FOREIGN: readonly [readonly number[], string][] = [
  [[0xd0, 0xcf, 0x11, 0xe0], 'a document of an old Office program. Save it as .docx, .csv or PDF'],
  [[0x1f, 0x8b], 'compressed with gzip. Unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with Zstandard. Unpack it first'],
  [[0x42, 0x5a, 0x68], 'compressed with bzip2. Unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed with xz. Unpack it first'],
  [[0x7b, 0x5c, 0x72, 0x74, 0x66], 'Rich Text. Save it as .docx or plain text'],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'an Arrow file. Write it as Parquet (to_parquet)'],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 'a NumPy array. Write it as CSV or Parquet'],
  [[0x80, 0x02], PICKLED],
  [[0x80, 0x03], PICKLED],
  [[0x80, 0x04], PICKLED],
  [[0x80, 0x05], PICKLED],
  [[...'SQLite format 3'].map((letter) => letter.charCodeAt(0)), 'a SQLite database. Export the table as CSV']
];

/** What else comes as a ZIP, by a name or text that only it has near its beginning. */
const FOREIGN_ZIPS: readonly [RegExp, string][] = [
  [/mimetypeapplication\/epub\+zip/, 'an EPUB book. Convert it to HTML, .docx or plain text'],
  [/mimetypeapplication\/vnd\.oasis\.opendocument\.spreadsheet/, `an OpenDocument spreadsheet. ${AS_CSV}`],
  [/mimetypeapplication\/vnd\.oasis\.opendocument/, 'an OpenDocument file. Save it as .docx or PDF'],
  [/PK.{28}xl\//s, `an Excel workbook. ${AS_CSV}`],
  [/PK.{28}ppt\//s, 'a PowerPoint presentation. Save it as PDF'],
  [/PK.{28}(?:Index\/|Metadata\/)/s, 'a Pages, Numbers or Keynote file. Export it as Word, CSV or PDF']
];

/**
 * What a file is: by its first bytes, else by its name, else by how its text begins.
 * @param encoding of text, where a person chose it
 * @throws UnknownFormatError saying what it seems to be instead; NotUtf8Error for UTF-16 that does not say so
 */
export async function detectFormat(name: string, file: Blob, encoding?: string): Promise<DetectedFormat> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  if (head.length === 0) throw unknown(name, 'empty. Choose another file');
  const ascii = new TextDecoder('latin1').decode(head);
  const beginning = ascii.slice(0, 1024);
  const binary = (format: ImportFormat) => ({ format, encoding: 'utf-8' });
  if (ascii.startsWith('PAR1')) return binary('parquet');
  if (beginning.includes('%PDF-')) return binary('pdf');
  if (ascii.startsWith('PK\x03\x04')) {
    const zip = FOREIGN_ZIPS.find(([pattern]) => pattern.test(ascii));
    if (zip) throw unknown(name, zip[1]);
    return binary('docx');
  }
  const foreign = FOREIGN.find(([magic]) => magic.every((byte, i) => head[i] === byte));
  if (foreign) throw unknown(name, foreign[1]);
  const byName = BY_NAME.find(([pattern]) => pattern.test(name))?.[1];
  const found =
    encoding ?? (await findEncoding(file, byName === 'html' || isHtml(beginning) ? 'html' : 'text'));
  if (found === 'utf-8' && looksLikeUtf16(head)) throw notInEncoding(head, { name, at: 0, encoding: found });
  if (byName) return { format: byName, encoding: found };
  if (head.includes(0) && !found.startsWith('utf-16')) {
    throw unknown(name, 'no text, and no Parquet, PDF or Word file. Choose one of the kinds listed');
  }
  const text = new TextDecoder(found).decode(head);
  return { format: await detectText(name, file, found, text), encoding: found };
}

async function detectText(name: string, file: Blob, encoding: string, head: string): Promise<ImportFormat> {
  async function* bytes() {
    for await (const piece of utf8Pieces(name, file, encoding)) yield piece.bytes;
  }
  for await (const line of readLines(bytes())) {
    if (line.problem || line.text.trim() === '') continue;
    if (guessLayout(name, line) !== 'text') return 'json';
    break;
  }
  if (isHtml(head)) return 'html';
  if (isMime(head)) return 'mhtml';
  if (looksLikeTable(head, file.size > HEAD_BYTES)) return 'csv';
  return /^#{1,6} \S/m.test(head) ? 'markdown' : 'text';
}

function isHtml(head: string): boolean {
  return /^\s*(?:<\?xml\b[^>]{0,200}>\s*)?<(?:!doctype html|html\b|head\b|body\b|!--)/i.test(head);
}

/** A page saved with what belongs to it begins as a mail does. */
function isMime(head: string): boolean {
  const headers = head.slice(0, /\r?\n\r?\n/.exec(head)?.index ?? 0);
  return /^[\w-]+:\s/.test(headers) && /^MIME-Version:/im.test(headers) && /^Content-Type:/im.test(headers);
}

/**
 * Whether text has columns: the same number of them in each of several records, under names as short as names are. Tabs in
 * every line are a table whatever the first line says: cells that were copied in a spreadsheet.
 */
function looksLikeTable(head: string, isCut: boolean): boolean {
  const { delimiter, columns, records, fitting } = fitDelimiter(head, isCut);
  if (columns.length < 2 || fitting < records || records < 2) return false;
  if (delimiter === '\t') return true;
  return columns.every((cell) => cell.trim() !== '' && cell.length <= 40 && !/[.!?]$/.test(cell.trim()));
}

function unknown(name: string, what: string): UnknownFormatError {
  return new UnknownFormatError(`${name} is ${what}.`, { details: { file: name } });
}
