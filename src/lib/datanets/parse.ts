import { TabtuneError } from '../errors';
import { MAX_LINE_BYTES, readLines, type TextInput, type TextLine } from './lines';
import type { Row } from './row';
import { ShapeProblem, readRow } from './shapes';

/** A line that is not a row. The others are kept. */
export interface RowProblem {
  /** Line of the file, from 1; in a file that is one JSON array, the item's place in it. */
  line: number;
  reason: string;
  /** The beginning of the line, on one line itself. */
  excerpt: string;
}

export interface ParsedRows {
  name: string;
  rows: Row[];
  /** The shape of most rows: `messages`, `sharegpt`, `alpaca`, `prompt/completion`, `text`, or `none`. */
  format: string;
  /** Rows per shape; more than one entry is a mixed file. */
  formats: Record<string, number>;
  /** The first `maxProblems` of them. */
  problems: RowProblem[];
  /** All of them. */
  problemCount: number;
}

export interface ParseOptions {
  /** Longer lines are refused, so that a file without line ends cannot fill the memory. */
  maxLineBytes?: number;
  /** How many problems are listed; the others are counted. Default 1000. */
  maxProblems?: number;
  signal?: AbortSignal;
  /** Called a few times a second with the rows and problems so far. */
  onProgress?: (rows: number, problems: number) => void;
}

/** A file that has no row at all. */
export class NoRowsError extends TabtuneError {}

/** A JSON array too large to be read in one piece. */
export class JsonTooLargeError extends TabtuneError {}

/** JSON arrays are parsed whole, so they are bounded; JSONL is not. Counted in UTF-16 units. */
const MAX_ARRAY_LENGTH = 256 * 1024 * 1024;

/** Names that promise JSON: a first line that is none is then a broken line, not prose. */
const JSON_NAME = /\.(jsonl|ndjson|json)$/i;

const EXCERPT_LENGTH = 120;
const REASON_LENGTH = 300;

/** How long parsing may run before other work of the same thread gets its turn. */
const SLICE_MILLISECONDS = 25;

/**
 * Reads a file of rows: JSONL in any known shape, also mixed; a JSON array of the same objects; or running text, in
 * which blank lines separate rows. What the file is, is decided by its content; its name decides only where the
 * content could be either. A line that is no row is listed with its number and reason, and the rest is kept.
 * Nothing about one line makes it throw: it throws `JsonTooLargeError`, what the source throws, or the abort reason.
 */
export async function parseRows(
  name: string,
  input: TextInput,
  options: ParseOptions = {}
): Promise<ParsedRows> {
  const rows = new RowCollector(name, options);
  const lines = readLines(input, options.maxLineBytes ?? MAX_LINE_BYTES);
  // Not `for await`: leaving such a loop early would close the file.
  let next = await lines.next();
  while (!next.done && !next.value.problem && next.value.text.trim() === '') next = await lines.next();
  if (next.done) return rows.result();
  const first = next.value;
  const all = startingWith(first, lines);
  switch (guessLayout(name, first)) {
    case 'json':
      await readJson(name, all, rows);
      break;
    case 'text':
      await readParagraphs(all, rows, options.maxLineBytes ?? MAX_LINE_BYTES);
      break;
    case 'lines':
      await readJsonLines(all, rows);
  }
  return rows.result();
}

/** The rows, or `NoRowsError` that says why there are none. */
export function requireRows(parsed: ParsedRows): Row[] {
  if (parsed.rows.length > 0) return parsed.rows;
  const [problem] = parsed.problems;
  const why = problem
    ? ` First of ${parsed.problemCount} problems, line ${problem.line}: ${problem.reason}.`
    : '';
  throw new NoRowsError(
    `${parsed.name} has no row to train on.${why} Bring JSONL with messages, conversations, ` +
      'instruction/output, prompt/completion or text on each line, or a text file.',
    {
      details: {
        file: parsed.name,
        problems: parsed.problems.slice(0, 20),
        problemCount: parsed.problemCount
      }
    }
  );
}

