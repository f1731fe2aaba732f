import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { TabtuneError } from '../../errors';
import { fromBytes } from '../../formats/source';
import { inspectImport } from './inspect';
import { openParquet } from './parquet';
import { fileOf, golden, importAll } from './testing';

const expected = JSON.parse(await golden('chats.json').text()) as {
  rows: number;
  first: unknown;
  last: unknown;
};

describe('Parquet as Arrow writes it', () => {
  it.each(['chats-snappy.parquet', 'chats-zstd.parquet'])(
    '%s: nested lists become conversations',
    async (name) => {
      const input = { kind: 'file', file: golden(name) } as const;
      const inspection = await inspectImport(input);
      expect(inspection).toMatchObject({
        shape: 'table',
        count: expected.rows,
        mapping: { to: 'messages', column: 'messages', columns: { source: 'source', tags: 'tags' } }
      });
      const { rows, problems, batches } = await importAll(input, inspection.mapping);
      expect(problems).toEqual([]);
      expect(rows).toHaveLength(expected.rows);
      expect(rows[0]).toEqual({ messages: expected.first, source: 'sums, 0', tags: ['sum', 'even'] });
      expect(rows.at(-1)).toEqual({ messages: expected.last, source: 'sums, 9', tags: ['sum', 'odd'] });
      const done = batches.map((batch) => batch.done);
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect(batches.at(-1)).toMatchObject({ done: input.file.size, total: input.file.size });
    }
  );

  it.each(['none', 'gzip', 'brotli', 'lz4'])(
    '%s-compressed pairs; rows without a question are problems',
    async (codec) => {
      const input = { kind: 'file', file: golden(`pairs-${codec}.parquet`) } as const;
      const { rows, problems } = await importAll(input, {
        to: 'chat',
        user: 'question',
        assistant: 'answer'
      });
      expect(rows).toHaveLength(45);
      expect(problems.map(({ where }) => where)).toEqual([1, 11, 21, 31, 41].map((row) => `row ${row}`));
      expect(problems[0].reason).toBe('question: empty');
    }
  );

  it('is read only where the mapping needs it', async () => {
    const bytes = new Uint8Array(await golden('chats-snappy.parquet').arrayBuffer());
    let read = 0;
    const inner = fromBytes('a.parquet', bytes);
    const table = await openParquet({
      ...inner,
      read: (start, end) => {
        read += end - start;
        return inner.read(start, end);
      }
    });
    read = 0;
    let rows = 0;
    for await (const { records } of table.pages({ columns: ['source'] })) {
      rows += records.length;
      for (const { value } of records) expect(Object.keys(value as object)).toEqual(['source']);
    }
    expect(rows).toBe(1000);
    expect(read).toBeLessThan(bytes.length / 10);
  });

  it('is read through a source that gives only ranges, a row group at a time', async () => {
    const bytes = new Uint8Array(await golden('chats-snappy.parquet').arrayBuffer());
    const reads: number[] = [];
    const inner = fromBytes('a.parquet', bytes);
    const table = await openParquet({
      ...inner,
      read: (start, end) => {
        reads.push(end - start);
        return inner.read(start, end);
      }
    });
    reads.length = 0;
    const first = await table.pages().next();
    expect(first.value?.records).toHaveLength(256);
    expect(reads).toHaveLength(1);
    expect(reads[0]).toBeLessThan(bytes.length / 2);
  });
});

