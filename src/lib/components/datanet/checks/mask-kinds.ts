import type { Finding } from '$lib/datanets/checks/finding';

/** What a finding is of, for people to choose by. */
export function kindOf({ kind, check }: Finding): string {
  return kind ?? check;
}

/** How many findings there are of each kind, most first. */
export function countKinds(findings: readonly Finding[]): { kind: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const finding of findings) counts.set(kindOf(finding), (counts.get(kindOf(finding)) ?? 0) + 1);
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count);
}

/** The first of each name, in order. */
export function uniqueBy<T>(items: readonly T[], name: (item: T) => string): T[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(name(item)) && seen.add(name(item)));
}
