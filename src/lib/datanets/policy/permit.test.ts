import { describe, expect, it } from 'vitest';
import type { ContributionEntry } from '../datanet';
import type { AccessGrant } from '../trust/statements';
import { everyStatement, someCid } from '../trust/testing';
import { defaultPolicy } from './combine';
import { permitRows, type PermitContext, type PermitVersion } from './permit';
import type { Policy } from './policy';

const OWNER = { id: 'did:key:owner', name: 'Ada', agreement: 'did:key:a' };
const READER = { id: 'did:key:reader', name: 'Bo', agreement: 'did:key:b' };
const OPEN: Policy = { ...defaultPolicy(), training: { rule: 'allowed' } };
const FREE = someCid('a');
const STRICT = someCid('b');
const NAMED = someCid('c');
const NOW = Date.parse('2026-11-24T09:30:00Z');

const entry = (id: string, contributor: string, policy?: Policy): ContributionEntry => ({
  id,
  contributor,
  licence: { spdx: 'CC0-1.0' },
  rows: 1,
  ...(policy ? { policy } : {})
});
const version = (change: Partial<PermitVersion> = {}): PermitVersion => ({
  root: everyStatement(OWNER, READER)['access-grant'].root,
  policy: OPEN,
  contributions: [
    entry(FREE, 'free'),
    entry(STRICT, 'strict', { ...OPEN, training: { rule: 'forbidden' } }),
    entry(NAMED, 'named', { ...OPEN, training: { rule: 'conditions', attribution: true, runs: 1 } })
  ],
  owner: OWNER.id,
  permissioned: false,
  ...change
});
const context = (change: Partial<PermitContext> = {}): PermitContext => ({
  use: 'training',
  now: NOW,
  person: READER.id,
  withdrawn: new Set(),
  runs: { version: 0, grant: 0, contributions: new Map() },
  ...change
});
const ROWS = [
  { contributor: 'owner' },
  { contributor: 'free', contribution: FREE },
  { contributor: 'strict', contribution: STRICT },
  { contributor: 'named', contribution: NAMED },
  { contributor: 'strict', contribution: STRICT }
];
const grant = (change: Partial<AccessGrant> = {}): AccessGrant => ({
  ...everyStatement(OWNER, READER)['access-grant'],
  conditions: {},
  ...change
});
const permissioned = version({ permissioned: true });
const reasons = (v: PermitVersion, c: PermitContext) =>
  permitRows(v, c, ROWS).refused.map(({ reason }) => reason);

describe('which rows of a version may be used', () => {
  it('goes by the rules of each contribution, and says whose rows are left out and why', () => {
    expect(permitRows(version(), context(), ROWS)).toEqual({
      allowed: Uint32Array.of(0, 1, 3),
      refused: [
        {
          reason: 'By the rules of the contribution, training models on the rows is forbidden.',
          rows: 2,
          contributors: ['strict']
        }
      ],
      duties: { attribution: ['named'] }
    });
  });

  it('leaves out what was withdrawn, whatever the rules say', () => {
    const { allowed, refused } = permitRows(version(), context({ withdrawn: new Set([FREE, STRICT]) }), ROWS);
    expect([...allowed]).toEqual([0, 3]);
    expect(refused).toEqual([
      {
        reason: 'The contributor has taken the contribution back.',
        rows: 3,
        contributors: ['free', 'strict']
      }
    ]);
  });

  it('counts the runs with a contribution apart from those with the version', () => {
    const runs = { version: 9, grant: 9, contributions: new Map([[NAMED, 1]]) };
    expect([...permitRows(version(), context({ runs }), ROWS).allowed]).toEqual([0, 1]);
    const limited = version({ policy: { ...OPEN, training: { rule: 'conditions', runs: 9 } } });
    expect(permitRows(limited, context({ runs }), ROWS).allowed).toHaveLength(0);
  });

  it('leaves nothing where the rules of the Datanet forbid it', () => {
    const none = permitRows(
      version({ policy: { ...OPEN, training: { rule: 'forbidden' } } }),
      context(),
      ROWS
    );
    expect(none.allowed).toHaveLength(0);
    expect(none.refused).toEqual([
      {
        reason: 'By the rules of the Datanet, training models on the rows is forbidden.',
        rows: 5,
        contributors: ['owner', 'free', 'strict', 'named']
      }
    ]);
  });

  it('leaves out rows of a contribution that the version does not list', () => {
    const { allowed, refused } = permitRows(version(), context(), [
      { contributor: 'x', contribution: someCid('d') }
    ]);
    expect(allowed).toHaveLength(0);
    expect(refused[0].reason).toContain('not one that the version lists');
  });

  it('takes a hundred thousand rows in a moment', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => ROWS[i % ROWS.length]);
    const started = performance.now();
    expect(permitRows(version(), context(), rows).allowed).toHaveLength(60_000);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('a permissioned version', () => {
  it('is the owner’s to use, and nobody else’s without a grant', () => {
    expect(permitRows(permissioned, context({ person: OWNER.id }), ROWS).allowed).toHaveLength(3);
    expect(reasons(permissioned, context())).toEqual([
      'This version needs a grant of its owner, and there is none.'
    ]);
  });

  it('is open to who was granted it, for the uses that were granted', () => {
    const granted = context({ grant: { statement: grant(), revoked: false } });
    expect([...permitRows(permissioned, granted, ROWS).allowed]).toEqual([0, 1, 3]);
    expect(reasons(permissioned, { ...granted, use: 'evaluation' })).toEqual([
      'By the grant, measuring models with the rows is forbidden.'
    ]);
  });

  it.each<[string, Partial<AccessGrant>, Partial<PermitContext>, string]>([
    ['it expired', { conditions: { expires: '2026-11-24T09:30:00Z' } }, {}, 'was allowed until'],
    [
      'its runs are used up',
      { conditions: { runs: 2 } },
      { runs: { version: 2, grant: 2, contributions: new Map() } },
      'used up'
    ],
    [
      'it is for another purpose',
      { conditions: { purposes: ['research'] } },
      { purpose: 'sale' },
      'only for “research”'
    ],
    ['it is for somebody else', { to: OWNER }, {}, 'another person or another version'],
    ['it is for another version', { root: `0x${'9'.repeat(64)}` }, {}, 'another person or another version'],
    ['it is not by the owner', { by: READER }, {}, 'another person or another version']
  ])('stays closed under a grant when %s', (_, change, more, reason) => {
    const { allowed, refused } = permitRows(
      permissioned,
      context({ grant: { statement: grant(change), revoked: false }, ...more }),
      ROWS
    );
    expect(allowed).toHaveLength(0);
    expect(refused).toHaveLength(1);
    expect(refused[0].reason).toContain(reason);
  });

  it('stays closed when the grant was revoked', () => {
    const revoked = context({ grant: { statement: grant(), revoked: true } });
    expect(reasons(permissioned, revoked)).toEqual(['The owner revoked the grant.']);
  });

  it('names contributors where the grant asks for it, too', () => {
    const asked = context({
      grant: { statement: grant({ conditions: { attribution: true } }), revoked: false }
    });
    expect(permitRows(permissioned, asked, ROWS).duties.attribution).toEqual(['owner', 'free', 'named']);
  });
});
