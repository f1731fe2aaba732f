import type { ContributionEntry } from '../datanet';
import type { AccessGrant, Version } from '../trust/statements';
import { grantPolicy } from './combine';
import { decide, type UseDecision } from './decide';
import type { Policy, Use } from './policy';

/** What the trainer has to know of a version, beside the rows. */
export interface PermitVersion {
  root: string;
  policy: Policy;
  contributions: readonly ContributionEntry[];
  /** Whoever it is that published it needs no grant. */
  owner: string;
  permissioned: boolean;
}

/** A version as its rules are asked. */
export function permitVersion({ rows, policy, contributions, by, permissioned }: Version): PermitVersion {
  return { root: rows.root, policy, contributions, owner: by.id, permissioned };
}

export interface PermitContext {
  use: Use;
  /** Milliseconds since 1970. */
  now: number;
  purpose?: string;
  /** `did:key` of who wants to use the rows. */
  person: string;
  /** What the owner granted this person for this version. */
  grant?: { statement: AccessGrant; revoked: boolean };
  /** Contributions (CIDs) that were taken back. */
  withdrawn: ReadonlySet<string>;
  /** Runs that this person has made: with rows of this version, under this grant, with rows of each contribution (CID). */
  runs: { version: number; grant: number; contributions: ReadonlyMap<string, number> };
}

/** Of a row, what decides. */
export interface PermitRow {
  contributor: string;
  contribution?: string;
}

export interface Refused {
  /** A sentence. */
  reason: string;
  rows: number;
  /** Whose rows they are, each once. */
  contributors: string[];
}

export interface Permitted {
  /** Positions of the rows that may be used, ascending. */
  allowed: Uint32Array;
  /** Why the others may not, the reason with the most rows first. */
  refused: Refused[];
  duties: {
    /** Contributors who must be named where results are shown. */
    attribution: string[];
  };
}

/**
 * Which rows of a version may be used, by its policy, by the rules of the contribution that each came with, by the
 * grant, and by what was withdrawn. Each contribution is decided once, so a hundred thousand rows take milliseconds.
 */
export function permitRows(
  version: PermitVersion,
  context: PermitContext,
  rows: readonly PermitRow[]
): Permitted {
  const whole = decideVersion(version, context);
  const entries = new Map(version.contributions.map((entry) => [entry.id, entry]));
  const verdicts = new Map<string | undefined, UseDecision>();
  const verdictOf = (contribution: string | undefined): UseDecision => {
    let verdict = verdicts.get(contribution);
    if (!verdict) {
      verdict = decideContribution(contribution, entries, context, whole);
      verdicts.set(contribution, verdict);
    }
    return verdict;
  };

  const allowed = new Uint32Array(rows.length);
  const refused = new Map<string, { rows: number; contributors: Set<string> }>();
  const named = new Set<string>();
  let count = 0;
  rows.forEach(({ contributor, contribution }, position) => {
    const verdict = verdictOf(contribution);
    if (verdict.allowed) {
      allowed[count] = position;
      count += 1;
      if (verdict.duties.includes('attribution')) named.add(contributor);
      return;
    }
    const group = refused.get(verdict.reason) ?? { rows: 0, contributors: new Set() };
    group.rows += 1;
    group.contributors.add(contributor);
    refused.set(verdict.reason, group);
  });
  return {
    allowed: allowed.slice(0, count),
    refused: Array.from(refused, ([reason, group]) => ({
      reason,
      rows: group.rows,
      contributors: [...group.contributors]
    })).sort((a, b) => b.rows - a.rows),
    duties: { attribution: [...named] }
  };
}

/** What holds for all rows alike: the version's policy, and the grant where one is needed. */
export function decideVersion(version: PermitVersion, context: PermitContext): UseDecision {
  const { now, purpose, runs } = context;
  const byPolicy = decide(version.policy, context.use, { now, purpose, runs: runs.version });
  if (!byPolicy.allowed) return refusal('By the rules of the Datanet', byPolicy.reason);
  if (!version.permissioned || version.owner === context.person) return byPolicy;
  const { grant } = context;
  if (!grant)
    return { allowed: false, reason: 'This version needs a grant of its owner, and there is none.' };
  const { statement, revoked } = grant;
  if (
    statement.to.id !== context.person ||
    statement.root !== version.root ||
    statement.by.id !== version.owner
  ) {
    return { allowed: false, reason: 'The grant is for another person or another version.' };
  }
  if (revoked) return { allowed: false, reason: 'The owner revoked the grant.' };
  const byGrant = decide(grantPolicy(statement.uses, statement.conditions), context.use, {
    now,
    purpose,
    runs: runs.grant
  });
  if (!byGrant.allowed) return refusal('By the grant', byGrant.reason);
  return { allowed: true, duties: [...new Set([...byPolicy.duties, ...byGrant.duties])] };
}

function decideContribution(
  contribution: string | undefined,
  entries: ReadonlyMap<string, ContributionEntry>,
  context: PermitContext,
  whole: UseDecision
): UseDecision {
  // A withdrawal counts whatever else does, and is what people look for first.
  if (contribution !== undefined && context.withdrawn.has(contribution)) {
    return { allowed: false, reason: 'The contributor has taken the contribution back.' };
  }
  if (!whole.allowed || contribution === undefined) return whole;
  const entry = entries.get(contribution);
  if (!entry) return { allowed: false, reason: 'The contribution is not one that the version lists.' };
  if (!entry.policy) return whole;
  const own = decide(entry.policy, context.use, {
    now: context.now,
    purpose: context.purpose,
    runs: context.runs.contributions.get(contribution) ?? 0
  });
  if (!own.allowed) return refusal('By the rules of the contribution', own.reason);
  return { allowed: true, duties: [...new Set([...whole.duties, ...own.duties])] };
}

function refusal(whose: string, reason: string): UseDecision {
  return { allowed: false, reason: `${whose}, ${reason}.` };
}
