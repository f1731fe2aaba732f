import { describe, expect, it } from 'vitest';
import type { Policy } from '$lib/datanets/policy/policy';
import {
  commonConditions,
  grantableUses,
  grantEnd,
  listPurposes,
  waitingRequests,
  type Grant,
  type Request
} from './access';

const now = Date.parse('2026-05-01T12:00:00Z');
const grant = (conditions: object, revoked = false) =>
  ({ statement: { conditions }, ...(revoked && { revoked: {} }) }) as Grant;

const policy: Policy = {
  training: { rule: 'conditions', purposes: ['research', 'art'], runs: 5, attribution: true },
  evaluation: { rule: 'conditions', purposes: ['research'], expires: '2026-06-01T00:00:00.000Z' },
  retrieval: { rule: 'allowed' },
  display: { rule: 'conditions', purposes: ['teaching'] },
  redistribution: { rule: 'forbidden' }
};

describe('grants', () => {
  it('end when their time is over or when they are revoked', () => {
    expect(grantEnd(grant({}), now)).toBeUndefined();
    expect(grantEnd(grant({ expires: '2026-05-01T12:00:01Z' }), now)).toBeUndefined();
    expect(grantEnd(grant({ expires: '2026-05-01T12:00:00Z' }), now)).toBe('expired');
    expect(grantEnd(grant({ expires: 'never' }), now)).toBe('expired');
    expect(grantEnd(grant({}, true), now)).toBe('revoked');
  });

  it('begin with the strictest of what the rules say for each use', () => {
    expect(grantableUses(policy)).toEqual(['training', 'evaluation', 'retrieval', 'display']);
    expect(commonConditions(policy, ['retrieval'])).toEqual({});
    expect(commonConditions(policy, [])).toEqual({});
    expect(commonConditions(policy, ['training', 'evaluation', 'retrieval'])).toEqual({
      purposes: ['research'],
      runs: 5,
      attribution: true,
      expires: '2026-06-01T00:00:00.000Z'
    });
    expect(commonConditions(policy, ['training', 'display'])).toBeUndefined();
    expect(commonConditions(policy, ['redistribution'])).toBeUndefined();
  });
});

describe('requests', () => {
  it('can be for the purposes that the rules name', () => {
    expect(listPurposes(policy, ['training', 'evaluation', 'retrieval'])).toEqual(['art', 'research']);
    expect(listPurposes(policy, ['retrieval', 'redistribution'])).toEqual([]);
  });

  it('wait until they are answered, the oldest first', () => {
    const request = (cid: string, created: string, answer?: object) =>
      ({ cid, statement: { created }, answer }) as Request;
    const all = [
      request('b', '2026-02-01T00:00:00Z'),
      request('done', '2026-01-01T00:00:00Z', {}),
      request('a', '2026-01-02T00:00:00Z')
    ];
    expect(waitingRequests(all).map(({ cid }) => cid)).toEqual(['a', 'b']);
  });
});
