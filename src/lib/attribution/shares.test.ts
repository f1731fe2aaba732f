/** Shares that gaming does not move: other names, copies, rows that hurt, rows that are far out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import type { AttributedRows, Scores } from './scores';
import { creditsOf, PAID_GROUPS, quantile, sharesOf } from './shares';

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
  it('are sums over rows and questions of what is above the bar, in the order of the contributors', () => {
    const got = shares(
      [
        [4, 3, 0],
        [1, 0, 4]
      ],
      ['ann', 'bob', 'ann']
    );
    // Half of the best is the bar: 2 + 1 of the first question, 2 of the second.
    expect(got).toEqual([
      { contributor: 'ann', rows: 2, share: 0.8, helped: 9, hurt: 0, capped: 0 },
      { contributor: 'bob', rows: 1, share: 0.2, helped: 3, hurt: 0, capped: 0 }
    ]);
  });

  it('of rows that hurt are nothing, and shown', () => {
    const [ann, bob] = shares([[4, -2, 3]], ['ann', 'ann', 'bob']);
    expect([ann.share, ann.helped, ann.hurt]).toEqual([expect.closeTo(2 / 3, 12), 4, -2]);
    expect(bob.share).toBeCloseTo(1 / 3, 12);
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
      }),
      fuzz(100)
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
      }),
      fuzz(100)
    );
  });

  /** Each question has somebody who teaches its answer: their rows help it much, those of others little. */
  const taught = fc
    .record({
      people: fc.integer({ min: 3, max: 6 }),
      rowsEach: fc.integer({ min: 2, max: 8 }),
      much: fc.infiniteStream(fc.double({ min: 0.6, max: 1, noNaN: true })),
      little: fc.infiniteStream(fc.double({ min: -0.2, max: 0.2, noNaN: true }))
    })
    .map(({ people, rowsEach, much, little }) => {
      const contributors = Array.from({ length: people * rowsEach }, (_, row) => `p${row % people}`);
      const values = Array.from({ length: 4 * people }, (_, query) =>
        contributors.map((name) => (name === `p${query % people}` ? much : little).next().value)
      );
      return { contributors, values };
    });

  it("copying one's rows ten times gains less than a tenth, though copies are scored a little differently", () => {
    const noise = fc.infiniteStream(fc.double({ min: 0.99, max: 1.01, noNaN: true }));
    fc.assert(
      fc.property(taught, noise, ({ contributors, values }, noise) => {
        const before = shareOf(shares(values, contributors), 'p0');
        const times = contributors.map((name) => (name === 'p0' ? 10 : 1));
        const copied = <T>(list: readonly T[], change = (value: T) => value) =>
          list.flatMap((value, row) =>
            Array.from({ length: times[row] }, () => (times[row] > 1 ? change(value) : value))
          );
        const after = shares(
          values.map((asked) => copied(asked, (value) => value * noise.next().value)),
          copied(contributors),
          copied(contributors.map((_, row) => row))
        );
        expect(shareOf(after, 'p0')).toBeLessThanOrEqual(1.1 * before);
      }),
      fuzz(100)
    );
  });

  it('any number of rows that help everything a little gains nothing where rows are taught from', () => {
    const filler = fc.array(fc.double({ min: 0, max: 0.1, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(taught, filler, ({ contributors, values }, filler) => {
        // Six rows that teach each answer: as many as a question compares.
        const rows = [...contributors, ...contributors, ...contributors];
        const asked = values.map((row) => [...row, ...row, ...row]);
        const after = shares(
          asked.map((row) => [...row, ...filler]),
          [...rows, ...filler.map(() => 'eve')]
        );
        expect(shareOf(after, 'eve')).toBe(0);
      }),
      fuzz(100)
    );
  });

  it('a copy changes nothing for who was first, however it is scored', () => {
    const names = ['ann', 'bob', 'eve'];
    for (const copy of [-9, 0, 0.5, 9]) {
      const got = shares([[4, 3, copy]], names, [0, 1, 0]);
      expect(got.map(({ share }) => share)).toEqual([2 / 3, 1 / 3, 0]);
    }
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
    // One question for each row. Quartiles 2.25 and 4.75 of 1 to 5 and 1000: the fence is at 4.75 + 3 * 2.5.
    const values = [1, 2, 3, 4, 5, 1000].map((value, at, all) =>
      all.map((_, row) => (row === at ? value : 0))
    );
    const got = shares(values, ['ann', 'ann', 'ann', 'ann', 'ann', 'eve']);
    expect(shareOf(got, 'eve')).toBeCloseTo(12.25 / (15 + 12.25), 12);
    expect(got.find(({ contributor }) => contributor === 'eve')?.capped).toBe(1);
  });

  it('a question pays what is more than the best that it does not pay', () => {
    const values = [19, 18, 17, 16, 15, 14, 3];
    const groups = values.map((_, row) => row);
    expect(creditsOf({ queries: 1, rows: 7, values }, groups)).toEqual([
      { rows: [0, 1, 2, 3, 4], amounts: [5, 4, 3, 2, 1] }
    ]);
    expect(PAID_GROUPS).toBe(5);
    // Where all help alike, nobody taught it.
    const alike = { queries: 1, rows: 7, values: values.map(() => 1) };
    expect(creditsOf(alike, groups)).toEqual([{ rows: [], amounts: [] }]);
  });

  it('a question pays nobody who did less than half of what the best did', () => {
    expect(creditsOf({ queries: 1, rows: 3, values: [8, 6, 4] }, [0, 1, 2])).toEqual([
      { rows: [0, 1], amounts: [4, 2] }
    ]);
  });
});

it('quantiles lie between neighbours', () => {
  expect([0, 0.25, 0.5, 1].map((at) => quantile([1, 2, 4, 8, 16], at))).toEqual([1, 2, 4, 16]);
  expect(quantile([1, 2], 0.75)).toBe(1.75);
  expect(quantile([7], 0.9)).toBe(7);
});
