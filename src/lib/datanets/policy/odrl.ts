import { z } from 'zod';
import { TabtuneError } from '../../errors';
import { canonicalJson } from '../canonical';
import { policySchema } from '../trust/schemas';
import { normalPolicy } from './combine';
import { USES, type Conditions, type Policy, type Rule, type Use } from './policy';
import { policySentences } from './sentences';

/** An ODRL policy that says something which the rules of a Datanet cannot say, or says it in another form. */
export class UnknownPolicyTermError extends TabtuneError {}

/**
 * The prefixes that `odrlOffer` writes with. CAWG's entries have labels and no IRIs of their own; here each is the
 * fragment of the specification that defines it (Training and Data Mining Assertion 1.1, ratified in May 2025).
 */
export const ODRL_CONTEXT = {
  odrl: 'http://www.w3.org/ns/odrl/2/',
  cawg: 'https://cawg.io/training-and-data-mining/1.1/#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  xsd: 'http://www.w3.org/2001/XMLSchema#'
} as const;

/** JSON-LD. */
type Json = string | number | boolean | Json[] | { [key: string]: Json };

/**
 * What each use is called. Learning from rows is both of CAWG's trainings. Measuring and looking up both give rows to
 * a trained model, which is CAWG's `ai_inference`: an ODRL refinement says which of the two. The last two are ODRL's.
 */
const ACTIONS: Record<Use, Json> = {
  training: [{ '@id': 'cawg:cawg.ai_generative_training' }, { '@id': 'cawg:cawg.ai_training' }],
  evaluation: inference('evaluation'),
  retrieval: inference('retrieval'),
  display: { '@id': 'odrl:display' },
  redistribution: { '@id': 'odrl:distribute' }
};

function inference(purpose: string): Json {
  return {
    'rdf:value': { '@id': 'cawg:cawg.ai_inference' },
    'odrl:refinement': constraint('purpose', 'eq', purpose)
  };
}

function constraint(leftOperand: string, operator: string, rightOperand: Json): { [key: string]: Json } {
  return {
    '@type': 'odrl:Constraint',
    'odrl:leftOperand': { '@id': `odrl:${leftOperand}` },
    'odrl:operator': { '@id': `odrl:${operator}` },
    'odrl:rightOperand': rightOperand
  };
}

const ATTRIBUTE: Json = { '@type': 'odrl:Duty', 'odrl:action': { '@id': 'odrl:attribute' } };

/**
 * A policy as an ODRL 2.2 offer in JSON-LD, the form in which Croissant 1.1 takes conditions of use (`usageInfo`).
 * The document around it must have the prefixes of `ODRL_CONTEXT`; `odrlDocument` is one by itself.
 * @param about `target` is what the rules are for (an IRI), `assigner` whose rules they are (a `did:key`)
 */
export function odrlOffer(
  policy: Policy,
  { target, assigner }: { target: string; assigner: string }
): { [key: string]: Json } {
  const normal = normalPolicy(policy);
  const permitted = USES.filter((use) => normal[use].rule !== 'forbidden');
  const prohibited = USES.filter((use) => normal[use].rule === 'forbidden');
  return {
    '@type': ['CreativeWork', 'odrl:Offer'],
    name: 'What may be done with the rows',
    description: policySentences(normal).join(' '),
    'odrl:uid': { '@id': `${target}#policy` },
    'odrl:profile': { '@id': ODRL_CONTEXT.cawg.slice(0, -1) },
    'odrl:conflict': { '@id': 'odrl:prohibit' },
    'odrl:assigner': { '@id': assigner },
    'odrl:target': { '@id': target },
    'odrl:permission': permitted.map((use) => ({
      '@type': 'odrl:Permission',
      'odrl:action': ACTIONS[use],
      ...conditionsToOdrl(normal[use])
    })),
    'odrl:prohibition': prohibited.map((use) => ({
      '@type': 'odrl:Prohibition',
      'odrl:action': ACTIONS[use]
    }))
  };
}

/** The same as a JSON-LD document of its own. */
export function odrlDocument(
  policy: Policy,
  about: { target: string; assigner: string }
): { [key: string]: Json } {
  return { '@context': { '@vocab': 'http://schema.org/', ...ODRL_CONTEXT }, ...odrlOffer(policy, about) };
}

function conditionsToOdrl(rule: Rule): { [key: string]: Json } {
  if (rule.rule !== 'conditions') return {};
  const { purposes, expires, runs, attribution } = rule;
  const constraints: Json[] = [];
  if (purposes) constraints.push(constraint('purpose', 'isAnyOf', purposes));
  if (expires !== undefined) {
    constraints.push(constraint('dateTime', 'lt', { '@type': 'xsd:dateTime', '@value': expires }));
  }
  if (runs !== undefined) {
    constraints.push(constraint('count', 'lteq', { '@type': 'xsd:integer', '@value': runs }));
  }
  return {
    ...(constraints.length > 0 ? { 'odrl:constraint': constraints } : {}),
    ...(attribution ? { 'odrl:duty': [ATTRIBUTE] } : {})
  };
}

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
