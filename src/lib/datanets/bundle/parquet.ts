import type { SchemaElement } from 'hyparquet';
import { rowCid, rowContent } from '../content/cid';
import type { DatanetRow } from '../datanet';
import { Pace } from '../pace';
import type { MerkleOptions } from '../content/merkle';

/** Rows per row group: some megabytes, so that one is encoded between two pauses. */
const ROW_GROUP = 2000;

/** A column as Parquet's schema lists it: depth first. */
type Column = [name: string, ...elements: SchemaElement[]];

const text = (name: string, repetition_type: 'REQUIRED' | 'OPTIONAL'): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type
});

const optionalText = (name: string): Column => [name, text(name, 'OPTIONAL')];

/** Lists in the three levels that the format's LogicalTypes.md asks for. */
const list = (name: string, element: SchemaElement[]): Column => [
  name,
  { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element
];

const COLUMNS: Column[] = [
  ['cid', text('cid', 'REQUIRED')],
  optionalText('text'),
  // A list of structs is how `datasets` holds conversations, and what training libraries expect under this name.
  list('messages', [
    { name: 'element', repetition_type: 'REQUIRED', num_children: 2 },
    text('role', 'REQUIRED'),
    text('content', 'REQUIRED')
  ]),
  ['contributor', text('contributor', 'REQUIRED')],
  optionalText('source'),
  optionalText('licence'),
  optionalText('contribution'),
  optionalText('split'),
  list('tags', [text('element', 'REQUIRED')]),
  ['drafted', { name: 'drafted', type: 'BOOLEAN', repetition_type: 'OPTIONAL' }]
];

/**
 * Rows as Parquet, Snappy-compressed, with the CID of each; for other tools, which read conversations as lists of
 * structs. The library is loaded at the first call.
 * @param fields which fields the rows have (`RowsTally.fields`); no other column is written.
 * @throws the abort reason, or what the rows throw.
 */
export async function writeParquet(
  rows: Iterable<DatanetRow> | AsyncIterable<DatanetRow>,
  fields: ReadonlySet<string>,
  options: MerkleOptions = {}
): Promise<Blob> {
  const { ByteWriter, parquetWriteRows } = await import('hyparquet-writer');
  const columns = COLUMNS.filter(([name]) => name === 'cid' || fields.has(name));
  const pieces: Blob[] = [];
  const writer = new ByteWriter();
  const flush = () => {
    // A copy in a Blob: the writer uses its buffer again, and browsers keep Blobs outside of the heap.
    pieces.push(new Blob([writer.getBytes()]));
    writer.index = 0;
  };
  await parquetWriteRows({
    writer: Object.assign(writer, { flush, finish: flush }),
    rows: records(rows, options),
    columns: columns.map(([name]) => ({ name })),
    schema: [
      { name: 'rows', num_children: columns.length },
      ...columns.flatMap(([, ...elements]) => elements)
    ],
    rowGroupSize: ROW_GROUP,
    createdBy: 'Tabtune'
  });
  return new Blob(pieces, { type: 'application/vnd.apache.parquet' });
}

async function* records(
  rows: Iterable<DatanetRow> | AsyncIterable<DatanetRow>,
  options: MerkleOptions
): AsyncGenerator<Record<string, unknown>> {
  const pace = new Pace(options);
  let done = 0;
  for await (const row of rows) {
    yield { ...row, cid: rowCid(rowContent(row)) };
    done += 1;
    if (pace.due) await pace.breathe(done, Math.max(done, options.count ?? 0));
  }
  pace.finish(done);
}
