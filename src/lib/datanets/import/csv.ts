import type Papa from 'papaparse';
import { TabtuneError } from '../../errors';
import { decodeText } from './decode-text';
import { fitDelimiter, statedDelimiter } from './delimiter';
import type { ImportProblem } from './import';
import { problem, type RecordPage, type SourceRecord } from './records';

/** Quotes that never close, again and again: what follows cannot be told apart into records. */
export class CsvQuoteError extends TabtuneError {}

/** Longest record, in characters. A quote that is open longer was never meant to open. */
const MAX_RECORD = 8 * 2 ** 20;
/** Quotes that never close before the file is given up: each costs a search through `MAX_RECORD` characters. */
const MAX_OPEN_QUOTES = 8;
const PAGE_RECORDS = 256;
/** Characters that may be looked at more than once while one piece is cut: about a second's work. */
const MAX_STEPS = 2e9;

/** A record of text cells and the line it begins on. */
interface CsvRecord {
  line: number;
  cells: string[];
  /** Why its quotes cannot be trusted. */
  quotes?: string;
}

interface ParserResult {
  data: string[][];
  errors: { code: string; row: number }[];
  meta: { cursor: number };
}

const LONG_BLANK = 4096;
const BLANK = /[^\S\n]/;

/**
 * What cells are separated by, judged from the beginning of a file; a comma where nothing speaks for another.
 * @param isCut the file goes on behind `head`
 */
export function guessDelimiter(name: string, head: string, isCut = false): string {
  // What promises tabs has them, unless no name of a column is before one.
  if (/\.(tsv|tab)$/i.test(name) && head.slice(0, head.indexOf('\n') + 1 || undefined).includes('\t'))
    return '\t';
  return fitDelimiter(head, isCut).delimiter;
}

/**
 * Reads a file of delimiter-separated values (RFC 4180, and what programs make of it): the first record names the
 * columns, each other becomes an object of text values. Only one record is held at a time, beside the piece of the
 * file being read. A record with more or fewer cells than there are columns, or with misplaced quotes, is a problem
 * with its line number. A first line `sep=;`, which spreadsheets write for each other, is no record.
 * @throws NotUtf8Error, CsvQuoteError
 */
