import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { rowCid, rowContent } from '../content/cid';
import { SPLITS, type DatanetRow } from '../datanet';
import { inspectImport } from '../import/inspect';
import { openImport } from '../import/open';
import { writeParquet } from './parquet';

const rowsOf = (count: number): DatanetRow[] =>
  Array.from({ length: count }, (_, i) =>
    i % 4 === 0
      ? { text: `Tag ${i}: 満潮 🌊`, contributor: 'Bo', source: `log ${i}`, licence: 'CC0-1.0' }
      : {
          messages: [
            { role: 'user', content: `Why ${i}?` },
            { role: 'assistant', content: 'Because.\n' }
          ].slice(0, 1 + (i % 2)),
          contributor: 'Ann',
          split: SPLITS[i % 3],
          tags: i % 3 === 0 ? ['tide', `day ${i}`] : [],
          drafted: i % 2 === 0
        }
  );

const NOTHING = {
  source: null,
  licence: null,
  contribution: null,
  split: null,
  conversation: null,
  drafted: false
};

/** For `JSON.stringify`: keys in order, and a content that a row does not have left out. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, field]) => (key !== 'text' && key !== 'messages') || field != null
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function read(blob: Blob) {
  const file = await blob.arrayBuffer();
  const records = await parquetReadObjects({ file });
  return { records, metadata: parquetMetadata(file) };
}

const write = (rows: DatanetRow[]) => writeParquet(rows, rows.length, { root: '0x12' });

describe('rows as Parquet', () => {
  it('come back with all that is known of them, over several row groups', async () => {
    const rows = rowsOf(10_100);
    const { records, metadata } = await read(await write(rows));
    expect(metadata.row_groups).toHaveLength(2);
    // Where a row has nothing, Parquet has null, and a list may be missing.
    const found = records.map((record) => JSON.stringify({ ...record, tags: record.tags ?? [] }, sorted));
    const expected = rows.map((row) =>
      JSON.stringify({ ...NOTHING, ...row, cid: rowCid(rowContent(row)), tags: row.tags ?? [] }, sorted)
    );
    expect(found).toEqual(expected);
  });

  it('are in row groups of a size that can be encoded between two pauses', async () => {
    const long: DatanetRow = { text: 'tide '.repeat(200_000), contributor: 'Ann' };
    const { metadata } = await read(await write(Array<DatanetRow>(5).fill(long)));
    expect(metadata.row_groups.map((group) => Number(group.num_rows))).toEqual([3, 2]);
  });

  it('have the same columns whatever the rows, and say where they come from', async () => {
    const { records, metadata } = await read(await write([{ text: 'a', contributor: 'Ann' }]));
    expect(Object.keys(records[0]).sort()).toEqual(
      'cid contribution contributor conversation drafted licence messages source split tags text'.split(' ')
    );
    expect(metadata.key_value_metadata).toEqual([{ key: 'tabtune.root', value: '0x12' }]);
  });

  it('are not written once nobody wants them', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(writeParquet(rowsOf(1), 1, {}, { signal })).rejects.toThrow('enough');
  });

  it('comes back whole, conversations and running text', async () => {
    const rows: DatanetRow[] = [
      { text: 'Ebbe', contributor: 'Ann', tags: ['tide'], drafted: true },
      { messages: [{ role: 'user', content: 'Why?' }], contributor: 'Bob', split: 'test' },
      { text: 'Flut', contributor: 'Ann' }
    ];
    const file = new File([await writeParquet(rows, rows.length, {})], 'rows.parquet');
    const input = { kind: 'file', file } as const;
    const { mapping } = await inspectImport(input);
    expect(mapping).toEqual({ to: 'rows' });
    const back = [];
    for await (const batch of openImport(input, mapping)) {
      expect(batch.problems).toEqual([]);
      back.push(...batch.rows);
    }
    expect(back).toMatchObject(rows);
  });
});
