import type { SchemaElement } from 'hyparquet';
import { canonicalJson } from '../canonical';
import { rowCid } from '../content/cid';
import type { DatanetRow } from '../datanet';
import { Pace, type PaceOptions } from '../pace';
import { rowContent, rowLength } from '../row';

/** A row group is encoded between two pauses: so many characters of text, or so many rows. */
const GROUP_CHARACTERS = 2 * 1024 * 1024;
const GROUP_ROWS = 10_000;

interface Column {
  name: string;
  /** As Parquet's schema lists them: depth first. */
  elements: SchemaElement[];
  of(row: DatanetRow): unknown;
}

const text = (name: string, repetition_type: 'REQUIRED' | 'OPTIONAL'): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type
});

/** Lists in the three levels that the format's LogicalTypes.md asks for. */
const list = (name: string, element: SchemaElement[]): SchemaElement[] => [
  { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element
];

const optionalText = (name: 'source' | 'licence' | 'contribution' | 'split'): Column => ({
  name,
  elements: [text(name, 'OPTIONAL')],
  of: (row) => row[name]
});

/** Whether turns have more than a role and words: calls, reasoning, a weight; or the row has tools. */
function isRich(row: DatanetRow): boolean {
  return (
    'messages' in row &&
    (row.tools !== undefined || row.messages.some((turn) => Object.keys(turn).length > 2))
  );
}

/**
 * The same for all versions, so that files of several can be read as one. A row has `messages` or `text`, or as JSON of both
 * messages and tools the `conversation` that has more to it.
 */
const COLUMNS: Column[] = [
  { name: 'cid', elements: [text('cid', 'REQUIRED')], of: (row) => rowCid(rowContent(row)) },
  {
    name: 'messages',
    // A list of structs is how `datasets` holds conversations, and what training libraries expect under this name.
    elements: list('messages', [
      { name: 'element', repetition_type: 'REQUIRED', num_children: 2 },
      text('role', 'REQUIRED'),
      text('content', 'REQUIRED')
    ]),
    of: (row) => ('messages' in row && !isRich(row) ? row.messages : undefined)
  },
  {
    // Whoever reads `messages` alone must not take a conversation for less than it is.
    name: 'conversation',
    elements: [text('conversation', 'OPTIONAL')],
    of: (row) => (isRich(row) ? canonicalJson(rowContent(row)) : undefined)
  },
  { name: 'text', elements: [text('text', 'OPTIONAL')], of: (row) => ('text' in row ? row.text : undefined) },
  { name: 'contributor', elements: [text('contributor', 'REQUIRED')], of: (row) => row.contributor },
  optionalText('source'),
  optionalText('licence'),
  optionalText('contribution'),
  { name: 'tags', elements: list('tags', [text('element', 'REQUIRED')]), of: (row) => row.tags },
  optionalText('split'),
  {
    name: 'drafted',
    elements: [{ name: 'drafted', type: 'BOOLEAN', repetition_type: 'REQUIRED' }],
    of: (row) => row.drafted ?? false
  }
];

/**
 * Rows as Parquet, Snappy-compressed, with the CID of each; for other tools. Holds one row group at a time. The library
 * is loaded at the first call.
 * @param count how many rows there are, for `onProgress`.
 * @param about goes into the file's own key-value metadata, as `tabtune.` and the name.
 * @throws the abort reason, or what the rows throw.
 */
export async function writeParquet(
  rows: Iterable<DatanetRow> | AsyncIterable<DatanetRow>,
  count: number,
  about: Record<string, string>,
  options: PaceOptions = {}
): Promise<Blob> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'rows', num_children: COLUMNS.length }, ...COLUMNS.flatMap(({ elements }) => elements)],
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key: `tabtune.${key}`, value })),
    createdBy: 'Tabtune'
  });
  const pieces: Blob[] = [];
  // A copy in a Blob: the writer uses its buffer again, and browsers keep Blobs outside of the heap.
  const take = () => {
    pieces.push(new Blob([bytes.getBytes()]));
    bytes.index = 0;
  };
  const pace = new Pace(options);
  let group: DatanetRow[] = [];
  let [characters, done] = [0, 0];
  const flush = async () => {
    if (group.length === 0) return;
    const columnData = COLUMNS.map(({ name, of }) => ({ name, data: group.map(of) }));
    await writer.write({ columnData, rowGroupSize: group.length });
    take();
    group = [];
    characters = 0;
  };
  for await (const row of rows) {
    group.push(row);
    characters += rowLength(row);
    done += 1;
    if (characters >= GROUP_CHARACTERS || group.length >= GROUP_ROWS) await flush();
    if (pace.due) await pace.breathe(done, count);
  }
  await flush();
  await writer.finish();
  take();
  pace.finish(count);
  return new Blob(pieces, { type: 'application/vnd.apache.parquet' });
}
