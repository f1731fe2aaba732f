import { describe, expect, it } from 'vitest';
import type { ContributionEntry, DatanetFacts, DatanetRow, Split } from '../datanets/datanet';
import type { Policy } from '../datanets/policy/policy';
import {
  loadTrainingData,
  nothingLeft,
  NothingAllowedError,
  requireAllowed,
  type OpenVersion
} from './training-data';

const row = (text: string, about: Partial<DatanetRow> = {}): DatanetRow => ({
  text,
  contributor: 'did:key:ines',
  ...about
});

const allowed: Policy = {
  training: { rule: 'allowed' },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'allowed' },
  display: { rule: 'allowed' },
  redistribution: { rule: 'allowed' }
};
const owner = { id: 'did:key:owner', name: 'Owner', agreement: 'did:key:other' };

interface About {
  policy?: Partial<Policy>;
  contributions?: ContributionEntry[];
  permissioned?: boolean;
  weight?: number;
  context?: Partial<OpenVersion['context']>;
  rows?: OpenVersion['rows'];
}

/** A version with these rows, of somebody else. */
function version(name: string, rows: DatanetRow[], about: About = {}): OpenVersion {
  const splits: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  for (const { split } of rows) splits[split ?? 'train'] += 1;
  return {
    id: `cid of ${name}`,
    weight: about.weight ?? 1,
    version: {
      kind: 'version',
      by: owner,
      created: '2026-01-01T00:00:00.000Z',
      datanet: `datanet ${name}`,
      number: 1,
      facts: { name, licence: { spdx: 'CC-BY-4.0' }, language: 'en' } as DatanetFacts,
      policy: { ...allowed, ...about.policy },
      permissioned: about.permissioned ?? false,
      contributors: [{ id: 'did:key:ines', name: 'Ines', role: 'light keeper' }],
      contributions: about.contributions ?? [],
      rows: { count: rows.length, root: `root of ${name}`, sha256: '', bytes: 0 },
      splits,
      files: [],
      changes: ''
    },
    context: {
      now: Date.parse('2026-06-01T00:00:00Z'),
      person: 'did:key:reader',
      withdrawn: new Set(),
      runs: { version: 0, grant: 0, contributions: new Map() },
      ...about.context
    },
    async *rows() {
      yield* rows;
    },
    ...(about.rows ? { rows: about.rows } : {})
  };
}

const contribution = (id: string, contributor: string, policy?: Policy): ContributionEntry => ({
  ...{ id, contributor, rows: 1, licence: { spdx: 'CC-BY-4.0' } },
  ...(policy ? { policy } : {})
});

const texts = (rows: readonly unknown[]) => rows.map((each) => (each as { text: string }).text);

const takenTexts = (counts: ReadonlyMap<string, number>, name: string) =>
  [...counts.keys()].filter((text) => text.startsWith(name));

