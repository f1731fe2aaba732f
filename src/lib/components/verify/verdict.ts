import type { Check, VerifyReport } from '$lib/datanets/verify/verify';

export type Verdict = 'holds' | 'fails' | 'unknown' | 'unreadable';

/** What checks come to, of a whole file or of a claim within one. */
export function verdictOf({
  kind,
  checks
}: {
  kind?: VerifyReport['kind'];
  checks: readonly Check[];
}): Verdict {
  if (kind === 'unreadable') return 'unreadable';
  if (checks.some(({ state }) => state === 'fails')) return 'fails';
  return checks.some(({ state }) => state === 'unknown') ? 'unknown' : 'holds';
}