describe('Parquet that lies', () => {
  const load = (name: string) =>
    new Uint8Array(readFileSync(new URL(`../../../../tests/goldens/import/${name}`, import.meta.url)));

  it.each([
    ['cut short', (bytes: Uint8Array) => bytes.slice(0, -20), 'does not end as Parquet does'],
    [
      'a footer longer than the file',
      (bytes: Uint8Array) => patched(bytes, bytes.length - 8, 0x7fffffff),
      'its footer claims'
    ],
    ['eleven bytes', () => new TextEncoder().encode('PAR1xxxPAR1'), 'it has only 11 bytes']
  ])('%s', async (_what, change, message) => {
    const input = fileOf('a.parquet', change(load('pairs-none.parquet')) as BlobPart);
    await expect(inspectImport(input)).rejects.toMatchObject({ name: 'ParquetError' });
    await expect(inspectImport(input)).rejects.toThrow(message);
  });

  it('claims of 2^31 rows are refused, not believed', async () => {
    const { parquetMetadata } = await import('hyparquet');
    const bytes = load('pairs-none.parquet');
    const metadata = parquetMetadata(bytes);
    expect(Number(metadata.num_rows)).toBe(50);
    // 50 as a zigzag varint is 100; in the row group it follows the field header of an i64.
    let refused = 0;
    for (let at = bytes.length - 9; at > 0; at--) {
      if (bytes[at] !== 0x16 || bytes[at + 1] !== 100) continue;
      const lie = new Uint8Array([
        ...bytes.slice(0, at + 1),
        0x80,
        0x80,
        0x80,
        0x80,
        0x10,
        ...bytes.slice(at + 2)
      ]);
      new DataView(lie.buffer).setUint32(
        lie.length - 8,
        new DataView(bytes.buffer).getUint32(bytes.length - 8, true) + 4,
        true
      );
      const reading = importAll(fileOf('lie.parquet', lie as BlobPart), { to: 'text', column: 'answer' });
      // Either it contradicts what is there, or nobody asks this number.
      await reading.then(
        ({ rows }) => expect(rows.length).toBeLessThanOrEqual(50),
        (error: unknown) => {
          expect(error).toMatchObject({ name: 'ParquetError' });
          refused += 1;
        }
      );
    }
    // The rows of the group, and the values of the column that is read.
    expect(refused).toBe(2);
  });

  it('any bytes changed: rows or our error, in little time and memory', async () => {
    const files = ['chats-snappy', 'chats-zstd', 'pairs-none', 'pairs-gzip', 'pairs-lz4'].map((name) =>
      load(`${name}.parquet`)
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(
          fc.tuple(
            fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
            fc.integer({ min: 0, max: 255 })
          ),
          {
            minLength: 1,
            maxLength: 8
          }
        ),
        fc.boolean(),
        async (file, changes, isFooter) => {
          const bytes = file.slice();
          // The footer decides most, and hides what is before it: one or the other.
          const footer = new DataView(bytes.buffer).getUint32(bytes.length - 8, true) + 8;
          const [from, length] = isFooter ? [bytes.length - footer, footer] : [4, bytes.length - footer - 4];
          for (const [at, value] of changes) bytes[from + Math.floor(at * length)] = value;
          try {
            await importAll(fileOf('a.parquet', bytes as BlobPart), { to: 'rows' });
          } catch (error) {
            expect(error).toBeInstanceOf(TabtuneError);
          }
        }
      ),
      fuzz(400)
    );
  }, 120_000);
});

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

describe('decimals', () => {
  it('keep all their digits, whatever they are stored in', async () => {
    const { parquetWriteBuffer } = await import('hyparquet-writer');
    const decimal = (name: string, type: 'INT32' | 'INT64' | 'FIXED_LEN_BYTE_ARRAY', precision: number) => ({
      name,
      type,
      repetition_type: 'OPTIONAL' as const,
      converted_type: 'DECIMAL' as const,
      scale: 2,
      precision,
      ...(type === 'FIXED_LEN_BYTE_ARRAY' ? { type_length: 13 } : {})
    });
    const bytes = parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 3 },
        decimal('small', 'INT32', 9),
        decimal('long', 'INT64', 18),
        decimal('fixed', 'FIXED_LEN_BYTE_ARRAY', 30)
      ],
      columnData: [
        { name: 'small', data: [0.7, -12.3, null] },
        { name: 'long', data: [123456789012345678n, 7n, 500n] },
        { name: 'fixed', data: [1234567890123456789012n, -5n, 0n] }
      ]
    });
    const texts = async (column: string) => {
      const { rows } = await importAll(fileOf('a.parquet', bytes), { to: 'text', column });
      return rows.map((row) => ('text' in row ? row.text : ''));
    };
    expect(await texts('small')).toEqual(['0.70', '-12.30']);
    expect(await texts('long')).toEqual(['1234567890123456.78', '0.07', '5.00']);
    expect(await texts('fixed')).toEqual(['12345678901234567890.12', '-0.05', '0.00']);
  });
});
