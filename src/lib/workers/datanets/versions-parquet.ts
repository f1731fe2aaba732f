/** Rows as Apache Parquet, row group by row group. */
import type { DatanetRow } from '../../datanets/datanet';
import { Pace, type PaceOptions } from '../../datanets/pace';
import { rowLength } from '../../datanets/store/blocks';

/** Characters of rows in a row group: what is held and compressed at once. */
const GROUP_LENGTH = 2 * 1024 * 1024;
const GROUP_ROWS = 10_000;

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const optional = { repetition_type: 'OPTIONAL' } as const;
const required = { repetition_type: 'REQUIRED' } as const;
const listOf = (name: string) =>
  [
    { name, ...optional, converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 }
  ] as const;

/** A row says either `messages` or `text`; the other is null. */
const SCHEMA = [
  { name: 'root', num_children: 9 },
  ...listOf('messages'),
  { name: 'element', ...required, num_children: 2 },
  { name: 'role', ...text, ...required },
  { name: 'content', ...text, ...required },
  { name: 'text', ...text, ...optional },
  { name: 'contributor', ...text, ...required },
  { name: 'source', ...text, ...optional },
  { name: 'licence', ...text, ...optional },
  { name: 'contribution', ...text, ...optional },
  ...listOf('tags'),
  { name: 'element', ...text, ...required },
  { name: 'split', ...text, ...optional },
  { name: 'drafted', type: 'BOOLEAN', ...required }
] as const;

const COLUMNS: Record<string, (row: DatanetRow) => unknown> = {
  messages: (row) => ('messages' in row ? row.messages : undefined),
  text: (row) => ('text' in row ? row.text : undefined),
  contributor: (row) => row.contributor,
  source: (row) => row.source,
  licence: (row) => row.licence,
  contribution: (row) => row.contribution,
  tags: (row) => row.tags,
  split: (row) => row.split,
  drafted: (row) => row.drafted ?? false
};

/**
 * @param count how many rows there are, for `onProgress`
 * @param about goes into the file's own key-value metadata, as `tabtune.` and the name
 * @throws the abort reason, or what the rows throw
 */
export async function writeParquet(
  rows: AsyncIterable<DatanetRow>,
  count: number,
  about: Record<string, string>,
  options: PaceOptions = {}
): Promise<Blob> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const pieces: Blob[] = [];
  const writer = new ParquetWriter({
    writer: bytes,
    schema: SCHEMA.map((element) => ({ ...element })),
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key: `tabtune.${key}`, value })),
    createdBy: 'Tabtune'
  });
  // What is written goes into Blobs, which browsers keep outside of the heap.
  const take = () => {
    pieces.push(new Blob([bytes.getBuffer()]));
    bytes.index = 0;
  };
  const pace = new Pace(options);
  let group: DatanetRow[] = [];
  let [length, done] = [0, 0];
  const flush = async () => {
    await writer.write({
      columnData: Object.entries(COLUMNS).map(([name, of]) => ({ name, data: group.map(of) })),
      rowGroupSize: group.length
    });
    take();
    group = [];
    length = 0;
  };
  for await (const row of rows) {
    group.push(row);
    length += rowLength(row);
    done += 1;
    if (length >= GROUP_LENGTH || group.length >= GROUP_ROWS) await flush();
    if (pace.due) await pace.breathe(done, count);
  }
  if (group.length > 0) await flush();
  await writer.finish();
  take();
  pace.finish(count);
  return new Blob(pieces);
}
