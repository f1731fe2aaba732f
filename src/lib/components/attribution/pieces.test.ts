import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { piecesOf } from './pieces';

describe('text with marks', () => {
  it('is cut where marks begin and end, also where they overlap', () => {
    expect(
      piecesOf('the lamp burns clove oil', [
        { start: 4, end: 14 },
        { start: 9, end: 20 }
      ])
    ).toEqual([
      { text: 'the ', start: 0, marks: [] },
      { text: 'lamp ', start: 4, marks: [0] },
      { text: 'burns', start: 9, marks: [0, 1] },
      { text: ' clove', start: 14, marks: [1] },
      { text: ' oil', start: 20, marks: [] }
    ]);
    expect(piecesOf('', [{ start: 0, end: 4 }])).toEqual([]);
  });

  it('comes back whole, each character under the marks that cover it, whatever the marks', () => {
    const mark = fc.record({
      start: fc.integer({ min: -3, max: 30 }),
      end: fc.integer({ min: -3, max: 30 })
    });
    fc.assert(
      fc.property(fc.string({ maxLength: 24 }), fc.array(mark, { maxLength: 6 }), (text, marks) => {
        const pieces = piecesOf(text, marks);
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
        for (const piece of pieces)
          for (let at = piece.start; at < piece.start + piece.text.length; at += 1)
            expect(piece.marks).toEqual(
              marks.flatMap(({ start, end }, i) => (start <= at && at < end ? [i] : []))
            );
      }),
      fuzz(100)
    );
  });
});
