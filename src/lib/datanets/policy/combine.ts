import {
  distinctPurposes,
  purposeKey,
  USES,
  type Conditions,
  type Policy,
  type Rule,
  type Use
} from './policy';

/**
 * What an owner would expect who set nothing: the rows are there to be learnt from, asked and shown, with the people
 * who wrote them named; passing the rows themselves on is forbidden, because that is the one permission that cannot be
 * taken back.
 */
export function defaultPolicy(): Policy {
  return {
    training: { rule: 'conditions', attribution: true },
    evaluation: { rule: 'allowed' },
    retrieval: { rule: 'conditions', attribution: true },
    display: { rule: 'conditions', attribution: true },
    redistribution: { rule: 'forbidden' }
  };
}

/**
 * The stricter of two policies: what it allows, both allow. Of any number of policies the result is the same in any
 * order and however often one takes part. In the form of `normalPolicy`.
 */
export function stricterPolicy(a: Policy, b: Policy): Policy {
  return forEachUse((use) => stricterRule(a[use], b[use]));
}

/** The same policy in the one form of its meaning: purposes sorted, moments in UTC, nothing that says nothing. */
export function normalPolicy(policy: Policy): Policy {
  return forEachUse((use) => normalRule(policy[use]));
}

/** The policy that a grant is: some uses under the same conditions, all others forbidden. */
export function grantPolicy(uses: readonly Use[], conditions: Conditions): Policy {
  return forEachUse((use) =>
    uses.includes(use) ? normalRule({ rule: 'conditions', ...conditions }) : { rule: 'forbidden' }
  );
}

/** Whether `a` allows nothing that `b` does not, under conditions that are no looser. */
export function isAsStrict(a: Policy, b: Policy): boolean {
  const normal = normalPolicy(a);
  const both = stricterPolicy(a, b);
  return USES.every((use) => sameRule(normal[use], both[use]));
}

function forEachUse(ruleOf: (use: Use) => Rule): Policy {
  return {
    training: ruleOf('training'),
    evaluation: ruleOf('evaluation'),
    retrieval: ruleOf('retrieval'),
    display: ruleOf('display'),
    redistribution: ruleOf('redistribution')
  };
}

function stricterRule(one: Rule, other: Rule): Rule {
  const [a, b] = [normalRule(one), normalRule(other)];
  if (a.rule === 'forbidden' || b.rule === 'allowed') return a;
  if (b.rule === 'forbidden' || a.rule === 'allowed') return b;
  return normalRule({
    rule: 'conditions',
    purposes: a.purposes && b.purposes ? common(a.purposes, b.purposes) : (a.purposes ?? b.purposes),
    expires: lower(a.expires, b.expires),
    runs: lower(a.runs, b.runs),
    attribution: a.attribution || b.attribution
  });
}

/** Purposes of normal rules that both name; in the words that come first, so that the order of the two is nothing. */
function common(a: readonly string[], b: readonly string[]): string[] {
  const others = new Map(b.map((each) => [purposeKey(each), each]));
  return a.flatMap((each) => {
    const other = others.get(purposeKey(each));
    return other === undefined ? [] : [each < other ? each : other];
  });
}

/** The lower of two, where undefined is no limit. Moments in UTC compare as text. */
function lower<T extends string | number>(a: T | undefined, b: T | undefined): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

function normalRule(rule: Rule): Rule {
  if (rule.rule !== 'conditions') return { rule: rule.rule };
  const purposes = rule.purposes && distinctPurposes(rule.purposes);
  const expires = rule.expires === undefined ? undefined : Date.parse(rule.expires);
  // No purpose is left, no run is left, or the end cannot be read: what cannot be met forbids.
  if (purposes?.length === 0 || rule.runs === 0 || Number.isNaN(expires)) return { rule: 'forbidden' };
  const conditions: Conditions = {
    ...(purposes ? { purposes } : {}),
    ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
    ...(rule.runs === undefined ? {} : { runs: rule.runs }),
    ...(rule.attribution ? { attribution: true } : {})
  };
  return Object.keys(conditions).length === 0 ? { rule: 'allowed' } : { rule: 'conditions', ...conditions };
}

/** Of rules in normal form. */
function sameRule(a: Rule, b: Rule): boolean {
  if (a.rule !== 'conditions' || b.rule !== 'conditions') return a.rule === b.rule;
  return (
    a.expires === b.expires &&
    a.runs === b.runs &&
    a.attribution === b.attribution &&
    a.purposes?.length === b.purposes?.length &&
    (a.purposes ?? []).every((purpose) =>
      b.purposes?.some((each) => purposeKey(each) === purposeKey(purpose))
    )
  );
}
