import { TabtuneError } from '../errors';
import { breather } from './breathe';
import { readItems, type FileItem } from './items';
import type { TextInput } from './lines';
import { oneLine } from './one-line';
import type { Row } from './row';
import { ShapeProblem, readRow } from './shapes';

/** A line that is not a row. The others are kept. */
export interface RowProblem {
  /** Line of the file, from 1; in a file that is one JSON array, the item's place in it. */
  line: number;
  /** The place, where it is no line: `row 3`, `page 4`. */
  where?: string;
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

const EXCERPT_LENGTH = 120;
const REASON_LENGTH = 300;

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
  const breathe = breather(options.signal, () => rows.tell());
  for await (const item of readItems(name, input, { maxLineBytes: options.maxLineBytes, breathe })) {
    rows.take(item);
  }
  return rows.result();
}

/** The rows, or `NoRowsError` that says why there are none. */
export function requireRows(parsed: ParsedRows): Row[] {
  if (parsed.rows.length > 0) return parsed.rows;
  const [problem] = parsed.problems;
  const why = problem
    ? ` First of ${parsed.problemCount} problems, ${problem.where ?? `line ${problem.line}`}: ${problem.reason}.`
    : '';
  throw new NoRowsError(
    `${parsed.name} has no row to train on.${why} Bring JSONL with messages, conversations, ` +
      'instruction/output, prompt/completion or text on each line, a table with such columns, or a text.',
    {
      details: {
        file: parsed.name,
        problems: parsed.problems.slice(0, 20),
        problemCount: parsed.problemCount
      }
    }
  );
}

/** Gathers rows and problems. */
class RowCollector {
  readonly #name: string;
  readonly #options: ParseOptions;
  readonly #rows: Row[] = [];
  readonly #formats = new Map<string, number>();
  readonly #problems: RowProblem[] = [];
  #problemCount = 0;

  constructor(name: string, options: ParseOptions) {
    this.#name = name;
    this.#options = options;
  }

  add(row: Row, shape: string): void {
    this.#rows.push(row);
    this.#formats.set(shape, (this.#formats.get(shape) ?? 0) + 1);
  }

  take(item: FileItem): void {
    if (item.kind === 'wrapped') return;
    if (item.kind === 'text') this.add({ text: item.text }, 'text');
    else if (item.kind === 'problem') this.refuse(item.line, item.reason, item.text);
    else this.addValue(item.line, item.value, item.source);
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

  tell(): void {
    this.#options.onProgress?.(this.#rows.length, this.#problemCount);
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
