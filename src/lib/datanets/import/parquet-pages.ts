import type { parquetHeader } from 'hyparquet/src/column.js';
import type { decompressPage } from 'hyparquet/src/datapage.js';
import type { ColumnMetaData, Compressors, FileMetaData, PageHeader, RowGroup } from 'hyparquet';

/** Unpacked bytes of one page; writers make pages of about one megabyte. */
const MAX_PAGE_BYTES = 256 * 2 ** 20;
/** Values of one column in a row group, lists counted item by item. */
const MAX_VALUES = 64 * 2 ** 20;

/** Pages that contradict the column they are in. Becomes a `ParquetError` that names the file. */
export class PageClaimError extends Error {}

/** What one column's pages are held against. */
interface ColumnLimits {
  column: ColumnMetaData;
  name: string;
  maxRepetition: number;
  maxDefinition: number;
}

/** What of the library reads pages. */
interface Pages {
  parquetHeader: typeof parquetHeader;
  decompressPage: typeof decompressPage;
}

/**
 * Walks the pages of a row group before they are decoded. Run lengths and counts inside a page are claims of the file that
 * the decoder believes: five bytes can ask for two thousand million values. No page may claim more than its column has.
 * @param bytes of the file, from offset `start`
 */
export async function checkPages(
  group: RowGroup,
  metadata: FileMetaData,
  bytes: Uint8Array,
  start: number,
  compressors: Compressors
): Promise<void> {
  const [{ parquetHeader: header }, { decompressPage: unpack }, schema] = await Promise.all([
    import('hyparquet/src/column.js'),
    import('hyparquet/src/datapage.js'),
    import('hyparquet/src/schema.js')
  ]);
  for (const { meta_data: column } of group.columns) {
    if (!column) throw new PageClaimError('a column has no metadata');
    const path = schema.getSchemaPath(metadata.schema, column.path_in_schema);
    const limits = {
      column,
      name: column.path_in_schema.join('.'),
      maxRepetition: schema.getMaxRepetitionLevel(path),
      maxDefinition: schema.getMaxDefinitionLevel(path)
    };
    const values = Number(column.num_values);
    if (!(values >= 0) || values > (limits.maxRepetition > 0 ? MAX_VALUES : Number(group.num_rows))) {
      throw new PageClaimError(`column ${limits.name} claims ${values} values`);
    }
    const from = Number(column.dictionary_page_offset || column.data_page_offset) - start;
    const chunk = bytes.subarray(from, from + Number(column.total_compressed_size));
    checkColumn(chunk, limits, compressors, { parquetHeader: header, decompressPage: unpack });
  }
}

function checkColumn(chunk: Uint8Array, limits: ColumnLimits, compressors: Compressors, pages: Pages): void {
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset: 0 };
  let left = Number(limits.column.num_values);
  while (reader.offset < chunk.length - 1) {
    const header = pages.parquetHeader(reader);
    const end = reader.offset + header.compressed_page_size;
    if (!(end >= reader.offset && end <= chunk.length))
      throw claim(limits, `a page of ${header.compressed_page_size} bytes`);
    if (!(header.uncompressed_page_size >= 0 && header.uncompressed_page_size <= MAX_PAGE_BYTES)) {
      throw claim(limits, `a page of ${header.uncompressed_page_size} bytes`);
    }
    const body = chunk.subarray(reader.offset, end);
    reader.offset = end;
    const dictionary = header.dictionary_page_header;
    if (
      header.type === 'DICTIONARY_PAGE' &&
      !(Number(dictionary?.num_values) <= header.uncompressed_page_size)
    ) {
      throw claim(limits, `a dictionary of ${dictionary?.num_values} values`);
    }
    const data = header.data_page_header ?? header.data_page_header_v2;
    if (!data) continue;
    if (!(data.num_values >= 0 && data.num_values <= left))
      throw claim(limits, `a page of ${data.num_values} values`);
    left -= data.num_values;
    checkData(body, header, limits, compressors, pages);
  }
}

