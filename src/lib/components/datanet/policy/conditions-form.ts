/** Rules and conditions as fields hold them: text that may be half typed. Pure, so that it is tested without a page. */
import { plainDigits } from '$lib/components/read-number';
import type { Conditions, Policy, Rule, Use } from '$lib/datanets/policy/policy';
import { isAsStrict } from '$lib/datanets/policy/combine';
import { USES } from '$lib/datanets/policy/policy';

/** Conditions as a form holds them. */
export interface ConditionsForm {
  /** One purpose a line. */
  purposes: string;
  /** The last day, `YYYY-MM-DD` of this computer's clock, or empty. */
  until: string;
  /** A whole number, or empty. */
  runs: string;
  attribution: boolean;
}

export interface RuleForm extends ConditionsForm {
  rule: Rule['rule'];
}

export type PolicyForm = Record<Use, RuleForm>;

/** What is wrong, by field. */
export type ConditionProblems = Partial<Record<'until' | 'runs' | 'any', string>>;

export const noConditions: ConditionsForm = { purposes: '', until: '', runs: '', attribution: false };

export function toConditionsForm(conditions: Conditions): ConditionsForm {
  return {
    purposes: (conditions.purposes ?? []).join('\n'),
    until: conditions.expires === undefined ? '' : lastDay(conditions.expires),
    runs: conditions.runs === undefined ? '' : String(conditions.runs),
    attribution: conditions.attribution ?? false
  };
}

/** The conditions, and what keeps them from being used. `now` is in milliseconds since 1970. */
export function readConditions(
  form: ConditionsForm,
  now = Date.now()
): { conditions: Conditions; problems: ConditionProblems } {
  const conditions: Conditions = {};
  const problems: ConditionProblems = {};
  const purposes = [...new Set(form.purposes.split('\n').map((line) => line.trim()))].filter(Boolean);
  if (purposes.length > 0) conditions.purposes = purposes;
  if (form.until) {
    const end = dayAfter(form.until);
    if (end === undefined) problems.until = 'This is no date.';
    else if (end.getTime() <= now) problems.until = 'This day is past.';
    else conditions.expires = end.toISOString();
  }
  const runs = plainDigits(form.runs);
  if (runs) {
    if (/^[1-9]\d{0,8}$/.test(runs)) conditions.runs = Number(runs);
    else problems.runs = 'A whole number from 1 on, or nothing.';
  }
  if (form.attribution) conditions.attribution = true;
  return { conditions, problems };
}

export function toPolicyForm(policy: Policy): PolicyForm {
  return Object.fromEntries(
    USES.map((use) => {
      const rule = policy[use];
      const conditions = rule.rule === 'conditions' ? toConditionsForm(rule) : noConditions;
      return [use, { rule: rule.rule, ...conditions }];
    })
  ) as PolicyForm;
}

/**
 * The policy, and what keeps each rule from being used. A policy with problems must not be kept.
 * @param within rules that these may tighten and not loosen
 */
export function readPolicy(
  form: PolicyForm,
  within?: Policy,
  now = Date.now()
): { policy: Policy; problems: Partial<Record<Use, ConditionProblems>> } {
  const problems: Partial<Record<Use, ConditionProblems>> = {};
  const rules = USES.map((use): [Use, Rule] => {
    const { rule } = form[use];
    const read = rule === 'conditions' ? readConditions(form[use], now) : { conditions: {}, problems: {} };
    const whole: Rule = { rule, ...read.conditions };
    if (Object.keys(read.problems).length > 0) problems[use] = read.problems;
    else if (rule === 'conditions' && Object.keys(read.conditions).length === 0)
      problems[use] = { any: 'Say at least one condition, or choose another rule.' };
    else if (within && !isAsStrict({ ...within, [use]: whole }, within))
      problems[use] = { any: 'This is looser than the rules of the Datanet, which hold in any case.' };
    return [use, whole];
  });
  return { policy: Object.fromEntries(rules) as Policy, problems };
}

/** The day before which something ends is the last one on which it holds, in this computer's clock. */
function lastDay(expires: string): string {
  const moment = new Date(Date.parse(expires) - 1);
  if (Number.isNaN(moment.getTime())) return '';
  const [year, month, day] = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()];
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** The first moment after a day; undefined where the text is no day. */
export function dayAfter(text: string): Date | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return undefined;
  const [year, month, day] = parts.slice(1).map(Number);
  const end = new Date(year, month - 1, day + 1);
  const begin = new Date(year, month - 1, day);
  return begin.getMonth() === month - 1 && begin.getDate() === day ? end : undefined;
}
