import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { TabtuneError } from '../../errors';
import { normalPolicy } from '../policy/combine';
import type { Version } from '../trust/statements';
import { FACTS, POLICY, someRoot } from '../trust/testing';
import { CROISSANT_VERSION, croissantOf } from './croissant';
import { NotCroissantError, readCroissant } from './read-croissant';

const OWNER = {
  id: 'did:key:zDnaeTiq1PdzvZXUaMdezchcMJQpBdH2VN4pgrrEhMCCmwSa4',
  name: 'Ada',
  agreement: 'did:key:zDn'
};
const SHA256 = '3'.repeat(64);

function versionOf(more: Partial<Version> = {}): Omit<Version, 'files'> {
  return {
    kind: 'version',
    by: OWNER,
    created: '2026-11-24T09:30:00.000Z',
    datanet: '6f9c1c5e-0000-4000-8000-000000000001',
    number: 2,
    facts: FACTS,
    policy: POLICY,
    contributors: [
      { id: OWNER.id, name: 'Ada', role: 'harbour master' },
      { id: 'Bo', name: '' }
    ],
    contributions: [],
    rows: { count: 2, root: someRoot('2'), sha256: SHA256, bytes: 100 },
    splits: { train: 1, validation: 0, test: 1 },
    permissioned: false,
    previous: someRoot('1'),
    changes: 'More',
    ...more
  };
}

const FILE = { name: 'rows.jsonl', bytes: 100, sha256: SHA256 };
const ALL_FIELDS = new Set([
  'text',
  'messages',
  'contributor',
  'source',
  'licence',
  'contribution',
  'split',
  'tags',
  'drafted'
]);

interface Described {
  recordSet?: { '@id': string; field: { '@id': string }[] }[];
  [key: string]: unknown;
}

describe('a version as Croissant', () => {
  it('has every property that Croissant 1.1 requires, and the file with its digest', () => {
    const croissant = croissantOf(versionOf(), FILE, ALL_FIELDS);
    expect(croissant).toMatchObject({
      '@type': 'sc:Dataset',
      conformsTo: CROISSANT_VERSION,
      name: 'Pelhaven',
      description: FACTS.description,
      license: 'https://spdx.org/licenses/CC-BY-4.0',
      url: 'urn:uuid:6f9c1c5e-0000-4000-8000-000000000001',
      creator: [
        { '@type': 'sc:Person', name: 'Ada', identifier: OWNER.id },
        { '@type': 'sc:Person', name: 'Bo', identifier: 'Bo' }
      ],
      datePublished: '2026-11-24T09:30:00.000Z',
      version: '2.0.0',
      isLiveDataset: false,
      identifier: someRoot('2'),
      distribution: [
        { '@type': 'cr:FileObject', contentUrl: 'rows.jsonl', contentSize: '100 B', sha256: SHA256 }
      ]
    });
    expect(JSON.stringify(croissant)).not.toContain('undefined');
  });

  it('describes the fields that rows have, and no others', () => {
    const fieldsOf = (fields: Set<string>) => {
      const { recordSet } = croissantOf(versionOf(), FILE, fields) as Described;
      return recordSet?.map((set) => [set['@id'], ...set.field.map((field) => field['@id'])]);
    };
    expect(fieldsOf(new Set(['text', 'contributor']))).toEqual([['rows', 'rows/text', 'rows/contributor']]);
    expect(fieldsOf(ALL_FIELDS)?.map((set) => set.length)).toEqual([3, 10]);
  });

  it('says of sealed rows that they are sealed, and nothing of what is in them', () => {
    const sealed = { ...FILE, name: 'rows.sealed' };
    const croissant = croissantOf(versionOf({ permissioned: true }), sealed, ALL_FIELDS);
    expect(croissant).toMatchObject({
      isAccessibleForFree: false,
      distribution: [{ '@id': 'rows.sealed', encodingFormat: 'application/octet-stream' }]
    });
    expect(croissant).not.toHaveProperty('recordSet');
  });

  it('comes back as the facts and the policy that it was made of', () => {
    const { facts, policy, creators, files } = readCroissant(
      JSON.parse(JSON.stringify(croissantOf(versionOf(), FILE, ALL_FIELDS)))
    );
    expect(facts).toEqual(FACTS);
    expect(policy).toEqual(normalPolicy(POLICY));
    expect(creators).toEqual(['Ada', 'Bo']);
    expect(files).toEqual([
      { name: 'rows.jsonl', url: 'rows.jsonl', format: 'application/jsonlines', sha256: SHA256 }
    ]);
  });

  it('keeps a licence of one’s own, and an expression, in its words', () => {
    for (const spdx of ['LicenseRef-Pelhaven', 'MIT OR Apache-2.0', 'CC0-1.0']) {
      const version = versionOf({ facts: { ...FACTS, licence: { spdx } } });
      expect(readCroissant(croissantOf(version, FILE, ALL_FIELDS)).facts.licence).toEqual({ spdx });
    }
  });
});

