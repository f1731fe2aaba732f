import { describe, expect, it } from 'vitest';
import { readChoice, stillThere, withoutVersions, withPurpose, withVersion, withWeight } from './choice';

const none: string[] = [];

describe('what is chosen to train on', () => {
  it('is one set of rows, or some versions, and never two of one Datanet', () => {
    const one = withVersion({ kind: 'rows', rowSet: 'set' }, 'a2', ['a2', 'a1']);
    expect(one).toEqual({ kind: 'datanets', versions: [{ root: 'a2', weight: 1 }] });
    const two = withVersion(withWeight(one, 'a2', 3), 'b', ['b']);
    expect(two).toEqual({
      kind: 'datanets',
      versions: [
        { root: 'a2', weight: 3 },
        { root: 'b', weight: 1 }
      ]
    });
    // The older version takes the place and the weight of the newer.
    expect(withVersion(two, 'a1', ['a2', 'a1'])).toMatchObject({ versions: [{ root: 'a1', weight: 3 }, {}] });
    expect(withoutVersions(two, ['a2', 'a1'])).toEqual({
      kind: 'datanets',
      versions: [{ root: 'b', weight: 1 }]
    });
    expect(withoutVersions(two, ['a2', 'b'])).toBeUndefined();
  });

  it('keeps its purpose while versions come and go', () => {
    const said = withPurpose(withVersion(undefined, 'a', ['a']), 'research');
    expect(withVersion(said, 'b', ['b'])).toMatchObject({ purpose: 'research' });
    expect(withPurpose(said, undefined)).not.toHaveProperty('purpose');
  });

  it('is remembered as far as it is still there, also from pages that knew sets of rows only', () => {
    expect(readChoice('set')).toEqual({ kind: 'rows', rowSet: 'set' });
    const choice = withPurpose(withVersion(withVersion(undefined, 'a', ['a']), 'b', ['b']), 'research');
    expect(readChoice(JSON.parse(JSON.stringify(choice)))).toEqual(choice);
    expect(stillThere(choice, none, ['b'])).toEqual({
      kind: 'datanets',
      versions: [{ root: 'b', weight: 1 }],
      purpose: 'research'
    });
    expect(stillThere(choice, none, none)).toBeUndefined();
    expect(stillThere(readChoice('set'), ['set'], none)).toEqual({ kind: 'rows', rowSet: 'set' });
    expect(stillThere(readChoice('set'), none, none)).toBeUndefined();
  });

  it.each([null, 3, {}, { kind: 'rows' }, { kind: 'datanets', versions: [{ root: 'a' }] }])(
    'is nothing where what was remembered is damaged: %j',
    (value) => expect(readChoice(value)).toBeUndefined()
  );
});
