import { breather } from '../breathe';
import { rowLength } from '../row';
import { ShapeProblem } from '../shapes';
import { DocumentChunker } from './chunk-document';
import { MappingError } from './errors';
import type {
  ImportBatch,
  ImportedRow,
  ImportInput,
  ImportMapping,
  ImportOptions,
  ImportProblem
} from './import';
import { columnsOf, mapRecord, requireColumns } from './mapping';
import { parseSplit, withDefaults } from './meta';
import { problem, valueText, type SourceRecord } from './records';
import { openSource, type DocumentSource, type RecordSource } from './source';

/** Rows and problems of a batch. */
const BATCH_ROWS = 256;
/** Characters of a batch, so that long rows come in small batches. */
const BATCH_LENGTH = 2 ** 20;
const PREVIEW_PROBLEMS = 200;

/**
 * Imports: rows in batches of a few hundred, in the order of the file, with what could not become a row. Reads as it is
 * asked; nothing but a batch is held (of a Parquet file a row group, of a JSON array, PDF or Word file the file). Ends, with
 * the signal's reason, at any batch.
 * @throws UnknownFormatError, MappingError, NotUtf8Error, and what the readers of each format throw
 */
export async function* openImport(
  input: ImportInput,
  mapping: ImportMapping,
  options: ImportOptions = {}
): AsyncGenerator<ImportBatch> {
  options.signal?.throwIfAborted();
  const source = await openSource(input, options);
  const batches =
    source.kind === 'records'
      ? fromRecords(source, mapping)
      : fromDocument(source, mapping, breather(options.signal));
  for await (const batch of batches) {
    options.signal?.throwIfAborted();
    options.onProgress?.(batch.done, batch.total);
    yield batch;
  }
}

/**
 * The first rows that an import would give, and the problems among them.
 * @param count rows at most; it also ends where there are nothing but problems
 */
export async function previewImport(
  input: ImportInput,
  mapping: ImportMapping,
  count: number,
  options: ImportOptions = {}
): Promise<{ rows: ImportedRow[]; problems: ImportProblem[] }> {
  const rows: ImportedRow[] = [];
  const problems: ImportProblem[] = [];
  for await (const batch of openImport(input, mapping, options)) {
    rows.push(...batch.rows.slice(0, count - rows.length));
    problems.push(...batch.problems.slice(0, PREVIEW_PROBLEMS - problems.length));
    if (rows.length >= count || problems.length >= PREVIEW_PROBLEMS) break;
  }
  return { rows, problems };
}

async function* fromRecords(source: RecordSource, mapping: ImportMapping): AsyncGenerator<ImportBatch> {
  const batch = new BatchBuilder(source.total);
  let isChecked = false;
  // What the hub keeps apart for validation and testing is not trained on.
  const split = source.hub && parseSplit(source.hub.split);
  const held = split === 'train' ? undefined : split;
  if (source.columns) requireColumns(source.name, source.columns, mapping);
  const needed = mapping.to === 'rows' ? undefined : columnsOf(mapping);
  for await (const { records, problems, columns, done } of source.pages(needed)) {
    if (columns && !isChecked) requireColumns(source.name, columns, mapping);
    isChecked = true;
    for (const item of problems) batch.problems.push(item);
    for (const record of records) {
      const row = readRecord(record, mapping, batch.problems);
      if (row) batch.add(held === undefined ? row : { split: held, ...row });
      if (batch.isFull) yield batch.take(done);
    }
    if (batch.isFull) yield batch.take(done);
    else batch.done = done;
  }
  yield batch.take(source.total ?? batch.done);
}

function readRecord(
  { where, value }: SourceRecord,
  mapping: ImportMapping,
  problems: ImportProblem[]
): ImportedRow | undefined {
  try {
    return mapRecord(value, mapping);
  } catch (error) {
    if (!(error instanceof ShapeProblem)) throw error;
    problems.push(problem(where, error.message, valueText(value)));
    return undefined;
  }
}

async function* fromDocument(
  source: DocumentSource,
  mapping: ImportMapping,
  breathe: () => Promise<void>
): AsyncGenerator<ImportBatch> {
  if (mapping.to !== 'chunks') {
    throw new MappingError(`${source.name} is a document: it has no columns. Cut it into chunks.`, {
      details: { file: source.name }
    });
  }
  const { source: base, ...defaults } = mapping;
  const chunker = new DocumentChunker(base?.trim() || source.name, mapping);
  const batch = new BatchBuilder(source.total);
  for await (const { blocks, problems, done } of source.parts()) {
    for (const item of problems) batch.problems.push(item);
    for (const block of blocks) {
      await breathe();
      for (const chunk of chunker.add(block)) {
        batch.add(withDefaults(chunk, defaults));
        if (batch.isFull) yield batch.take(done);
      }
    }
    if (batch.isFull) yield batch.take(done);
    else batch.done = done;
  }
  for (const chunk of chunker.flush()) {
    batch.add(withDefaults(chunk, defaults));
    if (batch.isFull) yield batch.take(batch.done);
  }
  yield batch.take(source.total);
}

/** The batch that grows. */
class BatchBuilder {
  done = 0;
  problems: ImportProblem[] = [];
  readonly #total: number | undefined;
  #rows: ImportedRow[] = [];
  #length = 0;

  constructor(total: number | undefined) {
    this.#total = total;
  }

  add(row: ImportedRow): void {
    this.#rows.push(row);
    this.#length += rowLength(row);
  }

  get isFull(): boolean {
    return this.#rows.length + this.problems.length >= BATCH_ROWS || this.#length >= BATCH_LENGTH;
  }

  take(done: number): ImportBatch {
    const { problems } = this;
    const rows = this.#rows;
    this.problems = [];
    this.#rows = [];
    this.#length = 0;
    this.done = done;
    return { rows, problems, done, ...(this.#total === undefined ? {} : { total: this.#total }) };
  }
}
