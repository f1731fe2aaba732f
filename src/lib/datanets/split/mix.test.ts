import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { mixCounts, mixEpoch, MixError, type MixSource } from './mix';

const sources = fc
  .array(fc.record({ rows: fc.integer({ min: 1, max: 40 }), weight: fc.integer({ min: 0, max: 9 }) }), {
    minLength: 1,
    maxLength: 5
  })
  .filter((list) => list.some(({ weight }) => weight > 0));

/** Rows drawn of one source, in the order of the mixture. */
const drawn = (mixed: ReturnType<typeof mixEpoch>, source: number) =>
  Array.from(mixed.rows).filter((_, i) => mixed.sources[i] === source);

describe('mixtures', () => {
  it('take by weight: the documented formula', () => {
    const list: MixSource[] = [
      { rows: 100, weight: 3 },
      { rows: 50, weight: 1 }
    ];
    // The most that repeats nothing: min(100 · 4/3, 50 · 4/1) = 133.
    expect(mixCounts(list)).toEqual([100, 33]);
    expect(mixCounts(list, 10)).toEqual([8, 2]);
    expect(mixCounts(list, 11)).toEqual([8, 3]);
    expect(mixCounts([...list, { rows: 7, weight: 0 }], 8)).toEqual([6, 2, 0]);
  });

  it('hold exactly as many of each as counted, each place filled once, and are the same for a seed', () => {
    fc.assert(
      fc.property(
        sources,
        fc.integer({ min: 1, max: 120 }),
        fc.nat(5),
        fc.nat(),
        (list, size, epoch, seed) => {
          const mixed = mixEpoch(list, { seed, epoch, size });
          const counts = mixCounts(list, size);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(size);
          const total = list.reduce((sum, { weight }) => sum + weight, 0);
          list.forEach(({ rows, weight }, source) => {
            const of = drawn(mixed, source);
            expect(of).toHaveLength(counts[source]);
            expect(Math.abs(counts[source] - (size * weight) / total)).toBeLessThan(1);
            expect(of.every((row) => row < rows)).toBe(true);
          });
          expect(mixEpoch(list, { seed, epoch, size })).toEqual(mixed);
        }
      ),
      fuzz(100)
    );
  });

  it('use each row of a source once before any again, over the ends of epochs', () => {
    fc.assert(
      fc.property(sources, fc.integer({ min: 1, max: 60 }), fc.nat(), (list, size, seed) => {
        const epochs = Array.from({ length: 6 }, (_, epoch) => mixEpoch(list, { seed, epoch, size }));
        list.forEach(({ rows }, source) => {
          const used = new Uint32Array(rows);
          for (const epoch of epochs) {
            for (const row of drawn(epoch, source)) used[row] += 1;
          }
          expect(Math.max(...used) - Math.min(...used)).toBeLessThanOrEqual(1);
        });
      }),
      fuzz(100)
    );
  });

  it('repeat nothing where no size is asked for, and differ by epoch', () => {
    const list: MixSource[] = [
      { rows: 60, weight: 0.7 },
      { rows: 60, weight: 0.3 }
    ];
    const first = mixEpoch(list, { seed: 1, epoch: 0 });
    expect(new Set(drawn(first, 0)).size).toBe(drawn(first, 0).length);
    expect(new Set(drawn(first, 1)).size).toBe(drawn(first, 1).length);
    expect(mixEpoch(list, { seed: 1, epoch: 1 })).not.toEqual(first);
    expect(mixEpoch(list, { seed: 2, epoch: 0 })).not.toEqual(first);
  });

  it.each<[string, MixSource[], number | undefined]>([
    ['no weight', [{ rows: 5, weight: 0 }], undefined],
    [
      'a negative weight',
      [
        { rows: 5, weight: -1 },
        { rows: 5, weight: 2 }
      ],
      undefined
    ],
    [
      'an empty Datanet with weight',
      [
        { rows: 0, weight: 1 },
        { rows: 5, weight: 1 }
      ],
      undefined
    ],
    ['nothing', [], undefined],
    ['no rows', [{ rows: 5, weight: 1 }], 0],
    ['half a row', [{ rows: 5, weight: 1 }], 1.5]
  ])('refuse %s', (_, list, size) => {
    expect(() => mixEpoch(list, { seed: 1, epoch: 0, size })).toThrow(MixError);
  });
});
