import { describe, expect, it } from 'vitest';
import type { EncodedRow } from '../datanets/encode';
import { histogram, summariseRows } from './row-statistics';

function row(length: number, trained: number, truncated = 0): EncodedRow {
  return {
    tokens: new Uint32Array(length),
    trained: new Uint8Array(length).fill(1, length - trained),
    truncated,
    starts: [],
    warnings: []
  };
}

describe('statistics of rows', () => {
  it('counts what is trained on and what is left out', () => {
    const statistics = summariseRows(
      [row(10, 4), row(8, 0, 5), undefined, row(30, 12)],
      [{ row: 2, reason: 'two questions in a row' }]
    );
    expect(statistics).toMatchObject({
      rows: 4,
      tokens: 48,
      trainedTokens: 16,
      longest: 30,
      median: 13,
      cutRows: 1,
      cutTokens: 5,
      emptyRows: 1,
      refusedRows: 1,
      firstRefusal: 'two questions in a row'
    });
  });

  it('has a longest row that is no shorter than the median one, where rows are cut, too', () => {
    // Three rows of 90 tokens, cut to 40.
    const { longest, longestWhole, median } = summariseRows(
      [row(40, 4, 50), row(40, 4, 50), row(40, 4, 50)],
      []
    );
    expect({ longest, longestWhole, median }).toEqual({ longest: 40, longestWhole: 90, median: 90 });
  });

  it('puts every row into one bar of a round width', () => {
    expect(histogram([])).toEqual({ edges: [1], counts: [0] });
    expect(histogram([3, 5, 5])).toEqual({ edges: [1, 2, 3, 4, 5], counts: [0, 0, 1, 0, 2] });
    const { edges, counts } = histogram([0, 1, 99, 240, 241]);
    expect(edges[0]).toBe(20);
    expect(edges.length).toBeLessThanOrEqual(24);
    expect(edges.at(-1)).toBeGreaterThanOrEqual(241);
    expect(counts.reduce((a, b) => a + b)).toBe(5);
    expect(counts[0]).toBe(2);
  });
});