describe('somebody else’s Croissant', () => {
  it('is read in the forms that hubs write', () => {
    const theirs = {
      '@context': { '@vocab': 'https://schema.org/' },
      '@type': ['sc:Dataset'],
      conformsTo: 'http://mlcommons.org/croissant/1.0',
      'sc:name': { en: 'Tides' },
      description: [{ '@value': 'High and low', '@language': 'en' }],
      license: {
        '@type': 'sc:CreativeWork',
        name: 'CC BY',
        url: 'https://creativecommons.org/licenses/by-nc-sa/4.0/'
      },
      creator: { '@type': 'Organization', name: 'Harbour', url: 'https://example.org' },
      keywords: ['tides, sea', { '@type': 'DefinedTerm', name: 'water' }, 'sea'],
      inLanguage: { '@type': 'Language', name: 'de' },
      usageInfo: { '@type': 'DefinedTerm', name: 'General Research Use' },
      distribution: [
        {
          '@type': 'cr:FileObject',
          '@id': 'repo',
          contentUrl: 'https://example.org/r',
          encodingFormat: 'git+https',
          sha256: 'x'
        },
        { '@type': 'cr:FileSet', '@id': 'files', includes: '*.parquet' }
      ]
    };
    expect(readCroissant(theirs)).toEqual({
      facts: {
        name: 'Tides',
        description: 'High and low',
        tags: ['tides', 'sea', 'water'],
        language: 'de',
        licence: { spdx: 'CC-BY-NC-SA-4.0', evidence: 'https://creativecommons.org/licenses/by-nc-sa/4.0/' }
      },
      creators: ['Harbour'],
      files: [{ name: 'repo', url: 'https://example.org/r', format: 'git+https' }]
    });
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['another thing', { '@type': 'Person', distribution: [] }],
    ['a dataset of schema.org alone', { '@type': 'Dataset', name: 'a' }]
  ])('is not %s', (_, json) => {
    expect(() => readCroissant(json)).toThrow(NotCroissantError);
  });

  it('whatever it holds, is read or refused', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const keys = [
      'name',
      'license',
      'creator',
      'keywords',
      'usageInfo',
      'publisher',
      'inLanguage',
      'distribution'
    ];
    const document = fc.record(Object.fromEntries(keys.map((key) => [key, value])), {
      requiredKeys: ['distribution']
    });
    fc.assert(
      fc.property(
        fc.oneof(
          value,
          document.map((object) => ({ ...object, '@type': 'sc:Dataset' }))
        ),
        (json) => {
          try {
            const { facts, creators, files } = readCroissant(json);
            for (const text of [
              facts.name ?? '',
              facts.licence?.spdx ?? '',
              ...creators,
              ...files.map(({ url }) => url)
            ]) {
              expect(typeof text).toBe('string');
            }
          } catch (error) {
            if (!(error instanceof TabtuneError)) throw error;
          }
        }
      ),
      fuzz(100)
    );
  });
});