/** How the file is laid out, from its first line that is not blank. */
function guessLayout(name: string, first: TextLine): 'json' | 'lines' | 'text' {
  const start = first.text.trim();
  // `[`, `[{...`, or `{` with nothing behind it begin a document that spans lines, whatever the file is called.
  if (start === '[' || start === '{' || /^\[\s*\{/.test(start)) return 'json';
  if (start.startsWith('{') && parsesAsJson(start)) return 'lines';
  return JSON_NAME.test(name) ? 'lines' : 'text';
}

function parsesAsJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function readJsonLines(lines: AsyncIterable<TextLine>, rows: RowCollector): Promise<void> {
  for await (const line of lines) {
    await rows.breathe();
    if (line.problem) {
      rows.refuse(line.number, line.problem, line.text);
    } else if (line.text.trim() !== '') {
      rows.addJson(line.number, line.text);
    }
  }
}

/** A JSON array, or one object over several lines. If it is neither after all, its lines are tried one by one. */
async function readJson(name: string, lines: AsyncIterable<TextLine>, rows: RowCollector): Promise<void> {
  const held: TextLine[] = [];
  let length = 0;
  for await (const line of lines) {
    await rows.breathe();
    length += line.text.length + 1;
    if (length > MAX_ARRAY_LENGTH) {
      throw new JsonTooLargeError(
        `${name} is one JSON array of more than ${MAX_ARRAY_LENGTH / 1024 / 1024} MiB, which must be read whole. ` +
          'Save it as JSONL, one object on each line: then size does not matter.',
        { details: { file: name } }
      );
    }
    held.push(line);
  }
  let value: unknown;
  try {
    value = JSON.parse(held.map((line) => line.text).join('\n'));
  } catch {
    return readJsonLines(iterate(held), rows);
  }
  const items = Array.isArray(value) ? value : [value];
  for (const [i, item] of items.entries()) {
    await rows.breathe();
    rows.addValue(i + 1, item, () => JSON.stringify(item));
  }
}

/** Running text: each block between blank lines is a row, its inner line breaks kept. */
async function readParagraphs(
  lines: AsyncIterable<TextLine>,
  rows: RowCollector,
  maxLength: number
): Promise<void> {
  let block: string[] = [];
  let length = 0;
  const flush = () => {
    const text = block.join('\n').trim();
    if (text !== '') rows.add({ text }, 'text');
    block = [];
    length = 0;
  };
  for await (const line of lines) {
    await rows.breathe();
    if (line.problem) {
      flush();
      rows.refuse(line.number, line.problem, line.text);
      continue;
    }
    const blank = line.text.trim() === '';
    // A block without blank lines is broken at a line end once it is as long as a line may be.
    if (blank || length + line.text.length > maxLength) flush();
    if (blank) continue;
    block.push(line.text);
    length += line.text.length + 1;
  }
  flush();
}

async function* startingWith(first: TextLine, rest: AsyncIterable<TextLine>): AsyncGenerator<TextLine> {
  yield first;
  yield* rest;
}

async function* iterate(lines: TextLine[]): AsyncGenerator<TextLine> {
  yield* lines;
}

/** Gathers rows and problems, and lets other work run now and then. */
class RowCollector {
  readonly #name: string;
  readonly #options: ParseOptions;
  readonly #rows: Row[] = [];
  readonly #formats = new Map<string, number>();
  readonly #problems: RowProblem[] = [];
  #problemCount = 0;
  #sliceStart = performance.now();

  constructor(name: string, options: ParseOptions) {
    this.#name = name;
    this.#options = options;
  }

  add(row: Row, shape: string): void {
    this.#rows.push(row);
    this.#formats.set(shape, (this.#formats.get(shape) ?? 0) + 1);
  }

  addJson(line: number, text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.refuse(line, `not valid JSON: ${(error as Error).message}`, text);
      return;
    }
    this.addValue(line, value, () => text);
  }

  addValue(line: number, value: unknown, excerpt: () => string): void {
    try {
      const { row, shape } = readRow(value);
      this.add(row, shape);
    } catch (error) {
      if (!(error instanceof ShapeProblem)) throw error;
      this.refuse(line, error.message, excerpt());
    }
  }

  refuse(line: number, reason: string, text: string): void {
    this.#problemCount += 1;
    if (this.#problems.length >= (this.#options.maxProblems ?? 1000)) return;
    this.#problems.push({
      line,
      reason: oneLine(reason, REASON_LENGTH),
      excerpt: oneLine(text, EXCERPT_LENGTH)
    });
  }

  async breathe(): Promise<void> {
    if (performance.now() - this.#sliceStart < SLICE_MILLISECONDS) return;
    this.#options.signal?.throwIfAborted();
    this.#options.onProgress?.(this.#rows.length, this.#problemCount);
    await new Promise((resolve) => setTimeout(resolve));
    this.#sliceStart = performance.now();
  }

  result(): ParsedRows {
    this.#options.signal?.throwIfAborted();
    const formats = [...this.#formats].sort((a, b) => b[1] - a[1]);
    return {
      name: this.#name,
      rows: this.#rows,
      format: formats[0]?.[0] ?? 'none',
      formats: Object.fromEntries(formats),
      problems: this.#problems,
      problemCount: this.#problemCount
    };
  }
}

/** Text fit for one line of a list: control characters become spaces, too long an end becomes an ellipsis. */
function oneLine(text: string, length: number): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const flat = text.slice(0, length + 1).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  if (flat.length <= length) return flat;
  const cut = flat.slice(0, length - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
