/** Rows to train on, straight from a file: what an import reads, where nobody is asked how. */
import { TabtuneError } from '../../errors';
import { oneLine } from '../one-line';
import { parseRows, type ParsedRows, type ParseOptions, type RowProblem } from '../parse';
import type { Row } from '../row';
import { utf8Pieces } from './decode-text';
import { detectFormat } from './format';
import type { ImportedRow, ImportInspection, ImportProblem } from './import';
import { inspectImport } from './inspect';
import { openImport } from './open';

/** A table whose columns do not say what they are for. */
export class UnclearColumnsError extends TabtuneError {}

/** Problems that are listed; the others are counted. */
const MAX_PROBLEMS = 1000;

/**
 * Reads any file that can be imported as rows: JSON and running text as `parseRows` does; tables by the names of their
 * columns; PDF, Word, HTML, MHTML and Markdown in parts, as an import cuts them at first.
 * @throws UnclearColumnsError where a person would have to choose columns; what `inspectImport` and `parseRows` throw
 */
export async function readTrainingRows(
  name: string,
  file: Blob,
  options: ParseOptions = {}
): Promise<ParsedRows> {
  const { format, encoding } = await detectFormat(name, file);
  if (format === 'text') return parseRows(name, bytesOf(name, file, encoding), options);
  const input = { kind: 'file', file: new File([file], name) } as const;
  const { signal } = options;
  const inspection = await inspectImport(input, { signal });
  if (format === 'json' && !isClearTable(inspection)) {
    return parseRows(name, bytesOf(name, file, encoding), options);
  }
  requireClearColumns(inspection);
  const gathered = new Gathered(name, options);
  for await (const { rows, problems } of openImport(input, inspection.mapping, { signal })) {
    gathered.add(rows, problems);
  }
  return gathered.result(inspection.format);
}

/** Where nothing tells what the columns of JSON objects are, their own problems say more. */
function isClearTable(inspection: ImportInspection): boolean {
  return inspection.shape === 'table' && !inspection.isGuess;
}

async function* bytesOf(name: string, file: Blob, encoding: string): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of utf8Pieces(name, file, encoding)) yield bytes;
}

class Gathered {
  readonly #name: string;
  readonly #options: ParseOptions;
  readonly #rows: Row[] = [];
  readonly #problems: RowProblem[] = [];
  #problemCount = 0;

  constructor(name: string, options: ParseOptions) {
    this.#name = name;
    this.#options = options;
  }

  add(rows: readonly ImportedRow[], problems: readonly ImportProblem[]): void {
    for (const row of rows) this.#rows.push(toRow(row));
    this.#problemCount += problems.length;
    const left = (this.#options.maxProblems ?? MAX_PROBLEMS) - this.#problems.length;
    this.#problems.push(...problems.slice(0, Math.max(0, left)).map(toProblem));
    this.#options.onProgress?.(this.#rows.length, this.#problemCount);
  }

  result(format: string): ParsedRows {
    const count = this.#rows.length;
    return {
      name: this.#name,
      rows: this.#rows,
      format: count > 0 ? format : 'none',
      formats: count > 0 ? { [format]: count } : {},
      problems: this.#problems,
      problemCount: this.#problemCount
    };
  }
}

/** What is learnt of a row, and whose it is, without what concerns a Datanet alone. */
function toRow(imported: ImportedRow): Row {
  const row = { ...imported };
  delete row.licence;
  delete row.tags;
  delete row.split;
  delete row.drafted;
  return row;
}

function toProblem({ where, reason, excerpt }: ImportProblem): RowProblem {
  const line = Number(/\d+$/.exec(where)?.[0] ?? 1);
  return { line, ...(where === `line ${line}` ? {} : { where }), reason, excerpt };
}

/**
 * Where nobody is asked how a table becomes rows, it has to say so itself.
 * @throws UnclearColumnsError
 */
export function requireClearColumns(inspection: ImportInspection): void {
  if (inspection.shape !== 'table' || !inspection.isGuess) return;
  const { name, columns } = inspection;
  const names = columns.slice(0, 12).map((column) => `"${oneLine(column.name, 40)}"`);
  throw new UnclearColumnsError(
    `${name} is a table, and its columns (${names.join(', ')}) do not say what is a question, an answer or a text. ` +
      'Name them question and answer, or text, in its first line; or bring it into a Datanet, where columns are chosen.',
    { details: { file: name, columns: columns.slice(0, 100).map((column) => column.name) } }
  );
}
