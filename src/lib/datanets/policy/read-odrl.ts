import { z } from 'zod';
import { TabtuneError } from '../../errors';
import { canonicalJson } from '../canonical';
import { policySchema } from '../trust/schemas';
import { normalPolicy } from './combine';
import { ACTIONS, ATTRIBUTE, type Json } from './odrl';
import { USES, type Conditions, type Policy, type Rule, type Use } from './policy';

/** An ODRL policy that says something which the rules of a Datanet cannot say, or says it in another form. */
export class UnknownPolicyTermError extends TabtuneError {}

const KNOWN = {
  offer: [
    '@context',
    '@type',
    'name',
    'description',
    'odrl:uid',
    'odrl:profile',
    'odrl:conflict',
    'odrl:assigner',
    'odrl:target',
    'odrl:permission',
    'odrl:prohibition'
  ],
  permission: ['@type', 'odrl:action', 'odrl:constraint', 'odrl:duty'],
  prohibition: ['@type', 'odrl:action'],
  constraint: ['@type', 'odrl:leftOperand', 'odrl:operator', 'odrl:rightOperand']
} as const;

const object = z.record(z.string(), z.unknown());
const list = z.array(object).max(100);

/**
 * The policy that an ODRL offer of `odrlOffer` says; a use that it does not name is forbidden. Terms that are not known
 * here are refused by name rather than passed over, for what they would have forbidden is not known either.
 * @throws UnknownPolicyTermError
 */
export function policyFromOdrl(json: unknown): Policy {
  const offer = known(json, KNOWN.offer, 'the policy');
  if ('odrl:conflict' in offer) same(offer['odrl:conflict'], { '@id': 'odrl:prohibit' }, 'odrl:conflict');
  const rules = new Map<Use, Rule>();
  const add = (use: Use, rule: Rule) => {
    if (rules.has(use)) throw refused(`it has two rules for ${use}`);
    rules.set(use, rule);
  };
  for (const each of listOf(offer['odrl:permission'], 'odrl:permission')) {
    const permission = known(each, KNOWN.permission, 'a permission');
    add(useOf(permission['odrl:action']), {
      rule: 'conditions',
      ...conditionsOf(permission['odrl:constraint']),
      ...dutyOf(permission['odrl:duty'])
    });
  }
  for (const each of listOf(offer['odrl:prohibition'], 'odrl:prohibition')) {
    add(useOf(known(each, KNOWN.prohibition, 'a prohibition')['odrl:action']), { rule: 'forbidden' });
  }
  const policy = Object.fromEntries(USES.map((use) => [use, rules.get(use) ?? { rule: 'forbidden' }]));
  const parsed = policySchema.safeParse(policy);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw refused(`${path.join('.')}: ${message}`, parsed.error);
  }
  return normalPolicy(parsed.data);
}

function useOf(action: unknown): Use {
  const use = USES.find((each) => isSame(action, ACTIONS[each]));
  if (use) return use;
  throw refused(`the action ${excerpt(action)} is not known here`);
}

function conditionsOf(json: unknown): Conditions {
  const conditions: Conditions = {};
  for (const each of listOf(json, 'odrl:constraint')) {
    const item = known(each, KNOWN.constraint, 'a constraint');
    const operand = idOf(item['odrl:leftOperand']);
    const operator = idOf(item['odrl:operator']);
    const right = item['odrl:rightOperand'];
    const once = (name: keyof Conditions) => {
      if (name in conditions) throw refused(`it constrains ${operand} twice`);
    };
    if (operand === 'odrl:purpose' && operator === 'odrl:isAnyOf') {
      once('purposes');
      conditions.purposes = z.array(z.string()).safeParse(right).data ?? invalid(right);
    } else if (operand === 'odrl:dateTime' && operator === 'odrl:lt') {
      once('expires');
      conditions.expires = literal(right, 'xsd:dateTime', z.string());
    } else if (operand === 'odrl:count' && operator === 'odrl:lteq') {
      once('runs');
      conditions.runs = literal(right, 'xsd:integer', z.number());
    } else {
      throw refused(`the constraint ${excerpt(operand)} ${excerpt(operator)} is not known here`);
    }
  }
  return conditions;
}

function dutyOf(json: unknown): Conditions {
  const duties = listOf(json, 'odrl:duty');
  for (const duty of duties) {
    if (!isSame(duty, ATTRIBUTE)) throw refused(`the duty ${excerpt(duty)} is not known here`);
  }
  return duties.length > 0 ? { attribution: true } : {};
}

function literal<T>(json: unknown, type: string, value: z.ZodType<T>): T {
  const parsed = z.strictObject({ '@type': z.literal(type), '@value': value }).safeParse(json);
  return parsed.success ? (parsed.data['@value'] as T) : invalid(json);
}

function invalid(json: unknown): never {
  throw refused(`the value ${excerpt(json)} is not one that this constraint can have`);
}

function idOf(json: unknown): string {
  const parsed = z.strictObject({ '@id': z.string() }).safeParse(json);
  if (!parsed.success) throw refused(`${excerpt(json)} stands where a term should`);
  return parsed.data['@id'];
}

function known(json: unknown, keys: readonly string[], what: string): Record<string, unknown> {
  const parsed = object.safeParse(json);
  if (!parsed.success) throw refused(`${what} is no JSON object`);
  const unknown = Object.keys(parsed.data).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw refused(`${what} has the term ${excerpt(unknown)}, which is not known here`);
  return parsed.data;
}

/** JSON-LD writes a list of one as the one. */
function listOf(json: unknown, what: string): unknown[] {
  if (json === undefined) return [];
  const parsed = list.safeParse(Array.isArray(json) ? json : [json]);
  if (!parsed.success) throw refused(`${what} is no list of objects`);
  return parsed.data;
}

function same(actual: unknown, expected: Json, what: string): void {
  if (!isSame(actual, expected)) throw refused(`${what} is ${excerpt(actual)}`);
}

function isSame(actual: unknown, expected: Json): boolean {
  try {
    return canonicalJson(actual) === canonicalJson(expected);
  } catch {
    return false;
  }
}

function excerpt(json: unknown): string {
  let text: string;
  try {
    text = typeof json === 'string' ? json : (JSON.stringify(json) ?? 'nothing');
  } catch {
    // Nested so deep that it cannot be written.
    text = '…';
  }
  return `"${text.slice(0, 120)}"`;
}

function refused(reason: string, cause?: unknown): UnknownPolicyTermError {
  return new UnknownPolicyTermError(`This ODRL policy cannot be taken over: ${reason}.`, {
    details: { reason },
    cause
  });
}
