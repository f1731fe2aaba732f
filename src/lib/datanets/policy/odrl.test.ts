import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fuzz } from '../../../../tests/support/fuzz';
import { defaultPolicy, normalPolicy } from './combine';
import { ODRL_CONTEXT, odrlDocument, odrlOffer } from './odrl';
import type { Policy } from './policy';
import { policyFromOdrl, UnknownPolicyTermError } from './read-odrl';
import { anyPolicy } from './testing';

const ABOUT = { target: 'urn:uuid:6f9c1c5e-0000-4000-8000-000000000001', assigner: 'did:key:zDnExample' };
const POLICY: Policy = {
  training: {
    rule: 'conditions',
    purposes: ['research'],
    expires: '2027-01-01T00:00:00Z',
    runs: 3,
    attribution: true
  },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'forbidden' },
  display: { rule: 'allowed' },
  redistribution: { rule: 'forbidden' }
};

type Any = Record<string, never> & { [key: string]: Any };
const offerOf = (policy: Policy) => odrlOffer(policy, ABOUT) as unknown as Any;

describe('a policy as ODRL', () => {
  it('comes back as it went, whatever it says', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const json: unknown = JSON.parse(JSON.stringify(odrlDocument(policy, ABOUT)));
        expect(policyFromOdrl(json)).toEqual(normalPolicy(policy));
      }),
      fuzz(100)
    );
  });

  it('has the terms of ODRL and of CAWG, each with a prefix that is there', () => {
    const text = JSON.stringify(odrlDocument(POLICY, ABOUT));
    for (const [, prefix] of text.matchAll(/"([a-z]+):(?!\/\/)[\w.]+"/g)) {
      expect(Object.keys({ ...ODRL_CONTEXT, urn: '', did: '' })).toContain(prefix);
    }
    for (const term of ['cawg.ai_generative_training', 'cawg.ai_training', 'cawg.ai_inference']) {
      expect(text).toContain(`"cawg:${term}"`);
    }
    const [training] = offerOf(POLICY)['odrl:permission'] as unknown as Any[];
    expect(training['odrl:constraint']).toEqual([
      {
        '@type': 'odrl:Constraint',
        'odrl:leftOperand': { '@id': 'odrl:purpose' },
        'odrl:operator': { '@id': 'odrl:isAnyOf' },
        'odrl:rightOperand': ['research']
      },
      {
        '@type': 'odrl:Constraint',
        'odrl:leftOperand': { '@id': 'odrl:dateTime' },
        'odrl:operator': { '@id': 'odrl:lt' },
        'odrl:rightOperand': { '@type': 'xsd:dateTime', '@value': '2027-01-01T00:00:00.000Z' }
      },
      {
        '@type': 'odrl:Constraint',
        'odrl:leftOperand': { '@id': 'odrl:count' },
        'odrl:operator': { '@id': 'odrl:lteq' },
        'odrl:rightOperand': { '@type': 'xsd:integer', '@value': 3 }
      }
    ]);
    expect(training['odrl:duty']).toEqual([
      { '@type': 'odrl:Duty', 'odrl:action': { '@id': 'odrl:attribute' } }
    ]);
  });

  it('forbids the uses that it does not name', () => {
    expect(policyFromOdrl({ '@type': 'odrl:Offer' })).toEqual({
      training: { rule: 'forbidden' },
      evaluation: { rule: 'forbidden' },
      retrieval: { rule: 'forbidden' },
      display: { rule: 'forbidden' },
      redistribution: { rule: 'forbidden' }
    });
  });

  it.each<[string, (offer: Any) => unknown]>([
    ['"odrl:obligation"', (offer) => ({ ...offer, 'odrl:obligation': [] })],
    ['odrl:conflict', (offer) => ({ ...offer, 'odrl:conflict': { '@id': 'odrl:perm' } })],
    ['odrl:sell', (offer) => ({ ...offer, 'odrl:permission': [{ 'odrl:action': { '@id': 'odrl:sell' } }] })],
    [
      'two rules for display',
      (offer) => ({ ...offer, 'odrl:prohibition': [{ 'odrl:action': { '@id': 'odrl:display' } }] })
    ],
    [
      '"odrl:assignee"',
      (offer) => ({
        ...offer,
        'odrl:permission': [{ 'odrl:action': { '@id': 'odrl:display' }, 'odrl:assignee': 'x' }]
      })
    ],
    ['no list of objects', (offer) => ({ ...offer, 'odrl:permission': 'all of it' })],
    ['no JSON object', () => null],
    ['no JSON object', () => 'odrl']
  ])('is refused with the term that is not known: %s', (term, change) => {
    expect(() => policyFromOdrl(change(offerOf(POLICY)))).toThrow(UnknownPolicyTermError);
    expect(() => policyFromOdrl(change(offerOf(POLICY)))).toThrow(term);
  });

  it.each([
    [
      'odrl:spatial',
      {
        'odrl:leftOperand': { '@id': 'odrl:spatial' },
        'odrl:operator': { '@id': 'odrl:eq' },
        'odrl:rightOperand': 'DE'
      }
    ],
    [
      'odrl:gt',
      {
        'odrl:leftOperand': { '@id': 'odrl:dateTime' },
        'odrl:operator': { '@id': 'odrl:gt' },
        'odrl:rightOperand': 'x'
      }
    ],
    [
      'stands where a term should',
      { 'odrl:leftOperand': 'purpose', 'odrl:operator': { '@id': 'odrl:isAnyOf' } }
    ],
    [
      'is not one that this constraint can have',
      {
        'odrl:leftOperand': { '@id': 'odrl:count' },
        'odrl:operator': { '@id': 'odrl:lteq' },
        'odrl:rightOperand': 3
      }
    ],
    [
      'training.runs',
      {
        'odrl:leftOperand': { '@id': 'odrl:count' },
        'odrl:operator': { '@id': 'odrl:lteq' },
        'odrl:rightOperand': { '@type': 'xsd:integer', '@value': -3.5 }
      }
    ],
    ['odrl:unit', { 'odrl:leftOperand': { '@id': 'odrl:count' }, 'odrl:unit': 'x' }]
  ])('is refused for a constraint that is not known: %s', (term, constraint) => {
    const offer = offerOf(defaultPolicy());
    const [training, ...rest] = offer['odrl:permission'] as unknown as Any[];
    const changed = {
      ...offer,
      'odrl:permission': [{ ...training, 'odrl:constraint': [constraint] }, ...rest]
    };
    expect(() => policyFromOdrl(changed)).toThrow(UnknownPolicyTermError);
    expect(() => policyFromOdrl(changed)).toThrow(term);
  });

  it('never crashes on other JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('odrl:permission', 'odrl:prohibition'), (json, key) => {
        for (const value of [json, { [key]: json }, { [key]: [{ 'odrl:action': json }] }]) {
          try {
            policyFromOdrl(value);
          } catch (error) {
            expect(error).toBeInstanceOf(UnknownPolicyTermError);
          }
        }
      }),
      fuzz(100)
    );
    let deep: unknown = 1;
    for (let i = 0; i < 50_000; i += 1) deep = [deep];
    expect(() => policyFromOdrl({ 'odrl:permission': [{ 'odrl:action': deep }] })).toThrow(
      UnknownPolicyTermError
    );
  });
});
