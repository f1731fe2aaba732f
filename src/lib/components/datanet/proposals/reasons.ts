/** Rows per reason, the most frequent first: owners give the same one to many rows. */
export function countReasons(rejected: readonly { reason: string }[]): { reason: string; rows: number }[] {
  const counts = new Map<string, number>();
  for (const { reason } of rejected) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Array.from(counts, ([reason, rows]) => ({ reason, rows })).sort((a, b) => b.rows - a.rows);
}
