import { expect, it } from 'vitest';
import { conditionTerms } from './condition-terms';

it('says conditions in one line', () => {
  expect(conditionTerms({})).toBe('without conditions');
  expect(conditionTerms({ runs: 1, attribution: true })).toBe('at most 1 run, with the contributors named');
  expect(
    conditionTerms({ purposes: ['research', 'art'], expires: new Date(2027, 6, 1).toISOString(), runs: 3 })
  ).toBe('only for “research” or “art”, through 30 Jun 2027, at most 3 runs');
  expect(conditionTerms({ purposes: [] })).toBe('only for no purpose at all');
});
