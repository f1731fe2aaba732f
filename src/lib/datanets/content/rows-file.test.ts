import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { crc32 } from 'node:zlib';
import { canonicalJson, rowsSha256 } from '../canonical';
import { SPLITS, type DatanetRow } from '../datanet';
import type { ChatRow, TextRow } from '../row';
import { rowCid, rowContent, rowDigest } from './cid';
import { MerkleTree } from './merkle';
import {
  RowsFileError,
  RowsMismatchError,
  readRows,
  verifyRows,
  writeRows,
  type StoredRow
} from './rows-file';

const word = fc.string({ unit: 'grapheme', maxLength: 12 });
const origin = {
  contributor: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  source: fc.option(word, { nil: undefined }),
  tags: fc.option(fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 3 }), { nil: undefined }),
  split: fc.option(fc.constantFrom(...SPLITS), { nil: undefined }),
  drafted: fc.option(fc.boolean(), { nil: undefined })
};
const rowArbitrary: fc.Arbitrary<DatanetRow> = fc.oneof(
  fc.record({ ...origin, text: word }),
  fc.record({
    ...origin,
    messages: fc.array(fc.record({ role: fc.constantFrom('user', 'assistant'), content: word }), {
      minLength: 1,
      maxLength: 3
    })
  })
);

const ROWS: DatanetRow[] = [
  { text: 'Ebbe um sechs', contributor: 'Ann', split: 'test', contribution: `bafkrei${'a'.repeat(52)}` },
  { messages: [{ role: 'user', content: 'Why?' }], contributor: 'Bob', tags: ['tide'], drafted: true },
  { text: 'Flut 🌊', contributor: 'Ann' }
];

async function read(input: Parameters<typeof readRows>[0], expected?: Parameters<typeof readRows>[1]) {
  const rows: DatanetRow[] = [];
  for await (const row of readRows(input, expected)) rows.push(row);
  return rows;
}

const lines = async () => (await (await writeRows(ROWS)).blob.text()).split('\n');

