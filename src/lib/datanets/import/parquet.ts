import type { AsyncBuffer, FileMetaData, RowGroup } from 'hyparquet';
import { TabtuneError } from '../../errors';
import { readExactly, type ByteSource } from '../../formats/source';
import { asStored, writeDecimals, type DecimalScales } from './parquet-decimals';
import { checkPages } from './parquet-pages';
import type { RecordPage, SourceRecord } from './records';

/** A file that is no Parquet, is damaged, or says of itself what cannot be. */
export class ParquetError extends TabtuneError {}

export interface PageOptions {
  columns?: readonly string[];
  breathe?: () => Promise<void>;
}

/** An opened file. */
export interface ParquetTable {
  columns: string[];
  rows: number;
  /** The records, a few hundred at a time, of all columns or some. Memory holds these of one row group. */
  pages(options?: PageOptions): AsyncGenerator<RecordPage>;
}

/** Footers grow with columns and row groups; the largest in use are a few megabytes. */
const MAX_FOOTER = 64 * 2 ** 20;
/** Rows of a group: writers make at most about a million. */
const MAX_GROUP_ROWS = 4 * 2 ** 20;
/** Bytes of a group, unpacked. It is held in memory as values. */
const MAX_GROUP_BYTES = 2 ** 30;
const PAGE_RECORDS = 256;

/**
 * Opens a Parquet file: nested lists and records come as arrays and objects, bytes and decimals as text.
 * What the file claims is checked against its size before anything is allocated for it.
 * @throws ParquetError; FileReadError when the file cannot be read
 */
export async function openParquet(source: ByteSource, signal?: AbortSignal): Promise<ParquetTable> {
  const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const file = asyncBuffer(source, signal);
  await checkFooter(source, signal);
  const claimed = await guarded(source, () => parquetMetadataAsync(file, { geoparquet: false }), signal);
  const elements = await guarded(source, () => {
    checkGroups(source, claimed);
    return parquetSchema(claimed).children.map(({ element }) => element);
  });
  const columns = elements.map(({ name }) => name);
  const { metadata, scales } = asStored(claimed, elements);
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  return {
    columns,
    rows,
    pages: (options = {}) => readGroups(source, { metadata, scales }, options, signal)
  };
}

async function* readGroups(
  source: ByteSource,
  { metadata, scales }: { metadata: FileMetaData; scales: DecimalScales },
  { columns, breathe = () => Promise.resolve() }: PageOptions,
  signal?: AbortSignal
): AsyncGenerator<RecordPage> {
  const [{ parquetReadObjects }, { boundedCompressors }] = await Promise.all([
    import('hyparquet'),
    import('./parquet-compressors')
  ]);
  const compressors = boundedCompressors(MAX_GROUP_BYTES);
  let row = 0;
  for (const [i, whole] of metadata.row_groups.entries()) {
    await breathe();
    const group = withColumns(whole, columns);
    checkSize(source, i, group);
    const { start, end } = groupRange(group);
    const bytes = await readExactly(source, start, end, signal);
    // By itself: metadata of one group, whose bytes are here already.
    const alone = { ...metadata, row_groups: [group], num_rows: group.num_rows };
    const file: AsyncBuffer = {
      byteLength: source.size,
      slice: (from, to = end) => bytes.slice(from - start, to - start).buffer
    };
    const values = await guarded(source, async () => {
      await checkPages(group, metadata, bytes, start, compressors);
      return parquetReadObjects({
        file,
        metadata: alone,
        compressors,
        geoparquet: false,
        ...(columns ? { columns: [...columns] } : {})
      });
    });
    for (let at = 0; at < values.length; at += PAGE_RECORDS) {
      await breathe();
      const records: SourceRecord[] = values
        .slice(at, at + PAGE_RECORDS)
        .map((value, i) => ({ where: `row ${row + at + i + 1}`, value: writeDecimals(value, scales) }));
      const share = Math.min(1, (at + PAGE_RECORDS) / values.length);
      yield { records, problems: [], done: Math.round(start + (end - start) * share) };
    }
    row += values.length;
  }
}

/** The bytes [start, end) of the file that hold a group's columns. */
function groupRange(group: RowGroup): { start: number; end: number } {
  let [start, end] = [Infinity, 0];
  for (const { meta_data } of group.columns) {
    if (!meta_data) continue;
    const at = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
    start = Math.min(start, at);
    end = Math.max(end, at + Number(meta_data.total_compressed_size));
  }
  return start < end ? { start, end } : { start: 0, end: 0 };
}

async function checkFooter(source: ByteSource, signal?: AbortSignal): Promise<void> {
  if (source.size < 12) throw damaged(source, `it has only ${source.size} bytes`);
  const tail = await readExactly(source, source.size - 8, source.size, signal);
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (String.fromCharCode(...tail.subarray(4)) !== 'PAR1') {
    throw damaged(source, 'it does not end as Parquet does, so it is cut short or something else');
  }
  if (length > source.size - 12 || length > MAX_FOOTER)
    throw damaged(source, `its footer claims ${length} bytes`);
}

function withColumns(group: RowGroup, columns: readonly string[] | undefined): RowGroup {
  if (!columns) return group;
  return {
    ...group,
    columns: group.columns.filter((chunk) => columns.includes(chunk.meta_data?.path_in_schema[0] ?? ''))
  };
}

function unpackedBytes(group: RowGroup): number {
  return group.columns.reduce(
    (sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0),
    0
  );
}

/** Holds what the metadata claims against the file. */
function checkGroups(source: ByteSource, metadata: FileMetaData): void {
  for (const [i, group] of metadata.row_groups.entries()) {
    const { start, end } = groupRange(group);
    if (!(Number(group.num_rows) >= 0) || !(unpackedBytes(group) >= 0) || start < 0 || end > source.size) {
      throw damaged(source, `row group ${i + 1} claims what the file cannot hold`);
    }
  }
}

/** Refuses what could not be held in memory. */
function checkSize(source: ByteSource, i: number, group: RowGroup): void {
  const rows = Number(group.num_rows);
  const bytes = unpackedBytes(group);
  if (rows <= MAX_GROUP_ROWS && bytes <= MAX_GROUP_BYTES) return;
  throw new ParquetError(
    `Row group ${i + 1} of ${source.name} claims ${rows} rows in ${bytes} bytes, more than a browser can hold at ` +
      'once. Write it again with smaller row groups (row_group_size=100000).',
    { details: { file: source.name, group: i, rows, bytes } }
  );
}

function asyncBuffer(source: ByteSource, signal?: AbortSignal): AsyncBuffer {
  return {
    byteLength: source.size,
    slice: async (start, end = source.size) => (await readExactly(source, start, end, signal)).slice().buffer
  };
}

/** The library throws whatever damaged bytes lead it to. */
async function guarded<T>(source: ByteSource, read: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof TabtuneError) throw cause;
    throw damaged(source, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function damaged(source: ByteSource, why: string, cause?: unknown): ParquetError {
  return new ParquetError(`${source.name} cannot be read as Parquet: ${why}. Download or write it again.`, {
    cause,
    details: { file: source.name }
  });
}
