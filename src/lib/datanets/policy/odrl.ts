import { normalPolicy } from './combine';
import { USES, type Policy, type Rule, type Use } from './policy';
import { policySentences } from './sentences';

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
export type Json = string | number | boolean | Json[] | { [key: string]: Json };

/**
 * What each use is called. Learning from rows is both of CAWG's trainings. Measuring and looking up both give rows to
 * a trained model, which is CAWG's `ai_inference`: an ODRL refinement says which of the two. The last two are ODRL's.
 */
export const ACTIONS: Record<Use, Json> = {
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

/** The duty to name contributors. */
export const ATTRIBUTE: Json = { '@type': 'odrl:Duty', 'odrl:action': { '@id': 'odrl:attribute' } };

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
