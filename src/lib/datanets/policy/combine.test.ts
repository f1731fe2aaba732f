import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fuzz } from '../../../../tests/support/fuzz';
import { defaultPolicy, grantPolicy, isAsStrict, normalPolicy, stricterPolicy } from './combine';
import { decide, type UseContext } from './decide';
import { USES } from './policy';
import { anyPolicy } from './testing';

const anyUse = fc.constantFrom(...USES);
const anyContext: fc.Arbitrary<UseContext> = fc.record(
  {
    now: fc.integer({ min: Date.parse('2026-11-01'), max: Date.parse('2027-02-01') }),
    purpose: fc.constantFrom('research', 'Research ', 'teaching', 'sale', 'war'),
    runs: fc.integer({ min: 0, max: 5 })
  },
  { requiredKeys: ['now', 'runs'] }
);

describe('the stricter of two policies', () => {
  it('allows exactly what both allow, and asks for what either asks', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyUse, anyContext, (a, b, use, context) => {
        const [one, other, both] = [a, b, stricterPolicy(a, b)].map((policy) => decide(policy, use, context));
        expect(both.allowed).toBe(one.allowed && other.allowed);
        if (one.allowed && other.allowed && both.allowed) {
          expect(new Set(both.duties)).toEqual(new Set([...one.duties, ...other.duties]));
        }
      }),
      fuzz(2000)
    );
  });

  it('is the same in any order, and however often one takes part', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyPolicy, (a, b, c) => {
        expect(stricterPolicy(a, b)).toEqual(stricterPolicy(b, a));
        expect(stricterPolicy(stricterPolicy(a, b), c)).toEqual(stricterPolicy(a, stricterPolicy(b, c)));
        expect(stricterPolicy(a, a)).toEqual(normalPolicy(a));
        expect(stricterPolicy(stricterPolicy(a, b), b)).toEqual(stricterPolicy(a, b));
      }),
      fuzz(100)
    );
  });

  it('is as strict as each of the two, and a policy that is not is found out', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyUse, anyContext, (a, b, use, context) => {
        expect(isAsStrict(stricterPolicy(a, b), a)).toBe(true);
        expect(isAsStrict(a, a)).toBe(true);
        if (isAsStrict(a, b) && decide(a, use, context).allowed)
          expect(decide(b, use, context).allowed).toBe(true);
      }),
      fuzz(100)
    );
    const looser = { ...defaultPolicy(), redistribution: { rule: 'allowed' } as const };
    expect(isAsStrict(looser, defaultPolicy())).toBe(false);
    expect(isAsStrict(defaultPolicy(), looser)).toBe(true);
    const unnamed = { ...defaultPolicy(), training: { rule: 'allowed' } as const };
    expect(isAsStrict(unnamed, defaultPolicy())).toBe(false);
  });
});

describe('the normal form of a policy', () => {
  it('means the same and is its own normal form', () => {
    fc.assert(
      fc.property(anyPolicy, anyUse, anyContext, (policy, use, context) => {
        const normal = normalPolicy(policy);
        expect(normalPolicy(normal)).toEqual(normal);
        expect(decide(normal, use, context).allowed).toBe(decide(policy, use, context).allowed);
      }),
      fuzz(100)
    );
  });

  it('forbids what has an end that cannot be read, as a decision does', () => {
    const policy = { ...defaultPolicy(), training: { rule: 'conditions', expires: 'soon' } as const };
    expect(normalPolicy(policy).training).toEqual({ rule: 'forbidden' });
    expect(decide(policy, 'training', { now: 0, runs: 0 }).allowed).toBe(false);
  });
});

describe('a grant as a policy', () => {
  it('forbids every use that it does not name', () => {
    const policy = grantPolicy(['training'], { runs: 2 });
    expect(policy.training).toEqual({ rule: 'conditions', runs: 2 });
    expect(USES.filter((use) => policy[use].rule === 'forbidden')).toEqual(
      USES.filter((use) => use !== 'training')
    );
    expect(grantPolicy(['display'], {}).display).toEqual({ rule: 'allowed' });
  });
});
