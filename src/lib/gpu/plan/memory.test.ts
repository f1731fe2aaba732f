import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { assignSlots, lowerBoundBytes, type Interval } from './memory';
import { tensorBytes, transient } from './tensor';

const intervals = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(30), fc.nat(10)), { minLength: 1, maxLength: 40 })
  .map((list) =>
    list.map(([length, first, life], i): Interval => ({
      tensor: transient(`t${i}`, length),
      first,
      last: first + life
    }))
  );

test('tensors that are alive together never share a slot, and each has room in its own', () => {
  fc.assert(
    fc.property(intervals, (lives) => {
      const slots = assignSlots(lives);
      expect(slots.flatMap((s) => s.intervals)).toHaveLength(lives.length);
      for (const slot of slots) {
        for (const [i, a] of slot.intervals.entries()) {
          expect(tensorBytes(a.tensor)).toBeLessThanOrEqual(slot.bytes);
          for (const b of slot.intervals.slice(i + 1))
            expect(a.last < b.first || b.last < a.first).toBe(true);
        }
      }
    }),
    fuzz(100)
  );
});

test('the sum lies between what no placement can beat and no sharing at all', () => {
  fc.assert(
    fc.property(intervals, (lives) => {
      const total = assignSlots(lives).reduce((sum, s) => sum + s.bytes, 0);
      expect(total).toBeGreaterThanOrEqual(lowerBoundBytes(lives));
      expect(total).toBeLessThanOrEqual(lives.reduce((sum, l) => sum + tensorBytes(l.tensor), 0));
    }),
    fuzz(100)
  );
});

test('a chain, each tensor read by the next command only, needs two slots', () => {
  const chain = Array.from({ length: 50 }, (_, i): Interval => ({
    tensor: transient(`t${i}`, 100),
    first: i,
    last: i + 1
  }));
  expect(assignSlots(chain)).toHaveLength(2);
});
