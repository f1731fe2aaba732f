import fc from 'fast-check';
import { USES, type Policy, type Rule } from './policy';

/** What tests of policies share: any rule, purposes and moments often the same in two of them. */
export const anyRule: fc.Arbitrary<Rule> = fc.oneof(
  fc.constant<Rule>({ rule: 'allowed' }),
  fc.constant<Rule>({ rule: 'forbidden' }),
  fc.record(
    {
      rule: fc.constant('conditions' as const),
      purposes: fc.array(
        fc.constantFrom('research', 'Research', ' research', 'teaching', 'sale', 'Häfen "alt"'),
        { maxLength: 4 }
      ),
      expires: fc.constantFrom(
        '2026-12-01T00:00:00Z',
        '2027-01-01T01:00:00+01:00',
        '2027-01-01T00:00:00.000Z'
      ),
      runs: fc.integer({ min: 0, max: 4 }),
      attribution: fc.boolean()
    },
    { requiredKeys: ['rule'] }
  )
);

export const anyPolicy: fc.Arbitrary<Policy> = fc
  .tuple(anyRule, anyRule, anyRule, anyRule, anyRule)
  .map((rules) => Object.fromEntries(USES.map((use, i) => [use, rules[i]])) as Policy);