describe('the rows of a run', () => {
  it('come in the order of the version, apart from those that are held out', async () => {
    const rows = [
      row('a'),
      row('b', { split: 'test' }),
      row('c', { split: 'train' }),
      row('d', { split: 'test' })
    ];
    const data = await loadTrainingData([version('one', rows)]);
    expect(texts(data.rows)).toEqual(['a', 'c']);
    expect(texts(data.heldOut)).toEqual(['b', 'd']);
    const validated = await loadTrainingData([version('one', [...rows, row('e', { split: 'validation' })])]);
    expect(texts(validated.heldOut)).toEqual(['e']);
    expect(texts(validated.rows)).toEqual(['a', 'c']);
  });

  it('are asked one by one, and what is refused is counted under its reason', async () => {
    const tobias = 'did:key:tobias';
    const rows = [
      row('a', { contribution: 'one' }),
      row('b', { contribution: 'two', contributor: tobias }),
      row('c', { contribution: 'two', contributor: tobias }),
      row('d'),
      row('e', { split: 'test', contribution: 'one' }),
      row('f', { split: 'test', contribution: 'two', contributor: tobias })
    ];
    const onlyTraining = { ...allowed, evaluation: { rule: 'forbidden' as const } };
    const data = await loadTrainingData([
      version('handbook', rows, {
        policy: { training: { rule: 'conditions', purposes: ['research', 'teaching'], attribution: true } },
        contributions: [contribution('one', 'did:key:ines', onlyTraining), contribution('two', tobias)],
        context: { withdrawn: new Set(['two']), purpose: 'research' }
      })
    ]);
    expect(texts(data.rows)).toEqual(['a', 'd']);
    expect(texts(data.heldOut)).toEqual([]);
    const takenBack = 'The contributor has taken the contribution back.';
    expect(data.versions).toEqual([
      {
        datanet: 'datanet handbook',
        name: 'handbook',
        root: 'root of handbook',
        number: 1,
        version: 'cid of handbook',
        permissioned: false,
        licence: { spdx: 'CC-BY-4.0' },
        language: 'en',
        weight: 1,
        purpose: 'research',
        rows: 2,
        heldOut: 0,
        contributions: { one: 1, '': 1 },
        contributors: { 'did:key:ines': 2 },
        attribution: [{ id: 'did:key:ines', name: 'Ines', role: 'light keeper' }],
        refusals: [
          { use: 'training', reason: takenBack, rows: 2, contributors: [tobias] },
          {
            use: 'evaluation',
            reason: expect.stringMatching(/rules of the contribution, .* is forbidden/) as string,
            rows: 1,
            contributors: ['did:key:ines']
          },
          { use: 'evaluation', reason: takenBack, rows: 1, contributors: [tobias] }
        ]
      }
    ]);
    expect(data.contributors).toEqual([{ id: 'did:key:ines', name: 'Ines', role: 'light keeper', rows: 2 }]);
    expect(data.purposes).toEqual(['research', 'teaching']);
    expect(() => requireAllowed(data)).not.toThrow();
  });

  it('that nobody granted are not even opened, beside others that are free', async () => {
    const sealed = version('sealed', [row('a'), row('b', { split: 'validation' })], {
      permissioned: true,
      rows: () => expect.unreachable()
    });
    const data = await loadTrainingData([sealed, version('open', [row('c')])]);
    expect(texts(data.rows)).toEqual(['c']);
    expect(data.versions[0]).toMatchObject({ rows: 0, heldOut: 0, contributions: {} });
    expect(data.versions[0].refusals).toEqual([
      {
        use: 'training',
        reason: 'This version needs a grant of its owner, and there is none.',
        rows: 1,
        contributors: ['did:key:ines']
      }
    ]);
    const own = { ...version('sealed', [row('a')], { permissioned: true, context: { person: owner.id } }) };
    expect((await loadTrainingData([own])).rows).toHaveLength(1);
  });

  it('may be used without being shown, except to who published them', async () => {
    const about = { policy: { display: { rule: 'forbidden' as const } } };
    const rows = [row('a'), row('b', { split: 'test' })];
    const { hidden } = await loadTrainingData([version('quiet', rows, about)]);
    expect(texts([...hidden])).toEqual(['a', 'b']);
    const own = version('quiet', rows, { ...about, context: { person: owner.id } });
    expect((await loadTrainingData([own])).hidden.size).toBe(0);
  });

  it('that are all refused are an error that says why', async () => {
    const closed = version('closed', [row('a'), row('b')], { policy: { training: { rule: 'forbidden' } } });
    const data = await loadTrainingData([closed]);
    expect(() => requireAllowed(data)).toThrow(NothingAllowedError);
    expect(() => requireAllowed(data)).toThrow(
      /"closed", 2 rows: By the rules of the Datanet, .* is forbidden\./
    );
    const spent = version('spent', [row('a')], {
      policy: { training: { rule: 'conditions', runs: 2 } },
      context: { runs: { version: 2, grant: 0, contributions: new Map() } }
    });
    expect(nothingLeft(await loadTrainingData([spent]))).toMatch(/all 2 runs .* used up/);
    const over = version('over', [row('a')], {
      policy: { training: { rule: 'conditions', expires: '2026-05-31T00:00:00Z' } }
    });
    expect(nothingLeft(await loadTrainingData([over]))).toMatch(/until 31 May 2026/);
  });

  it('that are only looked at are asked for evaluation', async () => {
    const policy = { training: { rule: 'forbidden' as const } };
    const closed = [version('one', [row('a'), row('b', { split: 'test' })], { policy })];
    expect((await loadTrainingData(closed)).rows).toEqual([]);
    expect(texts((await loadTrainingData(closed, { use: 'evaluation' })).rows)).toEqual(['a']);
    const forbidden = { ...policy, evaluation: { rule: 'forbidden' as const } };
    const shut = await loadTrainingData([version('two', [row('a')], { policy: forbidden })], {
      use: 'evaluation'
    });
    expect(shut.rows).toEqual([]);
    expect(shut.versions[0].refusals).toMatchObject([{ use: 'evaluation', rows: 1 }]);
  });

  it('of several versions are mixed by weight, and who wrote them is kept', async () => {
    const many = (name: string, count: number, contributor: string) =>
      Array.from({ length: count }, (_, i) => row(`${name}${i}`, { contributor, contribution: name }));
    const contributions = ['a', 'b', 'c'].map((name) => contribution(name, name));
    const versions = [
      version('a', many('a', 10, 'Ines'), { weight: 1, contributions }),
      version('b', many('b', 4, 'Wen'), { weight: 3, contributions }),
      version('c', many('c', 8, 'Wen'), { weight: 0.5, contributions }),
      version('none', [row('d')], { policy: { training: { rule: 'forbidden' } } })
    ];
    const data = await loadTrainingData(versions, { seed: 5 });
    const counts = new Map<string, number>();
    for (const text of texts(data.rows)) counts.set(text, (counts.get(text) ?? 0) + 1);
    const takenOf = (name: string) => takenTexts(counts, name).map((text) => counts.get(text));
    expect(takenOf('a')).toEqual(Array.from({ length: 10 }, () => 1));
    expect(takenOf('b')).toEqual([3, 3, 3, 3]);
    expect(takenOf('c')).toEqual([1, 1, 1, 1]);
    expect(data.versions.map(({ rows }) => rows)).toEqual([10, 4, 4, 0]);
    expect(data.versions[2].contributions).toEqual({ c: 4 });
    expect(data.contributors.map(({ id, rows }) => [id, rows])).toEqual([
      ['Ines', 10],
      ['Wen', 8]
    ]);
    // In the order in which they were contributed they are as the versions have them, each once.
    const inOrder = texts(data.contributed);
    expect(inOrder.slice(0, 14)).toEqual(texts([...many('a', 10, ''), ...many('b', 4, '')]));
    expect(inOrder.slice(14)).toEqual(takenTexts(counts, 'c').sort());
    // The same seed takes the same rows in the same order, another one does not.
    expect(texts((await loadTrainingData(versions, { seed: 5 })).rows)).toEqual(texts(data.rows));
    expect(texts((await loadTrainingData(versions, { seed: 6 })).rows)).not.toEqual(texts(data.rows));
  });

  it('stop being read when asked', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(loadTrainingData([version('one', [row('a')])], { signal })).rejects.toThrow('enough');
  });
});
