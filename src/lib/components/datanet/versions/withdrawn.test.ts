import { describe, expect, it } from 'vitest';
import type { DatanetUse, Proposal } from '$lib/workers/datanets/protocol';
import { withdrawnRows } from './withdrawn';

describe('what a run used of contributions that were taken back', () => {
  it('names whose rows they are, and leaves out what still stands', () => {
    const use = { contributions: { a: 3, b: 5, '': 7 } as Record<string, number> } as DatanetUse;
    const proposal = (contribution: string, name: string, withdrawn: boolean) =>
      ({ contribution, statement: { by: { name } }, ...(withdrawn && { withdrawn: {} }) }) as Proposal;
    expect(
      withdrawnRows(use, [
        proposal('a', 'Ada', true),
        proposal('b', 'Ben', false),
        proposal('c', 'Cleo', true)
      ])
    ).toEqual([{ name: 'Ada', rows: 3 }]);
  });
});
