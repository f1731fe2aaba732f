import { describe, expect, it } from 'vitest';
import type { Policy } from '../../policy/policy';
import { licenceChoices } from './expression';
import { checkLicence, licenceConflicts } from './licence';

const OPEN: Policy = {
  training: { rule: 'allowed' },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'allowed' },
  display: { rule: 'allowed' },
  redistribution: { rule: 'allowed' }
};

const kinds = (licence: string, target: string, policy: Policy = OPEN) =>
  licenceConflicts(licence, { licence: { spdx: target }, policy }).map(({ kind }) => kind);

describe('licences of rows in a Datanet', () => {
  it.each<[string, string, string[]]>([
    // What fits.
    ['CC0-1.0', 'CC-BY-4.0', []],
    ['CC-BY-4.0', 'CC-BY-4.0', []],
    ['CC-BY-4.0', 'CC-BY-SA-4.0', []],
    ['CC-BY-3.0', 'CC-BY-NC-4.0', []],
    ['CC-BY-SA-3.0', 'CC-BY-SA-4.0', []],
    ['CC-BY-SA-4.0', 'GPL-3.0-only', []],
    ['GPL-3.0-or-later', 'GPL-3.0-only', []],
    ['GPL-2.0-or-later', 'AGPL-3.0-only', []],
    ['CC-BY-NC-4.0', 'CC-BY-NC-4.0', []],
    ['CC-BY-NC-SA-4.0', 'CC-BY-NC-SA-4.0', []],
    ['MIT', 'Apache-2.0', []],
    ['CC-BY-SA-4.0 OR MIT', 'CC-BY-4.0', []],
    ['CC-BY-NC-4.0', 'LicenseRef-ours', []],
    // What does not.
    ['CC-BY-NC-4.0', 'CC-BY-4.0', ['non-commercial']],
    ['CC-BY-NC-SA-4.0', 'CC-BY-SA-4.0', ['non-commercial', 'share-alike']],
    ['CC-BY-ND-4.0', 'CC-BY-4.0', ['no-derivatives']],
    ['CC-BY-SA-4.0', 'CC-BY-4.0', ['share-alike']],
    ['CC-BY-SA-4.0', 'CC-BY-SA-3.0', ['share-alike']],
    ['GPL-3.0-only', 'GPL-2.0-only', ['share-alike']],
    ['AGPL-3.0-only', 'GPL-3.0-only', ['share-alike']],
    ['ODbL-1.0', 'CC-BY-SA-4.0', ['share-alike']],
    ['CC-BY-4.0', 'CC0-1.0', ['attribution']],
    ['CC-BY-NC-4.0 AND MIT', 'CC-BY-4.0', ['non-commercial']],
    ['CC-BY-SA-4.0', 'CC-BY-4.0 OR CC-BY-SA-4.0', ['share-alike']],
    // What somebody has to read.
    ['LicenseRef-theirs', 'CC-BY-4.0', ['own-terms']],
    ['Zlib', 'CC-BY-4.0', ['unknown-terms']],
    ['free for all', 'CC-BY-4.0', ['no-expression']],
    ['', 'CC-BY-4.0', ['no-expression']]
  ])('%j into %j: %j', (licence, target, expected) => {
    expect(kinds(licence, target)).toEqual(expected);
  });

  it('asks the policy: what is not passed on is not bound by share-alike, what is not trained on may be left unchanged', () => {
    expect(kinds('CC-BY-SA-4.0', 'CC-BY-4.0', { ...OPEN, redistribution: { rule: 'forbidden' } })).toEqual(
      []
    );
    const conflicts = (training: Policy['training']) =>
      licenceConflicts('CC-BY-ND-4.0', { licence: { spdx: 'CC-BY-4.0' }, policy: { ...OPEN, training } });
    expect(conflicts({ rule: 'allowed' })).toMatchObject([{ severity: 'error' }]);
    expect(conflicts({ rule: 'forbidden' })).toMatchObject([{ severity: 'warning' }]);
  });

  it('looks at a row’s own licence, else at that of its contribution', () => {
    const check = checkLicence(
      { licence: { spdx: 'CC-BY-4.0' }, policy: OPEN },
      new Map([['bafy1', { spdx: 'CC-BY-NC-4.0' }]])
    );
    const row = { text: 'a', contributor: 'Ada' };
    expect(check({ key: 0, row })).toEqual([]);
    expect(check({ key: 1, row: { ...row, contribution: 'bafy1' } })).toMatchObject([
      { row: 1, kind: 'non-commercial' }
    ]);
    expect(check({ key: 2, row: { ...row, contribution: 'bafy1', licence: 'CC0-1.0' } })).toEqual([]);
    expect(check({ key: 3, row: { ...row, licence: 'nonsense' } })).toMatchObject([
      { row: 3, check: 'licence', severity: 'error' }
    ]);
  });
});

describe('licence expressions', () => {
  it('are read as choices', () => {
    expect(licenceChoices('MIT AND (Apache-2.0 OR CC0-1.0)')).toEqual([
      ['MIT', 'Apache-2.0'],
      ['MIT', 'CC0-1.0']
    ]);
    expect(licenceChoices('GPL-2.0+')).toEqual([['GPL-2.0+']]);
    expect(licenceChoices(`(${'('.repeat(600)}MIT`)).toBeUndefined();
    expect(licenceChoices(Array.from({ length: 12 }, () => '(MIT OR ISC)').join(' AND '))).toBeUndefined();
  });
});
