import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../../tests/support/fuzz';
import { listWindow, scrollTopFor } from './window';

describe('the window of a long list', () => {
  it('draws what is seen and a little more', () => {
    expect(listWindow(100_000, 80, 800, 8000, 2)).toEqual({
      height: 8_000_000,
      first: 98,
      end: 112,
      offset: 7840
    });
    expect(listWindow(3, 80, 800, 0, 2)).toMatchObject({ first: 0, end: 3, height: 240 });
    expect(listWindow(0, 80, 800, 0)).toMatchObject({ first: 0, end: 0, height: 0 });
  });

  it('covers the view at every place of lists of any length, and the last row can be reached', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (total, share) => {
          const view = 700;
          const rowHeight = 84;
          const { height } = listWindow(total, rowHeight, view, 0);
          const scrollTop = share * Math.max(0, height - view);
          const { first, end, offset } = listWindow(total, rowHeight, view, scrollTop);
          expect(end - first).toBeLessThan(30);
          if (first > 0) expect(offset).toBeLessThanOrEqual(scrollTop + 1e-3);
          if (end < total)
            expect(offset + (end - first) * rowHeight).toBeGreaterThanOrEqual(scrollTop + view - 1e-3);
          if (share === 1) expect(end).toBe(total);
        }
      ),
      fuzz(100)
    );
  });

  it('scrolls to a row so that it is seen, and not at all where it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000_000 }),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (total, any, share) => {
          const row = any % total;
          const [rowHeight, view] = [84, 700];
          const { height } = listWindow(total, rowHeight, view, 0);
          const target = scrollTopFor(row, total, rowHeight, view, share * Math.max(0, height - view));
          const { first, end } = listWindow(total, rowHeight, view, target, 0);
          expect(first).toBeLessThanOrEqual(row);
          expect(end).toBeGreaterThan(row);
        }
      ),
      fuzz(100)
    );
    expect(scrollTopFor(5, 1000, 80, 800, 100)).toBe(100);
  });
});
