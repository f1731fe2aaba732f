import { guessLayout } from '../items';
import { readLines } from '../lines';
import { UnknownFormatError } from './errors';

/** What files are imported. `json` stands for JSONL and JSON arrays alike: their content tells. */
export type ImportFormat = 'json' | 'csv' | 'parquet' | 'text' | 'markdown' | 'html' | 'pdf' | 'docx';

const HEAD_BYTES = 2 ** 16;

const BY_NAME: readonly [RegExp, ImportFormat][] = [
  [/\.(jsonl|ndjson|json)$/i, 'json'],
  [/\.(csv|tsv|tab)$/i, 'csv'],
  [/\.(md|markdown|mdown)$/i, 'markdown'],
  [/\.(html?|xhtml)$/i, 'html']
];

/** Files that people will try, and what to do with them. */
const FOREIGN: readonly [readonly number[], string][] = [
  [[0xd0, 0xcf, 0x11, 0xe0], 'a document of an old Office program. Save it as .docx, .csv or PDF'],
  [[0x1f, 0x8b], 'compressed with gzip. Unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with Zstandard. Unpack it first'],
  [[0x7b, 0x5c, 0x72, 0x74, 0x66], 'Rich Text. Save it as .docx or plain text']
];

/**
 * What a file is: by its first bytes, else by its name, else by how its text begins.
 * @throws UnknownFormatError saying what it seems to be instead.
 */
export async function detectFormat(name: string, file: Blob): Promise<ImportFormat> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  if (head.length === 0) throw unknown(name, 'empty. Choose another file');
  const ascii = String.fromCharCode(...head.subarray(0, 1024));
  if (ascii.startsWith('PAR1')) return 'parquet';
  if (ascii.includes('%PDF-')) return 'pdf';
  if (ascii.startsWith('PK\x03\x04')) return 'docx';
  const foreign = FOREIGN.find(([magic]) => magic.every((byte, i) => head[i] === byte));
  if (foreign) throw unknown(name, foreign[1]);
  const byName = BY_NAME.find(([pattern]) => pattern.test(name));
  if (byName) return byName[1];
  // UTF-16 has its own error, from what reads the text.
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (head.includes(0) && !isUtf16) {
    throw unknown(name, 'no text, and no Parquet, PDF or Word file. Choose one of the kinds listed');
  }
  return detectText(name, file, new TextDecoder().decode(head));
}

async function detectText(name: string, file: Blob, head: string): Promise<ImportFormat> {
  for await (const line of readLines(file)) {
    if (line.problem || line.text.trim() === '') continue;
    if (guessLayout(name, line) !== 'text') return 'json';
    break;
  }
  if (/^\s*(<!doctype html|<html|<head|<body|<!--)/i.test(head)) return 'html';
  if (await looksLikeTable(head)) return 'csv';
  return /^#{1,6} \S/m.test(head) ? 'markdown' : 'text';
}

/** Whether text has columns: the same number of them in each of several records, under names as short as names are. */
async function looksLikeTable(head: string): Promise<boolean> {
  const { default: Papa } = await import('papaparse');
  const { data, errors, meta } = Papa.parse<string[]>(head, { preview: 12, skipEmptyLines: true });
  // The last record may be cut off by the end of what was looked at.
  const records = meta.truncated || data.length < 3 ? data : data.slice(0, -1);
  const columns = records[0]?.length ?? 0;
  return (
    errors.length === 0 &&
    records.length >= 2 &&
    columns >= 2 &&
    records.every((record) => record.length === columns) &&
    records[0].every((cell) => cell.trim() !== '' && cell.length <= 40 && !/[.!?]$/.test(cell.trim()))
  );
}

function unknown(name: string, what: string): UnknownFormatError {
  return new UnknownFormatError(`${name} is ${what}.`, { details: { file: name } });
}
