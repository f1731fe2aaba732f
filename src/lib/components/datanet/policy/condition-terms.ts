import { lastDayWords } from '$lib/components/datanet/sign/dates';
import { plural } from '$lib/components/format';
import type { Conditions } from '$lib/datanets/policy/policy';
import { quoted } from '$lib/datanets/policy/sentences';

/** Conditions in one line, for lists: `only for “research”, through 30 Jun 2027, at most 3 runs`. */
export function conditionTerms({ purposes, expires, runs, attribution }: Conditions): string {
  const terms = [
    purposes && `only for ${purposes.map(quoted).join(' or ') || 'no purpose at all'}`,
    expires !== undefined && `through ${lastDayWords(expires)}`,
    runs !== undefined && `at most ${plural(runs, 'run')}`,
    attribution && 'with the contributors named'
  ].filter(Boolean);
  return terms.join(', ') || 'without conditions';
}