describe('the rows of a version, as a file', () => {
  it('come back as they were, and are what is signed of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 12 }), async (rows) => {
        const { blob, digest, tree } = await writeRows(rows);
        const back = await read(blob, digest);
        // `undefined`, `tags: []` and `drafted: false` say nothing and are not there.
        expect(rowsSha256(back)).toEqual(rowsSha256(rows));
        expect(digest).toEqual({ ...rowsSha256(rows), count: rows.length, root: tree.root });
        expect(blob.size).toBe(digest.bytes);
        const leaves = rows.map((row) => ({ cid: rowCid(rowContent(row)), contributor: row.contributor }));
        expect((await MerkleTree.build(leaves)).root).toBe(digest.root);
      }),
      fuzz(40)
    );
  });

  it('are the same bytes when their words come as a store holds them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rowArbitrary, { minLength: 1, maxLength: 12 }), async (rows) => {
        const plain = await writeRows(rows);
        const stored = await writeRows(rows.map(asStored));
        expect(await stored.blob.text()).toBe(await plain.blob.text());
        expect(stored).toMatchObject({ digest: plain.digest, crc32: plain.crc32, tally: plain.tally });
        expect(stored.crc32).toBe(crc32(new Uint8Array(await stored.blob.arrayBuffer())));
      }),
      fuzz(40)
    );
  });

  it('are not written from a store that does not hold what it says', async () => {
    const [row] = ROWS.map(asStored);
    const changed = row.json.slice();
    changed[12] ^= 1;
    await expect(writeRows([{ ...row, json: changed }])).rejects.toThrow(/Row 1 .*damaged/);
    await expect(writeRows([{ ...row, json: row.json.slice(3) }])).rejects.toThrow(/Row 1 .*damaged/);
    await expect(writeRows([{ ...row, meta: { contributor: '' } }])).rejects.toThrow(/Row 1 .*contributor/);
  });

  it('are counted by contributor, contribution and split', async () => {
    const { blob, digest, tally } = await writeRows(ROWS);
    expect(tally).toEqual({
      contributors: new Map([
        ['Ann', 2],
        ['Bob', 1]
      ]),
      contributions: new Map([[`bafkrei${'a'.repeat(52)}`, 1]]),
      splits: { train: 2, validation: 0, test: 1 },
      fields: new Set(['text', 'contributor', 'split', 'contribution', 'messages', 'tags', 'drafted'])
    });
    const verified = await verifyRows(blob, digest);
    expect(verified.tally).toEqual(tally);
    expect(verified.tree.proof(2)).toHaveLength(2);
  });

  it.each<[string, unknown, RegExp]>([
    ['a field that rows do not have', { text: 'a', contributor: 'Ann', score: 1 }, /Row 2 .*score/],
    ['nobody to have written it', { text: 'a' }, /Row 2 .*contributor/],
    ['half of a character', { text: 'a\ud83d', contributor: 'Ann' }, /Row 2 .*lone surrogate/],
    ['both text and messages', { text: 'a', messages: [], contributor: 'Ann' }, /Row 2/]
  ])('do not take a row with %s', async (_, row, message) => {
    const written = writeRows([ROWS[0], row as DatanetRow]);
    await expect(written).rejects.toThrow(RowsFileError);
    await expect(written).rejects.toThrow(message);
  });

  it.each<[string, (line: string) => string, RegExp]>([
    ['a space', (line) => line.replace(',', ', '), /Line 2 .*canonical/],
    ['keys in another order', (line) => reordered(line), /Line 2 .*canonical/],
    ['an escape that need not be', (line) => line.replace('W', '\\u0057'), /Line 2 .*canonical/],
    ['a field that says nothing', (line) => line.replace('true', 'false'), /Line 2 .*canonical/],
    ['a key given twice', (line) => line.replace('{', '{"contributor":"Eve",'), /Line 2 .*canonical/],
    ['a carriage return', (line) => `${line}\r`, /Line 2 .*line feed/],
    ['an empty line before it', (line) => `\n${line}`, /Line 2 .*not JSON/],
    ['something else behind it', (line) => `${line}{}`, /Line 2 .*not JSON/],
    ['an unknown field', (line) => line.replace('{', '{"a":1,'), /Line 2/],
    ['an unknown split', (line) => line.replace('"tags":["tide"]', '"split":"dev"'), /Line 2 .*split/],
    ['half of a character', (line) => line.replace('Why?', '\\ud83d'), /Line 2 .*half of a character/]
  ])('are refused with %s', async (_, change, message) => {
    const { digest } = await writeRows(ROWS);
    const all = await lines();
    all[1] = change(all[1]);
    await expect(read(all.join('\n'), digest)).rejects.toThrow(message);
  });

  it.each<[string, (all: string[]) => string, RegExp]>([
    ['without the last line end', (all) => all.join('\n').slice(0, -1), /Line 3 .*line feed/],
    ['with a byte order mark', (all) => `\ufeff${all.join('\n')}`, /Line 1 .*byte order mark/],
    ['with a row less', (all) => all.slice(1).join('\n'), /number of rows is 2 and not 3/],
    ['with a row more', (all) => [all[0], ...all].join('\n'), /number of rows is more/],
    ['in another order', ([a, b, c]) => `${b}\n${a}\n${c}\n`, /SHA-256/],
    ['with another word', (all) => all.join('\n').replace('Ebbe', 'Abbe'), /SHA-256/]
  ])('are not the signed ones %s', async (_, change, message) => {
    const { digest } = await writeRows(ROWS);
    const changed = change(await lines());
    await expect(read(changed, digest)).rejects.toThrow(message);
    await expect(verifyRows(changed, digest)).rejects.toThrow(message);
  });

  it('are not the signed ones under another root', async () => {
    const { blob, digest } = await writeRows(ROWS);
    await expect(verifyRows(blob, { ...digest, root: `0x${'1'.repeat(64)}` })).rejects.toThrow(
      RowsMismatchError
    );
  });

  it('are not the signed ones with any line end replaced, also the last', async () => {
    const { blob, digest } = await writeRows(ROWS);
    const good = new Uint8Array(await blob.arrayBuffer());
    const ends = [...good.keys()].filter((at) => good[at] === 0x0a);
    expect(ends).toHaveLength(ROWS.length);
    for (const at of ends) {
      for (let byte = 0; byte < 256; byte += 1) {
        if (byte === 0x0a) continue;
        const error: unknown = await read([good.with(at, byte)], digest).catch((reason: unknown) => reason);
        expect(isRefusal(error), `byte ${byte} at ${at}`).toBe(true);
      }
      const crlf = Uint8Array.from([...good.slice(0, at), 0x0d, ...good.slice(at)]);
      await expect(read([crlf], digest)).rejects.toThrow(RowsFileError);
    }
  });

  it('whatever their bytes, are the signed ones or refused, and never throw anything else', async () => {
    const { blob, digest } = await writeRows(ROWS);
    const good = new Uint8Array(await blob.arrayBuffer());
    const at = fc.nat(good.length - 1);
    const byte = fc.nat(255);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.tuple(at, byte).map(([place, put]) => good.with(place, put)),
          fc.tuple(at, byte).map(([place, put]) => {
            return Uint8Array.from([...good.slice(0, place), put, ...good.slice(place)]);
          }),
          at.map((place) => Uint8Array.from([...good.slice(0, place), ...good.slice(place + 1)]))
        ),
        // However the bytes arrive.
        fc.integer({ min: 1, max: 500 }),
        async (bytes, piece) => {
          const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
            bytes.subarray(i * piece, (i + 1) * piece)
          );
          const same = bytes.length === good.length && bytes.every((value, i) => value === good[i]);
          const error: unknown = await read(pieces, digest).then(
            () => undefined,
            (reason: unknown) => reason
          );
          expect(same ? error === undefined : isRefusal(error)).toBe(true);
        }
      ),
      fuzz(300)
    );
  });

  it('stop when asked', async () => {
    const { blob, digest } = await writeRows(ROWS);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(writeRows(ROWS, { signal })).rejects.toThrow('enough');
    await expect(verifyRows(blob, digest, { signal })).rejects.toThrow('enough');
  });
});

function isRefusal(error: unknown): boolean {
  return error instanceof RowsFileError || error instanceof RowsMismatchError;
}

function asStored(row: DatanetRow): StoredRow {
  const { messages: _, text: __, ...meta } = row as DatanetRow & Partial<ChatRow & TextRow>;
  const content = rowContent(row);
  return { meta, json: new TextEncoder().encode(canonicalJson(content)), digest: rowDigest(content) };
}

function reordered(line: string): string {
  return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse()));
}