/** The levels and values of a data page: the runs of those that are written in runs. */
function checkData(
  body: Uint8Array,
  header: PageHeader,
  limits: ColumnLimits,
  compressors: Compressors,
  { decompressPage }: Pages
): void {
  const { column, maxRepetition, maxDefinition } = limits;
  const v1 = header.data_page_header;
  const v2 = header.data_page_header_v2;
  const widths = [maxRepetition, maxDefinition].filter((max) => max > 0).map((max) => 32 - Math.clz32(max));
  const count = (v1 ?? v2)?.num_values ?? 0;
  let page: Uint8Array;
  let at = 0;
  if (v1) {
    page = decompressPage(body, header.uncompressed_page_size, column.codec, compressors);
    for (const width of widths) {
      const length = uint32(page, at);
      if (at + 4 + length > page.length) throw claim(limits, `levels of ${length} bytes`);
      checkRuns(page.subarray(at + 4, at + 4 + length), width, count, limits);
      at += 4 + length;
    }
  } else if (v2) {
    const lengths = [v2.repetition_levels_byte_length, v2.definition_levels_byte_length];
    const levels = lengths[0] + lengths[1];
    if (lengths.some((length) => !(length >= 0)) || levels > body.length || !(v2.num_nulls >= 0)) {
      throw claim(limits, `levels of ${levels} bytes`);
    }
    if (maxRepetition > 0)
      checkRuns(body.subarray(0, lengths[0]), 32 - Math.clz32(maxRepetition), count, limits);
    if (maxDefinition > 0)
      checkRuns(body.subarray(lengths[0], levels), 32 - Math.clz32(maxDefinition), count, limits);
    page = body.subarray(levels);
    if (v2.is_compressed !== false) {
      page = decompressPage(page, header.uncompressed_page_size - levels, column.codec, compressors);
    }
  } else return;
  checkValues(page.subarray(at), (v1 ?? v2)?.encoding ?? '', count, limits);
}

function checkValues(values: Uint8Array, encoding: string, count: number, limits: ColumnLimits): void {
  if (values.length === 0) return;
  if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
    checkRuns(values.subarray(1), values[0], count, limits);
  } else if (encoding === 'RLE') {
    checkRuns(values.subarray(limits.column.type === 'BOOLEAN' ? 4 : 1), 1, count, limits);
  } else if (encoding.startsWith('DELTA_')) {
    // Block size, miniblocks in a block, values: the head of every delta encoding.
    const head = { bytes: values, at: 0 };
    const [blockSize, miniblocks, total] = [varint(head), varint(head), varint(head)];
    if (total > count || miniblocks < 1 || blockSize < miniblocks || blockSize > 2 ** 20) {
      throw claim(limits, `${total} differences in blocks of ${blockSize}`);
    }
  }
}

/** The runs of the hybrid of run lengths and packed bits, by their heads alone. */
function checkRuns(bytes: Uint8Array, width: number, count: number, limits: ColumnLimits): void {
  if (width > 32) throw claim(limits, `values of ${width} bits`);
  const head = { bytes, at: 0 };
  for (let seen = 0; seen < count && head.at < bytes.length;) {
    const run = varint(head);
    const length = run & 1 ? (run >>> 1) * 8 : run >>> 1;
    const size = run & 1 ? (run >>> 1) * width : (width + 7) >> 3;
    const isPadded = (run & 1) === 1 && head.at + size <= bytes.length && size > 0;
    if (length > count && !isPadded) throw claim(limits, `a run of ${length} values`);
    seen += length;
    head.at += size;
  }
}

function varint(head: { bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 35 && head.at < head.bytes.length; shift += 7) {
    const byte = head.bytes[head.at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value >>> 0;
}

function uint32(bytes: Uint8Array, at: number): number {
  return at + 4 <= bytes.length ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true) : Infinity;
}

function claim({ name }: ColumnLimits, what: string): PageClaimError {
  return new PageClaimError(`column ${name} claims ${what}`);
}
