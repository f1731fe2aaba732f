import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { jaccard, Shingler } from '../checks/near/shingles';
import { SPLITS } from '../datanet';
import { Random } from '../random';
import { DisjointSets } from './disjoint-sets';
import { groupRows } from './groups';
import { splitByShares, SplitSharesError } from './split';

const shares = (train: number, validation: number, test: number) => ({ train, validation, test });

const counts = (sides: Uint8Array) => SPLITS.map((_, side) => sides.filter((one) => one === side).length);

/** Families of rows: some edited again and again, so that the last is unlike the first and linked to it all the same. */
function families(seed: number, count: number): { text: string }[] {
  const random = new Random(seed, 88);
  const word = () =>
    Array.from({ length: 3 + random.below(5) }, () => String.fromCharCode(97 + random.below(26))).join('');
  const rows: { text: string }[] = [];
  while (rows.length < count) {
    const words = Array.from({ length: 40 }, word);
    for (let size = random.below(4) === 0 ? 1 + random.below(12) : 1; size > 0; size -= 1) {
      rows.push({ text: words.join(' ') });
      words[random.below(40)] = word();
    }
  }
  const order = random.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
  return Array.from(order, (i) => rows[i]);
}

describe('groups', () => {
  it('hold all that is alike, and what is alike to that', async () => {
    const base =
      'The mill stands by the river and was built of grey stone in the year of the great flood by two brothers';
    const rows = [
      'Something else entirely.',
      base,
      `${base} and a dog`,
      `${base} and a dog who could swim`,
      '',
      '',
      'Something else entirely!'
    ];
    expect(
      Array.from(
        await groupRows(
          rows.map((text) => ({ text })),
          { count: rows.length }
        )
      )
    ).toEqual([0, 1, 1, 1, 2, 3, 0]);
  });

  it('refuse more rows than announced, and stop when told', async () => {
    await expect(groupRows([{ text: 'a' }, { text: 'b' }], { count: 1 })).rejects.toThrow(RangeError);
    const reason = new Error('enough');
    await expect(groupRows([{ text: 'a' }], { count: 1, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason
    );
  });

  it('sets join as they are told, and no more', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 30 }), (pairs) => {
        const sets = new DisjointSets(20);
        const names = Array.from({ length: 20 }, (_, i) => i);
        for (const [a, b] of pairs) {
          sets.union(a, b);
          const [from, to] = [names[a], names[b]];
          names.forEach((name, i) => (names[i] = name === from ? to : name));
        }
        for (let a = 0; a < 20; a += 1) {
          for (let b = 0; b < 20; b += 1) expect(sets.find(a) === sets.find(b)).toBe(names[a] === names[b]);
        }
      }),
      fuzz(100)
    );
  });
});

describe('splits', () => {
  it('never put near duplicates on two sides', async () => {
    for (const seed of [1, 2, 3]) {
      const rows = families(seed, 400);
      const groups = await groupRows(rows, { count: rows.length });
      const sides = splitByShares(groups, shares(0.8, 0.1, 0.1), seed);
      const shingler = new Shingler();
      const sets = rows.map((row) => shingler.of(row));
      let near = 0;
      for (let a = 0; a < rows.length; a += 1) {
        for (let b = 0; b < a; b += 1) {
          if (jaccard(sets[a], sets[b]) < 0.8) continue;
          near += 1;
          expect([a, b, sides[a]]).toEqual([a, b, sides[b]]);
        }
      }
      expect(near).toBeGreaterThan(50);
    }
  });

  it('give each row one side, meet the shares as groups allow, and are the same for a seed', () => {
    const groupLists = fc.array(fc.nat(60), { minLength: 1, maxLength: 300 }).map((names) => {
      const numbers = new Map<number, number>();
      return Uint32Array.from(names, (name) => {
        if (!numbers.has(name)) numbers.set(name, numbers.size);
        return numbers.get(name)!;
      });
    });
    const someShares = fc
      .tuple(fc.nat(10), fc.nat(10), fc.nat(10))
      .filter((list) => list.some((share) => share > 0));
    fc.assert(
      fc.property(groupLists, someShares, fc.nat(), (groups, [train, validation, test], seed) => {
        const wanted = shares(train, validation, test);
        const sides = splitByShares(groups, wanted, seed);
        expect(sides).toEqual(splitByShares(groups, wanted, seed));
        expect(sides.length).toBe(groups.length);
        groups.forEach((group, i) => expect(sides[i]).toBe(sides[groups.indexOf(group)]));
        const sizes = [...new Set(groups)].map((group) => groups.filter((one) => one === group).length);
        const sum = train + validation + test;
        counts(sides).forEach((count, side) => {
          const share = wanted[SPLITS[side]];
          if (share === 0) expect(count).toBe(0);
          expect(count - (groups.length * share) / sum).toBeLessThanOrEqual(Math.max(...sizes));
        });
      }),
      fuzz(100)
    );
  });

  it('meet the shares of single rows exactly, and differ by seed', () => {
    const single = Uint32Array.from({ length: 1000 }, (_, i) => i);
    const sides = splitByShares(single, shares(0.8, 0.1, 0.1), 1);
    expect(counts(sides)).toEqual([800, 100, 100]);
    expect(counts(splitByShares(single, shares(90, 10, 0), 1))).toEqual([900, 100, 0]);
    expect(splitByShares(single, shares(0.8, 0.1, 0.1), 2)).not.toEqual(sides);
    expect(splitByShares(new Uint32Array(0), shares(1, 0, 0), 1)).toHaveLength(0);
  });

  it.each([shares(0, 0, 0), shares(-1, 1, 1), shares(NaN, 1, 1), shares(Infinity, 1, 1)])(
    'refuse %j',
    (bad) => {
      expect(() => splitByShares(new Uint32Array(4), bad, 1)).toThrow(SplitSharesError);
    }
  );
});
