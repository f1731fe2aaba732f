import type { DatanetUse, Exchange } from '$lib/workers/datanets/protocol';

export interface WithdrawnRows {
  /** Whose contribution was taken back. */
  name: string;
  rows: number;
}

/** Rows that a run used and that were taken back, by contribution. */
export function withdrawnRows(use: DatanetUse, proposals: Exchange['proposals']): WithdrawnRows[] {
  return proposals.flatMap(({ contribution, statement, withdrawn }) => {
    const rows = use.contributions[contribution] ?? 0;
    return withdrawn && rows > 0 ? [{ name: statement.by.name || 'somebody without a name', rows }] : [];
  });
}
