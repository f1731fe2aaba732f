import type { ImportInput, ImportInspection, ImportOptions, ReadingUsed } from './import';
import { guessMapping, isRow, knownMapping } from './mapping';
import { valueText, type SourceRecord } from './records';
import { openSource, type DocumentSource, type RecordSource } from './source';

/** Records looked at to judge a table, and shown. */
const JUDGED = 64;
const SHOWN = 8;
const MAX_COLUMNS = 200;
const MAX_SHOWN_LENGTH = 2000;
const SAMPLE_LENGTH = 4000;

export const DEFAULT_CHUNKS = { size: 2000, overlap: 200 } as const;

/**
 * Looks at what is to be imported: what it is, an example of its content, and how it most likely becomes rows. Of a table
 * or rows it reads the beginning, of a document everything, to tell its length and whether it can be read.
 * @throws what `openImport` throws
 */
export async function inspectImport(
  input: ImportInput,
  options: ImportOptions = {}
): Promise<ImportInspection> {
  options.signal?.throwIfAborted();
  const source = await openSource(input, options);
  return source.kind === 'records' ? inspectRecords(source) : inspectDocument(source, options);
}

async function inspectRecords(source: RecordSource): Promise<ImportInspection> {
  const records: SourceRecord[] = [];
  let named: string[] | undefined;
  let reading: ReadingUsed = source.reading ?? {};
  for await (const page of source.pages()) {
    named = page.columns ?? named;
    if (page.wrapped) reading = { ...reading, ...page.wrapped };
    records.push(...page.records.slice(0, JUDGED - records.length));
    if (records.length >= JUDGED) break;
  }
  const { name, format, count, hub } = source;
  const values = records.map(({ value }) => value);
  const isTable = named !== undefined;
  // One broken line among rows does not make them a table.
  if (!isTable && values.filter(isRow).length * 2 >= values.length) {
    const sample = values.slice(0, SHOWN);
    return { shape: 'rows', name, format, sample, mapping: { to: 'rows' }, ...said(reading) };
  }
  const objects = values.filter(
    (value): value is Record<string, unknown> => typeof value === 'object' && !!value
  );
  const columns = named ?? [
    ...new Set(objects.flatMap((object) => Object.keys(object).slice(0, MAX_COLUMNS)))
  ];
  return {
    shape: 'table',
    name,
    format,
    columns: columns.slice(0, MAX_COLUMNS).map((column) => describe(column, objects)),
    ...(count === undefined ? {} : { count }),
    sample: objects.slice(0, SHOWN).map((object) => shown(object, columns)),
    mapping: guessMapping(columns, objects),
    ...(knownMapping(columns, objects) ? {} : { isGuess: true as const }),
    ...said(reading),
    ...(hub ? { hub: { id: hub.id, config: hub.config, split: hub.split, choices: hub.choices } } : {})
  };
}

/** Where nothing could be read otherwise, nothing is said. */
function said(reading: ReadingUsed | undefined): { reading?: ReadingUsed } {
  const isSaid = ([, value]: [string, unknown]) =>
    value !== undefined && !(Array.isArray(value) && value.length === 0);
  const told = Object.fromEntries(Object.entries(reading ?? {}).filter(isSaid));
  return Object.keys(told).length > 0 ? { reading: told } : {};
}

function shown(object: Record<string, unknown>, columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    columns
      .slice(0, MAX_COLUMNS)
      .map((column) => [column, valueText(object[column]).slice(0, MAX_SHOWN_LENGTH)])
  );
}

type Column = Extract<ImportInspection, { shape: 'table' }>['columns'][number];

function describe(name: string, objects: readonly Record<string, unknown>[]): Column {
  const values = objects.map((object) => object[name]).filter((value) => valueText(value).trim() !== '');
  const example = values.length > 0 ? valueText(values[0]).slice(0, 200) : '';
  return { name, kind: kindOf(values), example };
}

function kindOf(values: readonly unknown[]): Column['kind'] {
  if (values.some((value) => typeof value === 'object' && value !== null)) return 'other';
  // Cells of CSV are always text, whatever they say.
  const isNumber = (value: unknown) =>
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    (typeof value === 'string' && isFinite(Number(value)));
  return values.length > 0 && values.every(isNumber) ? 'number' : 'text';
}

async function inspectDocument(source: DocumentSource, options: ImportOptions): Promise<ImportInspection> {
  let title: string | undefined;
  let sample = '';
  let characters = 0;
  for await (const part of source.parts()) {
    title ??= part.title;
    for (const { text, heading } of part.blocks) {
      if (heading === 1) title ??= text.slice(0, 300);
      if (sample.length < SAMPLE_LENGTH)
        sample += `${sample === '' ? '' : '\n\n'}${text.slice(0, SAMPLE_LENGTH)}`;
      characters += text.length;
    }
    options.onProgress?.(part.done, source.total);
  }
  return {
    shape: 'document',
    name: source.name,
    format: source.format,
    ...(title === undefined ? {} : { title }),
    characters,
    sample: sample.slice(0, SAMPLE_LENGTH).toWellFormed(),
    mapping: { to: 'chunks', ...DEFAULT_CHUNKS },
    ...said(source.reading)
  };
}
