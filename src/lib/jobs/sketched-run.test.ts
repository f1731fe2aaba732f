import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { widthFor } from './sketched-run';

const starter = { layers: 5, hidden: 192, moments: 3 };
const smol = { layers: 30, hidden: 576, moments: 3 };

it('sketches are as wide as fits into tens of megabytes, for thousands of rows', () => {
  expect(widthFor({ ...starter, rows: 264 })).toBe(512);
  expect(widthFor({ ...starter, rows: 1000 })).toBe(512);
  expect(widthFor({ ...smol, rows: 1000 })).toBe(128);
  expect(widthFor({ ...smol, rows: 5000 })).toBe(16);
});

it('more rows, layers or moments never make them wider, and the width is a power of two', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 20_000 }),
    layers: fc.integer({ min: 1, max: 80 }),
    hidden: fc.integer({ min: 8, max: 8192 }),
    moments: fc.integer({ min: 1, max: 20 })
  });
  fc.assert(
    fc.property(shape, fc.constantFrom('rows', 'layers', 'moments'), (of, more) => {
      const width = widthFor(of);
      expect(Number.isInteger(Math.log2(width))).toBe(true);
      expect(widthFor({ ...of, [more]: 2 * of[more] })).toBeLessThanOrEqual(width);
    }),
    fuzz(100)
  );
});