export async function* readCsv(
  name: string,
  file: Blob,
  { delimiter, encoding }: { delimiter: string; encoding?: string },
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<RecordPage & { columns: string[] }> {
  const { default: Papa } = await import('papaparse');
  let columns: string[] | undefined;
  const splitter = new RecordSplitter(name, delimiter, Papa);
  for await (const { text, done } of decodeText(name, file, encoding)) {
    let records: SourceRecord[] = [];
    let problems: ImportProblem[] = [];
    for (const record of splitter.push(text, done === file.size)) {
      if (record.cells.length === 1 && record.cells[0].trim() === '') continue;
      if (!columns) {
        const isStatement = record.line === 1 && statedDelimiter(record.cells.join(delimiter)) !== undefined;
        if (!isStatement) columns = nameColumns(record.cells);
        continue;
      }
      readRecord(columns, record, delimiter, records, problems);
      if (records.length + problems.length < PAGE_RECORDS) continue;
      yield { columns, records, problems, done };
      await breathe();
      [records, problems] = [[], []];
    }
    if (columns) yield { columns, records, problems, done };
    await breathe();
  }
}

function readRecord(
  columns: string[],
  { line, cells, quotes }: CsvRecord,
  delimiter: string,
  records: SourceRecord[],
  problems: ImportProblem[]
): void {
  const where = `line ${line}`;
  if (quotes !== undefined) problems.push(problem(where, quotes, cells.join(delimiter)));
  else if (cells.length !== columns.length) {
    const reason = `${cells.length} ${cells.length === 1 ? 'cell' : 'cells'} where there are ${columns.length} columns`;
    problems.push(problem(where, reason, cells.join(delimiter)));
  } else {
    records.push({ where, value: Object.fromEntries(columns.map((column, i) => [column, cells[i]])) });
  }
}

/** Names for all columns, no two the same. */
function nameColumns(cells: string[]): string[] {
  const taken = new Set<string>();
  return cells.map((cell, i) => {
    const base = cell.trim() || `column ${i + 1}`;
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base} (${n})`;
    taken.add(name);
    return name;
  });
}

/** Cuts text that comes in pieces into records. */
class RecordSplitter {
  readonly #name: string;
  readonly #parser: Papa.Parser;
  #rest = '';
  #line = 1;
  #openQuotes = 0;

  constructor(name: string, delimiter: string, papa: typeof Papa) {
    this.#name = name;
    this.#parser = new papa.Parser({ delimiter, newline: '\n' });
  }

  /** The records that end in this piece; of the last piece, all. */
  *push(text: string, last: boolean): Generator<CsvRecord> {
    this.#rest += text;
    while (this.#rest !== '') {
      this.#refuseSlow();
      // The last record is left out: it may go on in the next piece, or be one whose quote never closes.
      yield* this.#take(this.#parse(true));
      if (last && this.#rest !== '') {
        const end = this.#parse(false);
        if (!end.errors.some(({ code }) => code === 'MissingQuotes')) return yield* this.#take(end);
      } else if (this.#rest.length <= MAX_RECORD) return;
      yield this.#giveUpLine();
    }
  }

  #parse(leaveLast: boolean): ParserResult {
    return this.#parser.parse(this.#rest, 0, leaveLast) as ParserResult;
  }

  *#take({ data, errors, meta }: ParserResult): Generator<CsvRecord> {
    const misquoted = new Set(errors.map(({ row }) => row));
    for (const [i, cells] of data.entries()) {
      const quotes = misquoted.has(i)
        ? 'a quote stands inside a quoted cell without being doubled'
        : undefined;
      yield { line: this.#line, cells, quotes };
      this.#line += 1 + lineBreaks(cells);
    }
    this.#rest = this.#rest.slice(meta.cursor);
  }

  /** The parser looks through a run of blanks once for every misplaced quote before it. */
  #refuseSlow(): void {
    if (!this.#rest.includes('"')) return;
    const longest = longBlank(this.#rest);
    if (longest === 0 || longest * this.#rest.split('"').length < MAX_STEPS) return;
    throw new CsvQuoteError(
      `${this.#name} has ${longest} blanks in a row and many quotes near line ${this.#line}: it is no CSV that can be ` +
        'read. Remove the blanks, or check which program made it.',
      { details: { file: this.#name, line: this.#line } }
    );
  }

  /** The line whose quote never closes, as a record of its own that is a problem; reading goes on behind it. */
  #giveUpLine(): CsvRecord {
    this.#openQuotes += 1;
    if (this.#openQuotes > MAX_OPEN_QUOTES) {
      throw new CsvQuoteError(
        `${this.#name} has more than ${MAX_OPEN_QUOTES} quotes that never close; the last one is on line ` +
          `${this.#line}. Check that its cells are quoted as CSV wants it, with "" for a quote inside a cell.`,
        { details: { file: this.#name, line: this.#line } }
      );
    }
    const end = this.#rest.indexOf('\n');
    const text = end < 0 ? this.#rest : this.#rest.slice(0, end);
    this.#rest = end < 0 ? '' : this.#rest.slice(end + 1);
    const line = this.#line++;
    return { line, cells: [text.slice(0, 1000)], quotes: 'a quote opens here and never closes' };
  }
}

/** Length of the longest run of blanks, if it has `LONG_BLANK` or more; else 0. */
function longBlank(text: string): number {
  let longest = 0;
  for (let at = LONG_BLANK; at < text.length; at += LONG_BLANK) {
    let [start, end] = [at, at];
    while (start > 0 && BLANK.test(text[start - 1])) start -= 1;
    while (end < text.length && BLANK.test(text[end])) end += 1;
    longest = Math.max(longest, end - start);
    at = Math.max(at, end);
  }
  return longest;
}

function lineBreaks(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) {
    for (let at = cell.indexOf('\n'); at >= 0; at = cell.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}
