import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { rowCid, rowContent } from '../content/cid';
import { writeRows } from '../content/rows-file';
import { SPLITS, type DatanetRow } from '../datanet';
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

async function read(blob: Blob) {
  const file = await blob.arrayBuffer();
  const records = await parquetReadObjects({ file });
  return { records, metadata: parquetMetadata(file) };
}

async function write(rows: DatanetRow[]): Promise<Blob> {
  return writeParquet(rows, (await writeRows(rows)).tally.fields);
}

describe('rows as Parquet', () => {
  it('come back with all that is known of them, over several row groups', async () => {
    const rows = rowsOf(4500);
    const { records, metadata } = await read(await write(rows));
    expect(metadata.row_groups).toHaveLength(3);
    expect(records).toHaveLength(rows.length);
    for (const [i, row] of rows.entries()) {
      const { cid, text, messages, contributor, source, licence, split, tags, drafted } = records[i];
      expect(cid).toBe(rowCid(rowContent(row)));
      expect('text' in row ? { text } : { messages }).toEqual(rowContent(row));
      expect({ contributor, source, licence, split, drafted }).toEqual({
        contributor: row.contributor,
        source: row.source ?? null,
        licence: row.licence ?? null,
        split: row.split ?? null,
        drafted: row.drafted ?? null
      });
      expect(tags ?? []).toEqual(row.tags ?? []);
    }
  });

  it('have no column that no row says anything in', async () => {
    const { metadata } = await read(await write([{ text: 'a', contributor: 'Ann' }]));
    expect(metadata.schema.slice(1).map(({ name }) => name)).toEqual(['cid', 'text', 'contributor']);
  });

  it('are not written once nobody wants them', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(writeParquet(rowsOf(1), new Set(['text', 'contributor']), { signal })).rejects.toThrow(
      'enough'
    );
  });
});
