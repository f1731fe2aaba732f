import { purposeKey, type Policy, type Use } from './policy';
import { momentWords, quoted, useWords } from './sentences';

/** What is known when somebody wants to use rows. */
export interface UseContext {
  /** Milliseconds since 1970. */
  now: number;
  /** What it is for, in the owner's words: one of the purposes that a policy names. */
  purpose?: string;
  /** Runs that this person has made already under this policy. */
  runs: number;
}

/** What somebody must do who uses the rows. */
export type Duty = 'attribution';

export type UseDecision = { allowed: true; duties: Duty[] } | { allowed: false; reason: string };

function isOneOf(purposes: readonly string[], purpose: string): boolean {
  const key = purposeKey(purpose);
  return purposes.some((each) => purposeKey(each) === key);
}

/**
 * Whether a policy allows a use now, and what it asks for in return. The reason of a refusal is half a sentence:
 * `training is forbidden`.
 */
export function decide(policy: Policy, use: Use, { now, purpose, runs }: UseContext): UseDecision {
  const rule = policy[use];
  const refuse = (reason: string): UseDecision => ({ allowed: false, reason });
  if (rule.rule === 'allowed') return { allowed: true, duties: [] };
  if (rule.rule === 'forbidden') return refuse(`${useWords(use)} is forbidden`);
  if (rule.expires !== undefined && !(now < Date.parse(rule.expires))) {
    return refuse(`${useWords(use)} was allowed until ${momentWords(rule.expires)} only`);
  }
  if (rule.purposes && (purpose === undefined || !isOneOf(rule.purposes, purpose))) {
    const named = rule.purposes.map(quoted).join(' or ') || 'no purpose';
    const given = purpose === undefined ? 'no purpose is given' : `the purpose here is ${quoted(purpose)}`;
    return refuse(`${useWords(use)} is allowed only for ${named}, and ${given}`);
  }
  if (rule.runs !== undefined && runs >= rule.runs) {
    const all = rule.runs === 1 ? 'the one run' : `all ${rule.runs.toLocaleString('en')} runs`;
    return refuse(`${all} that the rules allow one person ${rule.runs === 1 ? 'is' : 'are'} used up`);
  }
  return { allowed: true, duties: rule.attribution ? ['attribution'] : [] };
}
