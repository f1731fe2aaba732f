import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { SPLITS } from '../datanet';
import { RowTable, type RowEntry, type RowMeta, type RowPlace, type TableQuery } from './row-table';

const name = fc.constantFrom('Ada', 'Bo', 'Cleo "C"');
const tags = fc.uniqueArray(fc.constantFrom('a', 'b', 'c,d', '"'), { maxLength: 3 });

const place: fc.Arbitrary<RowPlace> = fc.record({
  block: fc.constantFrom('b1', 'b2'),
  slot: fc.nat(1000),
  digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  length: fc.nat(50)
});

const meta: fc.Arbitrary<RowMeta> = fc.record(
  {
    contributor: name,
    source: fc.string(),
    licence: fc.constantFrom('MIT', 'CC0-1.0'),
    contribution: fc.constantFrom('c1', 'c2'),
    tags,
    split: fc.constantFrom(...SPLITS),
    drafted: fc.boolean()
  },
  { requiredKeys: ['contributor'] }
);

type Step =
  | { do: 'append' | 'update'; at: number; place: RowPlace; meta: RowMeta }
  | { do: 'remove'; every: number }
  | { do: 'reload' }
  | { do: 'double' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), at: fc.nat(), place, meta }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('update' as const), at: fc.nat(), place, meta }) },
    fc.record({ do: fc.constant('remove' as const), every: fc.integer({ min: 2, max: 5 }) }),
    fc.record({ do: fc.constant('reload' as const) }),
    fc.record({ do: fc.constant('double' as const) })
  ),
  { maxLength: 60 }
);

/** What a row of the table should say. */
const entryOf = (key: number, place: RowPlace, meta: RowMeta): RowEntry => ({
  ...{ source: undefined, licence: undefined, contribution: undefined, split: undefined },
  ...meta,
  ...place,
  key,
  tags: meta.tags ?? [],
  drafted: meta.drafted ?? false
});

/** Does the steps to a table and to a list of objects. */
function play(all: Step[]): { table: RowTable; rows: RowEntry[] } {
  let table = new RowTable();
  let rows: RowEntry[] = [];
  let next = 0;
  for (const step of all) {
    if (step.do === 'append') {
      expect(table.append(step.place, step.meta)).toBe(next);
      rows.push(entryOf(next, step.place, step.meta));
      next += 1;
    } else if (step.do === 'update' && rows.length > 0) {
      const at = step.at % rows.length;
      table.update(at, step.place, step.meta);
      rows[at] = entryOf(rows[at].key, step.place, step.meta);
    } else if (step.do === 'remove') {
      const gone = new Set(rows.filter((_, i) => i % step.every === 0).map(({ key }) => key));
      expect(table.remove(gone)).toBe(gone.size);
      rows = rows.filter(({ key }) => !gone.has(key));
    } else if (step.do === 'reload') {
      table = new RowTable(structuredClone(table.serialise()));
    } else if (step.do === 'double' && rows.length < 200) {
      table.appendTable(table.clone());
      rows = [...rows, ...rows.map((row, i) => ({ ...row, key: next + i }))];
      next += rows.length / 2;
    }
  }
  return { table, rows };
}

const all = (table: RowTable) => Array.from({ length: table.count }, (_, i) => table.at(i));

