import { breather } from '../breathe';
import { fromBlob } from '../../formats/source';
import { guessDelimiter, readCsv } from './csv';
import type { DocumentPart } from './document';
import { detectFormat, type ImportFormat } from './format';
import { readHtml } from './html';
import { openHubDataset, openHubFile, type HubDataset } from './hub-dataset';
import { requireEncoding } from './encoding';
import type { ImportInput, ImportOptions, ReadingUsed } from './import';
import { readJsonRecords, type WrappedIn } from './json-records';
import { readMarkdown } from './markdown';
import { openParquet } from './parquet';
import { readPlainText } from './plain-text';
import type { RecordPage } from './records';

/** What is imported, opened: records to be mapped, or a document to be cut. */
export type ImportSource = RecordSource | DocumentSource;

export interface RecordSource {
  kind: 'records';
  name: string;
  format: string;
  /** Bytes, where known. */
  total?: number;
  /** Records in all, where the file says so. */
  count?: number;
  hub?: HubDataset;
  reading?: ReadingUsed;
  /** Of Parquet, which can be read column by column. */
  columns?: string[];
  /**
   * Pages name the columns where the file does; else they are found in the records.
   * @param columns that are needed, where not all are
   */
  pages(
    columns?: readonly string[]
  ): AsyncGenerator<RecordPage & { columns?: string[]; wrapped?: WrappedIn }>;
}

export interface DocumentSource {
  kind: 'document';
  name: string;
  format: string;
  total: number;
  reading?: ReadingUsed;
  parts(): AsyncGenerator<DocumentPart & { title?: string }>;
}

/** Read to judge how a table's cells are separated. */
const HEAD_BYTES = 2 ** 16;

/**
 * Opens what is to be imported and finds out what it is. Reads no more than its beginning.
 * @throws UnknownFormatError, ParquetError, the hub's errors
 */
export async function openSource(input: ImportInput, options: ImportOptions = {}): Promise<ImportSource> {
  const breathe = breather(options.signal);
  if (input.kind === 'hub') return openHub(input, options, breathe);
  const file = input.kind === 'file' ? input.file : new Blob([input.text]);
  const name = input.kind === 'file' ? input.file.name : 'pasted text';
  const chosen = input.reading ?? {};
  const { format, encoding } = await detectFormat(
    name,
    file,
    chosen.encoding === undefined ? undefined : requireEncoding(name, chosen.encoding)
  );
  // UTF-8 is what is expected, so nothing need be said of it.
  const reading: ReadingUsed = encoding === 'utf-8' && chosen.encoding === undefined ? {} : { encoding };
  switch (format) {
    case 'json':
      return {
        kind: 'records',
        name,
        format: /\.json$/i.test(name) ? 'JSON' : 'JSONL',
        total: file.size,
        reading,
        pages: () => readJsonRecords(name, file, { ...chosen, encoding }, breathe)
      };
    case 'csv': {
      const head = new TextDecoder(encoding).decode(await file.slice(0, HEAD_BYTES).arrayBuffer());
      const isCut = file.size > HEAD_BYTES;
      const delimiter = [...(chosen.delimiter ?? '')][0] ?? guessDelimiter(name, head, isCut);
      return {
        kind: 'records',
        name,
        format: delimiter === '\t' ? 'TSV' : 'CSV',
        total: file.size,
        reading: { ...reading, delimiter },
        pages: () => readCsv(name, file, { delimiter, encoding }, breathe)
      };
    }
    case 'parquet': {
      const table = await openParquet(fromBlob(file, name), options.signal);
      return {
        kind: 'records',
        name,
        format: 'Parquet',
        total: file.size,
        count: table.rows,
        columns: table.columns,
        pages: async function* (columns) {
          for await (const page of table.pages({ columns, breathe }))
            yield { ...page, columns: table.columns };
        }
      };
    }
    default:
      return {
        kind: 'document',
        name,
        format: DOCUMENT_FORMATS[format],
        total: file.size,
        reading,
        parts: () => readDocument(format, name, file, { encoding, breathe })
      };
  }
}

type DocumentFormat = Exclude<ImportFormat, 'json' | 'csv' | 'parquet'>;

const DOCUMENT_FORMATS: Record<DocumentFormat, string> = {
  text: 'text',
  markdown: 'Markdown',
  html: 'HTML',
  mhtml: 'MHTML',
  pdf: 'PDF',
  docx: 'Word'
};

async function* readDocument(
  format: DocumentFormat,
  name: string,
  file: Blob,
  { encoding, breathe }: { encoding: string; breathe: () => Promise<void> }
): AsyncGenerator<DocumentPart & { title?: string }> {
  switch (format) {
    case 'text':
      return yield* readPlainText(name, file, encoding, breathe);
    case 'markdown':
      return yield* readMarkdown(name, file, encoding, breathe);
    case 'html':
      return yield* readHtml(name, file, encoding, breathe);
    case 'mhtml': {
      const { readMhtml } = await import('./mhtml');
      return yield* readMhtml(name, file, breathe);
    }
    case 'pdf': {
      const { readPdf } = await import('./pdf');
      return yield* readPdf(name, file, breathe);
    }
    case 'docx': {
      const { readDocx } = await import('./docx');
      return yield* readDocx(name, file, breathe);
    }
  }
}

async function openHub(
  input: Extract<ImportInput, { kind: 'hub' }>,
  options: ImportOptions,
  breathe: () => Promise<void>
): Promise<RecordSource> {
  const hub = await openHubDataset(input, options);
  const open = (i: number) => openHubFile(hub.id, hub.urls[i], `${hub.id}, file ${i + 1}`, options);
  const first = await open(0);
  const table = await openParquet(first, options.signal);
  return {
    kind: 'records',
    name: hub.id,
    format: 'Hugging Face dataset',
    ...(hub.urls.length === 1 ? { total: first.size, count: table.rows } : {}),
    hub,
    columns: table.columns,
    pages: async function* (columns) {
      let before = 0;
      for (const i of hub.urls.keys()) {
        const file = i === 0 ? first : await open(i);
        const current = i === 0 ? table : await openParquet(file, options.signal);
        for await (const page of current.pages({ columns, breathe })) {
          yield { ...page, done: before + page.done, columns: current.columns };
        }
        before += file.size;
      }
    }
  };
}
