import { breather } from '../breathe';
import { fromBlob } from '../../formats/source';
import { guessDelimiter, readCsv } from './csv';
import type { DocumentPart } from './document';
import { detectFormat, type ImportFormat } from './format';
import { readHtml } from './html';
import { openHubDataset, openHubFile, type HubDataset } from './hub-dataset';
import type { ImportInput, ImportOptions } from './import';
import { readJsonRecords } from './json-records';
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
  /** Of Parquet, which can be read column by column. */
  columns?: string[];
  /**
   * Pages name the columns where the file does; else they are found in the records.
   * @param columns that are needed, where not all are
   */
  pages(columns?: readonly string[]): AsyncGenerator<RecordPage & { columns?: string[] }>;
}

export interface DocumentSource {
  kind: 'document';
  name: string;
  format: string;
  total: number;
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
  const format = await detectFormat(name, file);
  switch (format) {
    case 'json':
      return {
        kind: 'records',
        name,
        format: /\.json$/i.test(name) ? 'JSON' : 'JSONL',
        total: file.size,
        pages: () => readJsonRecords(name, file, breathe)
      };
    case 'csv': {
      const head = new TextDecoder().decode(await file.slice(0, HEAD_BYTES).arrayBuffer());
      const delimiter = await guessDelimiter(name, head);
      return {
        kind: 'records',
        name,
        format: delimiter === '\t' ? 'TSV' : 'CSV',
        total: file.size,
        pages: () => readCsv(name, file, delimiter, breathe)
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
        parts: () => readDocument(format, name, file, breathe)
      };
  }
}

type DocumentFormat = Exclude<ImportFormat, 'json' | 'csv' | 'parquet'>;

const DOCUMENT_FORMATS: Record<DocumentFormat, string> = {
  text: 'text',
  markdown: 'Markdown',
  html: 'HTML',
  pdf: 'PDF',
  docx: 'Word'
};

async function* readDocument(
  format: DocumentFormat,
  name: string,
  file: Blob,
  breathe: () => Promise<void>
): AsyncGenerator<DocumentPart & { title?: string }> {
  switch (format) {
    case 'text':
      return yield* readPlainText(name, file, breathe);
    case 'markdown':
      return yield* readMarkdown(name, file, breathe);
    case 'html':
      return yield* readHtml(name, file, breathe);
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
