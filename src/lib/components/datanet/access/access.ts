import { stricterPolicy } from '$lib/datanets/policy/combine';
import { USES, type Conditions, type Policy, type Use } from '$lib/datanets/policy/policy';
import type { Exchange } from '$lib/workers/datanets/protocol';

export type Request = Exchange['requests'][number];
export type Grant = Exchange['grants'][number];

/** Why a grant does not hold any more; undefined where it does. `now` is in milliseconds since 1970. */
export function grantEnd(grant: Grant, now = Date.now()): 'revoked' | 'expired' | undefined {
  if (grant.revoked) return 'revoked';
  const { expires } = grant.statement.conditions;
  // What cannot be read as a moment is over, as it is for the trainer.
  return expires !== undefined && !(now < Date.parse(expires)) ? 'expired' : undefined;
}

/** Requests that the owner has not answered, the oldest first: they have waited longest. */
export function waitingRequests(requests: readonly Request[]): Request[] {
  return requests
    .filter(({ answer }) => !answer)
    .sort((a, b) => a.statement.created.localeCompare(b.statement.created, 'en'));
}

/** Uses that a policy lets be granted at all. */
export function grantableUses(policy: Policy): Use[] {
  return USES.filter((use) => policy[use].rule !== 'forbidden');
}

/** Purposes that the rules name for some uses: what somebody who asks can choose from. */
export function listPurposes(policy: Policy, uses: readonly Use[]): string[] {
  const purposes = uses.flatMap((use) => {
    const rule = policy[use];
    return rule.rule === 'conditions' ? (rule.purposes ?? []) : [];
  });
  return [...new Set(purposes)];
}

/**
 * The conditions that the policy has for some uses together: what a grant of them begins with. Undefined where the
 * uses have no common ground, such as purposes that exclude each other.
 */
export function commonConditions(policy: Policy, uses: readonly Use[]): Conditions | undefined {
  // Each use in the place of one, so that the rules of different uses can be combined.
  const rules = uses.map((use) => everywhere(policy, use));
  const rule = rules.reduce(stricterPolicy, allowed).training;
  if (rule.rule === 'forbidden') return undefined;
  if (rule.rule === 'allowed') return {};
  const { rule: _, ...conditions } = rule;
  return conditions;
}

const allowed = everywhere({ training: { rule: 'allowed' } }, 'training');

function everywhere(policy: Partial<Policy>, use: Use): Policy {
  const rule = policy[use] ?? { rule: 'allowed' };
  return Object.fromEntries(USES.map((each) => [each, rule])) as Policy;
}
