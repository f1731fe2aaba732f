import { describe, expect, it } from 'vitest';
import { readChoice, stillThere, withoutDatanet, withPurpose, withVersion, withWeight } from './choice';

describe('what is chosen to train on', () => {
  it('is one set of rows, or some versions, and never two of one Datanet', () => {
    const one = withVersion({ kind: 'rows', rowSet: 'set' }, 'a', 'a2');
    expect(one).toEqual({ kind: 'datanets', versions: [{ datanet: 'a', root: 'a2', weight: 1 }] });
    const two = withVersion(withWeight(one, 'a', 3), 'b', 'b1');
    expect(two).toEqual({
      kind: 'datanets',
      versions: [
        { datanet: 'a', root: 'a2', weight: 3 },
        { datanet: 'b', root: 'b1', weight: 1 }
      ]
    });
    // The older version takes the place and the weight of the newer.
    expect(withVersion(two, 'a', 'a1')).toMatchObject({ versions: [{ root: 'a1', weight: 3 }, {}] });
    expect(withoutDatanet(two, 'a')).toEqual({
      kind: 'datanets',
      versions: [{ datanet: 'b', root: 'b1', weight: 1 }]
    });
    expect(withoutDatanet(withoutDatanet(two, 'a'), 'b')).toBeUndefined();
  });

  it('keeps its purpose while versions come and go', () => {
    const said = withPurpose(withVersion(undefined, 'a', 'a1'), 'research');
    expect(withVersion(said, 'b', 'b1')).toMatchObject({ purpose: 'research' });
    expect(withPurpose(said, undefined)).not.toHaveProperty('purpose');
  });

  it('is remembered as far as it is still there, also from pages that knew sets of rows only', () => {
    expect(readChoice('set')).toEqual({ kind: 'rows', rowSet: 'set' });
    const choice = withPurpose(withVersion(withVersion(undefined, 'a', 'a1'), 'b', 'b1'), 'research');
    expect(readChoice(JSON.parse(JSON.stringify(choice)))).toEqual(choice);
    expect(stillThere(choice, [], [{ datanet: 'b', root: 'b1' }])).toEqual({
      kind: 'datanets',
      versions: [{ datanet: 'b', root: 'b1', weight: 1 }],
      purpose: 'research'
    });
    expect(stillThere(choice, [], [])).toBeUndefined();
    expect(stillThere(readChoice('set'), ['set'], [])).toEqual({ kind: 'rows', rowSet: 'set' });
    expect(stillThere(readChoice('set'), [], [])).toBeUndefined();
  });

  it.each([null, 3, {}, { kind: 'rows' }, { kind: 'datanets', versions: [{ root: 'a' }] }])(
    'is nothing where what was remembered is damaged: %j',
    (value) => expect(readChoice(value)).toBeUndefined()
  );
});
