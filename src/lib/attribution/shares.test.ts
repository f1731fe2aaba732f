/** Shares that gaming does not move: other names, copies, rows that hurt, rows that are far out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttributedRows, Scores } from './scores';
import { quantile, sharesOf } from './shares';

/** One question's scores, or several; each row a group of its own unless said otherwise. */
function shares(
  values: readonly (readonly number[])[],
  contributors: readonly string[],
  groups = contributors.map((_, row) => row)
) {
  const scores: Scores = { queries: values.length, rows: contributors.length, values: values.flat() };
  return sharesOf(scores, { contributors, groups });
}

const shareOf = (list: ReturnType<typeof sharesOf>, name: string) =>
  list.filter(({ contributor }) => contributor.startsWith(name)).reduce((sum, { share }) => sum + share, 0);

interface Made extends AttributedRows {
  scores: Scores;
}

/** Rows of three contributors, some nearly the same, and what they did for a few questions. */
const made = fc
  .integer({ min: 1, max: 40 })
  .chain((rows) =>
    fc.record({
      contributors: fc.array(fc.constantFrom('ann', 'bob', 'cyd'), { minLength: rows, maxLength: rows }),
      groups: fc.array(fc.nat(rows), { minLength: rows, maxLength: rows }),
      values: fc.integer({ min: 1, max: 4 }).chain((queries) =>
        fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
          minLength: rows * queries,
          maxLength: rows * queries
        })
      )
    })
  )
  .map(({ contributors, groups, values }): Made => {
    const rows = contributors.length;
    return { contributors, groups, scores: { queries: values.length / rows, rows, values } };
  });

describe('shares', () => {
  it('are sums over rows and questions, in the order of the contributors', () => {
    const got = shares(
      [
        [1, 2, 0],
        [1, 0, 4]
      ],
      ['ann', 'bob', 'ann']
    );
    expect(got).toEqual([
      { contributor: 'ann', rows: 2, share: 0.75, helped: 6, hurt: 0, capped: 0 },
      { contributor: 'bob', rows: 1, share: 0.25, helped: 2, hurt: 0, capped: 0 }
    ]);
  });

  it('of rows that hurt are nothing, and shown', () => {
    const [ann, bob] = shares([[3, -2, 1]], ['ann', 'ann', 'bob']);
    expect([ann.share, ann.helped, ann.hurt]).toEqual([0.75, 3, -2]);
    expect(bob.share).toBe(0.25);
  });

  it('are all zero where nothing helped, rather than divided by zero', () => {
    expect(shares([[-1, 0]], ['ann', 'bob']).map(({ share }) => share)).toEqual([0, 0]);
  });

  it('are never negative and sum to 1', () => {
    fc.assert(
      fc.property(made, ({ scores, ...rows }) => {
        const got = sharesOf(scores, rows);
        const sum = got.reduce((total, { share }) => total + share, 0);
        expect(got.every(({ share }) => share >= 0)).toBe(true);
        expect(Math.abs(sum) < 1e-9 || Math.abs(sum - 1) < 1e-9).toBe(true);
      })
    );
  });
});

describe('gaming', () => {
  it('ten addresses earn together what one did', () => {
    fc.assert(
      fc.property(made, fc.infiniteStream(fc.nat(9)), ({ scores, contributors, groups }, address) => {
        const before = shareOf(sharesOf(scores, { contributors, groups }), 'ann');
        const split = contributors.map((name) => (name === 'ann' ? `ann ${address.next().value}` : name));
        expect(shareOf(sharesOf(scores, { contributors: split, groups }), 'ann')).toBeCloseTo(before, 12);
      })
    );
  });

  it("copying one's rows ten times gains less than a tenth, though copies are scored a little differently", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('ann', 'bob'), fc.double({ min: 0.5, max: 2, noNaN: true })), {
          minLength: 4,
          maxLength: 20
        }),
        fc.infiniteStream(fc.double({ min: 0.98, max: 1.02, noNaN: true })),
        (rows, noise) => {
          const names = rows.map(([name]) => name);
          const values = rows.map(([, value]) => value);
          const before = shareOf(shares([values], names), 'ann');
          const copied = rows.flatMap(([name, value], group) =>
            Array.from({ length: name === 'ann' ? 10 : 1 }, () => ({
              name,
              group,
              value: name === 'ann' ? value * noise.next().value : value
            }))
          );
          const after = shares(
            [copied.map(({ value }) => value)],
            copied.map(({ name }) => name),
            copied.map(({ group }) => group)
          );
          expect(shareOf(after, 'ann')).toBeLessThanOrEqual(1.1 * before);
        }
      )
    );
  });

  it("a copy of somebody else's row earns nothing", () => {
    const got = shares([[2, 2, 2, 2]], ['ann', 'bob', 'eve', 'eve'], [0, 1, 0, 1]);
    expect(got.map(({ contributor, share }) => [contributor, share])).toEqual([
      ['ann', 0.5],
      ['bob', 0.5],
      ['eve', 0]
    ]);
  });

  it('an outlier counts as the outer fence', () => {
    // Quartiles 2.25 and 4.75 of 1 to 5 and 1000: the fence is at 4.75 + 3 * 2.5.
    const got = shares([[1, 2, 3, 4, 5, 1000]], ['ann', 'ann', 'ann', 'ann', 'ann', 'eve']);
    expect(shareOf(got, 'eve')).toBeCloseTo(12.25 / (15 + 12.25), 12);
    expect(got.find(({ contributor }) => contributor === 'eve')?.capped).toBe(1);
  });
});

it('quantiles lie between neighbours', () => {
  expect([0, 0.25, 0.5, 1].map((at) => quantile([1, 2, 4, 8, 16], at))).toEqual([1, 2, 4, 16]);
  expect(quantile([1, 2], 0.75)).toBe(1.75);
  expect(quantile([7], 0.9)).toBe(7);
});
