/** What says how far scores can be trusted: ranks, areas, agreement, datamodeling scores, baselines, intervals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { Random } from '../../datanets/random';
import { agreement } from './agreement';
import { rocAuc } from './auc';
import { randomScores, textSimilarity } from './baselines';
import { bootstrapShares } from './bootstrap';
import { linearDatamodelingScore } from './lds';
import { ranksOf, spearman } from './ranks';
import { recoveryOf } from './recovery';
import type { Scores } from '../scores';
import { sharesOf } from '../shares';

const numbers = (min = 2) => fc.array(fc.integer({ min: -5, max: 5 }), { minLength: min, maxLength: 30 });

describe('ranks', () => {
  it('of ties are the mean of theirs', () => {
    expect([...ranksOf([10, 20, 10, 5, 20, 20])]).toEqual([2.5, 5, 2.5, 1, 5, 5]);
  });

  it('correlate as known', () => {
    // scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])
    expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12);
    expect(spearman([1, 2, 3], [9, 4, 1])).toBeCloseTo(-1, 12);
    expect(spearman([1, 2, 3], [4, 4, 4])).toBe(0);
  });
});

describe('area under the ROC curve', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    fc.assert(
      fc.property(numbers(), fc.infiniteStream(fc.boolean()), (scores, coin) => {
        const positive = scores.map(() => coin.next().value as boolean);
        let [won, pairs] = [0, 0];
        for (const [i, a] of scores.entries()) {
          for (const [j, b] of scores.entries()) {
            if (!positive[i] || positive[j]) continue;
            pairs += 1;
            won += a > b ? 1 : a === b ? 0.5 : 0;
          }
        }
        const got = rocAuc(scores, positive);
        if (pairs === 0) expect(got).toBeNaN();
        else expect(got).toBeCloseTo(won / pairs, 12);
      }),
      fuzz(100)
    );
  });
});

it('estimators agree with themselves, and not with their opposites', () => {
  const scores = randomScores(3, 20, 1);
  const opposite = { ...scores, values: Array.from(scores.values, (x) => -x) };
  expect(agreement(scores, scores)).toBeCloseTo(1, 12);
  expect(agreement(scores, opposite)).toBeCloseTo(-1, 12);
});

describe('recovery', () => {
  const rows = ['ann', 'bob', 'bob', 'cyd'];
  it('is whole where the right rows come first, and says for which question they do not', () => {
    const right = { queries: 2, rows: 4, values: [9, 0, 1, 2, 0, 8, 7, 1] };
    expect(recoveryOf(right, rows, ['ann', 'bob'])).toEqual({ rows: 1, labels: 1, first: 1 });
    const wrong = { queries: 2, rows: 4, values: [9, 0, 1, 2, 8, 1, 0, 9] };
    expect(recoveryOf(wrong, rows, ['ann', 'bob'])).toEqual({ rows: 0.5, labels: 0.5, first: 0.5 });
  });

  it('does not count a draw as found, nor questions about somebody without rows', () => {
    const flat = { queries: 2, rows: 4, values: [0, 0, 0, 0, 9, 9, 9, 9] };
    expect(recoveryOf(flat, rows, ['ann', 'dot'])).toEqual({ rows: 0.5, labels: 0.5, first: 0 });
  });
});

describe('linear datamodeling score', () => {
  const rows = 12;
  const effect = randomScores(2, rows, 5);
  const random = new Random(3);
  const models = Array.from({ length: 30 }, () => {
    const kept = Array.from({ length: rows }, (_, row) => row).filter(() => random.below(2) === 1);
    const outputs = [0, 1].map((query) =>
      kept.reduce((sum, row) => sum + effect.values[query * rows + row], 0)
    );
    return { rows: kept, outputs };
  });

  it('is 1 for the scores that models follow, and little for others', () => {
    expect(linearDatamodelingScore(effect, models)).toBeCloseTo(1, 12);
    expect(Math.abs(linearDatamodelingScore(randomScores(2, rows, 6), models))).toBeLessThan(0.5);
  });
});

it('text similarity puts like texts first', async () => {
  const row = (question: string) => ({ messages: [{ role: 'user', content: question }] });
  const { values } = await textSimilarity(
    [row('who keeps the light at the harbour')],
    [row('what burns in the lamp of the tower'), row('who keeps the light at the pier')]
  );
  expect(values[0]).toBe(0);
  expect(values[1]).toBeGreaterThan(0.5);
});

describe('bootstrap', () => {
  const contributors = Array.from({ length: 12 }, (_, row) => ['ann', 'bob', 'cyd'][row % 3]);
  const attributed = { contributors, groups: contributors.map((_, row) => row) };
  const sumOf = (moments: readonly Scores[]): Scores => ({
    ...moments[0],
    values: Array.from(moments[0].values, (_, i) => moments.reduce((sum, { values }) => sum + values[i], 0))
  });

  it('draws the same for the same seed, and intervals hold the share', async () => {
    const moments = [1, 2, 3].map((seed) => randomScores(40, 12, seed));
    const made = await bootstrapShares(moments, attributed, { seed: 7, samples: 300 });
    expect(await bootstrapShares(moments, attributed, { seed: 7, samples: 300 })).toEqual(made);
    for (const { contributor, share } of sharesOf(sumOf(moments), attributed)) {
      const { low, high } = made.find((each) => each.contributor === contributor)!;
      expect(low).toBeLessThan(high);
      expect(share).toBeGreaterThanOrEqual(low);
      expect(share).toBeLessThanOrEqual(high);
    }
  });

  it('has no width where nothing depends on what is drawn', async () => {
    const same = { queries: 5, rows: 12, values: Array.from({ length: 60 }, (_, i) => (i % 12) + 1) };
    const shares = sharesOf(same, attributed);
    for (const { contributor, low, high } of await bootstrapShares([same, same], attributed, {
      seed: 1,
      samples: 50
    })) {
      const { share } = shares.find((each) => each.contributor === contributor)!;
      expect([low, high]).toEqual([expect.closeTo(share, 12), expect.closeTo(share, 12)]);
    }
  });

  it('over rows says how far a share hangs on one of them', async () => {
    // Every row did the same for every question: nothing hangs on questions or moments.
    const rows = {
      contributors: ['ann', 'bob', 'bob', 'bob'],
      groups: [0, 1, 2, 3]
    };
    const same = { queries: 3, rows: 4, values: Array.from({ length: 12 }, () => 1) };
    const narrow = await bootstrapShares([same], rows, { seed: 1, samples: 200 });
    expect(narrow[0].low).toBeCloseTo(narrow[0].high, 12);
    const [ann, bob] = await bootstrapShares([same], rows, { seed: 1, samples: 200, drawRows: true });
    // In a third of the draws her row is not drawn at all.
    expect([ann.low, bob.high]).toEqual([0, 1]);
    // Rows that are nearly the same are one row.
    const copied = { ...rows, groups: rows.contributors.map(() => 0) };
    const [one] = await bootstrapShares([same], copied, { seed: 1, samples: 50, drawRows: true });
    expect([one.low, one.high]).toEqual([1, 1]);
  });

  it('ends when it is stopped', async () => {
    const moments = [randomScores(40, 12, 1)];
    const reason = new Error('stopped');
    const running = bootstrapShares(moments, attributed, { seed: 1, signal: AbortSignal.abort(reason) });
    await expect(running).rejects.toBe(reason);
  });
});