describe('a table of rows', () => {
  it('says of each row what was said of it last, whatever happened to others', () => {
    fc.assert(
      fc.property(steps, (all_) => {
        const { table, rows } = play(all_);
        expect(all(table)).toEqual(rows);
        for (const [i, row] of rows.entries()) {
          expect(table.indexOf(row.key)).toBe(i);
          expect(table.digest(i)).toEqual(row.digest);
        }
        const known = new Set(rows.map(({ key }) => key));
        for (let key = -1; key < 300; key += 1) if (!known.has(key)) expect(table.indexOf(key)).toBe(-1);
      }),
      fuzz(100)
    );
  });

  it('counts what its rows say', () => {
    fc.assert(
      fc.property(steps, (all_) => {
        const { table, rows } = play(all_);
        const count = (of: (row: RowEntry) => string | undefined) =>
          new Map(
            rows
              .flatMap((row) => of(row) ?? [])
              .map((value) => [value, rows.filter((row) => of(row) === value).length])
          );
        expect(table.contributors()).toEqual(count((row) => row.contributor));
        expect(table.contributions()).toEqual(count((row) => row.contribution));
        expect(table.blocks()).toEqual(new Set(rows.map((row) => row.block)));
        expect(table.tags()).toEqual([...new Set(rows.flatMap((row) => row.tags))].sort());
        const split = (name: string) => rows.filter((row) => (row.split ?? 'train') === name).length;
        expect(table.splits()).toEqual({
          train: split('train'),
          validation: split('validation'),
          test: split('test')
        });
      }),
      fuzz(100)
    );
  });

  it('finds the rows that a query asks for, in its order', () => {
    const query: fc.Arbitrary<TableQuery> = fc.record(
      {
        contributor: fc.constantFrom('Ada', 'Bo', 'nobody'),
        tag: fc.constantFrom('a', 'c,d', 'none'),
        split: fc.constantFrom(...SPLITS),
        drafted: fc.boolean(),
        minLength: fc.nat(50),
        maxLength: fc.nat(50),
        order: fc.constantFrom('position', 'length', 'contributor')
      },
      { requiredKeys: [] }
    );
    fc.assert(
      fc.property(steps, query, (all_, asked) => {
        const { table, rows } = play(all_);
        const matches = rows.filter(
          (row) =>
            (asked.contributor === undefined || row.contributor === asked.contributor) &&
            (asked.tag === undefined || row.tags.includes(asked.tag)) &&
            (asked.split === undefined || row.split === asked.split) &&
            (asked.drafted === undefined || row.drafted === asked.drafted) &&
            row.length >= (asked.minLength ?? 0) &&
            row.length <= (asked.maxLength ?? Infinity)
        );
        if (asked.order === 'length') matches.sort((a, b) => a.length - b.length || a.key - b.key);
        if (asked.order === 'contributor') {
          matches.sort((a, b) =>
            a.contributor === b.contributor ? a.key - b.key : a.contributor < b.contributor ? -1 : 1
          );
        }
        const found = Array.from(table.select(asked), (position) => table.key(position));
        expect(found).toEqual(matches.map(({ key }) => key));
      }),
      fuzz(100)
    );
  });

  it('shares nothing with its copies', () => {
    const table = new RowTable();
    const digest = new Uint8Array(32).fill(7);
    table.append({ block: 'b', slot: 0, digest, length: 1 }, { contributor: 'Ada' });
    const copy = table.clone();
    copy.update(0, { block: 'c', slot: 1, digest: new Uint8Array(32), length: 2 }, { contributor: 'Bo' });
    copy.append({ block: 'b', slot: 0, digest, length: 1 }, { contributor: 'Cleo' });
    expect(all(table)).toEqual([
      entryOf(0, { block: 'b', slot: 0, digest, length: 1 }, { contributor: 'Ada' })
    ]);
    expect([...table.contributors().keys()]).toEqual(['Ada']);
  });

  it('takes out all that came with a contribution', () => {
    const table = new RowTable();
    for (let i = 0; i < 5; i += 1) {
      const contribution = i % 2 ? 'c1' : undefined;
      table.append(
        { block: 'b', slot: i, digest: new Uint8Array(32), length: i },
        { contributor: 'Ada', contribution }
      );
    }
    expect(table.removeContribution('unknown')).toBe(0);
    expect(table.removeContribution('c1')).toBe(2);
    expect(all(table).map(({ key }) => key)).toEqual([0, 2, 4]);
  });

  it('takes some tens of bytes a row', () => {
    const table = new RowTable();
    for (let i = 0; i < 100_000; i += 1) {
      table.append(
        { block: `block ${i % 200}`, slot: i, digest: new Uint8Array(32), length: 2000 },
        { contributor: `person ${i % 50}`, source: `page ${i % 1000}`, tags: ['a', `b${i % 10}`] }
      );
    }
    const columns = table.serialise();
    const bytes =
      columns.digests.byteLength +
      columns.split.byteLength +
      columns.flags.byteLength +
      Object.values(columns.numbers).reduce((sum, column) => sum + column.byteLength, 0);
    expect(bytes).toBe(table.bytes);
    expect(bytes / table.count).toBeLessThan(80);
    expect(Object.values(columns.strings).flat().length).toBeLessThan(1300);
  });
});
