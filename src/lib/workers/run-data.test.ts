import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DatanetRow } from '../datanets/datanet';
import { Store } from '../datanets/store/store';
import { NotStoredError } from '../datanets/store/store-errors';
import { createIdentity } from '../datanets/trust/identity';
import { createDataKey, rewrapKey } from '../datanets/trust/wrap';
import { TabtuneError } from '../errors';
import { loadRunData, outlookOf, questionsOf } from './run-data';
import { keepReceived, keepStatement, keepVersion, openPolicy, owner } from './testing-versions';

let store: Store;
let count = 0;
beforeEach(async () => {
  count += 1;
  store = await Store.open(`run-data-${count}`);
});
afterEach(() => store.close());

const chat = (question: string, about: Partial<DatanetRow> = {}): DatanetRow => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: `The answer to ${question}` }
  ],
  contributor: 'Ines',
  ...about
});
const choose = (...names: string[]) => ({
  kind: 'datanets' as const,
  versions: names.map((name) => ({ datanet: `datanet-${name}`, root: `root ${name}`, weight: 1 }))
});

describe('versions that a run is to use', () => {
  it('are read in their order, and named', async () => {
    await keepVersion(store, 'tides', [
      chat('a', { source: 'Log' }),
      chat('b'),
      chat('c', { split: 'test' })
    ]);
    await keepVersion(store, 'boats', [{ text: 'Ropes.', contributor: 'Tobias' }], { number: 3 });
    const alone = await loadRunData(store, choose('tides'));
    expect(alone.rows).toEqual([chat('a', { source: 'Log' }), chat('b')]);
    const data = await loadRunData(store, choose('tides', 'boats'));
    expect(data.rows).toHaveLength(3);
    expect(data.rows).toEqual(
      expect.arrayContaining([...alone.rows, { text: 'Ropes.', contributor: 'Tobias' }])
    );
    expect(data.heldOut).toEqual([chat('c', { split: 'test' })]);
    expect(outlookOf(data)).toMatchObject({
      name: 'tides, version 1 and boats, version 3',
      rows: 3,
      heldOut: 1,
      contributors: [
        { name: 'Ines', rows: 2 },
        { name: 'Tobias', rows: 1 }
      ]
    });
    expect(outlookOf(data)).not.toHaveProperty('nothing');
    expect(questionsOf(data, 5)).toEqual(['c']);
    await expect(loadRunData(store, choose('nowhere'))).rejects.toThrow(NotStoredError);
  });

  it('are those of their own Datanet, where another has the same rows under other rules', async () => {
    const rows = { count: 1, root: 'same', sha256: '', bytes: 0 };
    const policy = { ...openPolicy, training: { rule: 'forbidden' as const } };
    await keepVersion(store, 'closed', [chat('a')], { rows, policy, number: 2 });
    await keepVersion(store, 'open', [chat('a')], { rows });
    const outlookFor = async (name: string) =>
      outlookOf(
        await loadRunData(store, {
          kind: 'datanets',
          versions: [{ datanet: `datanet-${name}`, root: 'same', weight: 1 }]
        })
      );
    expect(await outlookFor('open')).toMatchObject({ name: 'open, version 1', rows: 1 });
    expect((await outlookFor('closed')).nothing).toMatch(/"closed", 1 row: .* is forbidden/);
  });

  it('lose what was taken back by whoever made it, and by nobody else', async () => {
    const entry = (id: string, contributor: string) => ({
      ...{ id, contributor, licence: { spdx: 'CC0-1.0' }, rows: 1 }
    });
    const rows = [chat('a', { contribution: 'one' }), chat('b', { contribution: 'two', contributor: 'Wen' })];
    await keepVersion(store, 'tides', rows, {
      contributions: [entry('one', 'Ines'), entry('two', 'Wen')]
    });
    const take = (contribution: string, id: string) =>
      keepStatement(store, `${id} takes ${contribution}`, {
        ...{ kind: 'withdrawal', datanet: 'datanet-tides', contribution, reason: 'Mine', created: '' },
        by: { id, name: id, agreement: '' }
      });
    await take('one', 'Wen');
    expect((await loadRunData(store, choose('tides'))).rows).toHaveLength(2);
    await take('two', 'Wen');
    const data = await loadRunData(store, choose('tides'));
    expect(data.rows).toEqual([rows[0]]);
    expect(data.versions[0]).toMatchObject({
      contributions: { one: 1 },
      refusals: [{ use: 'training', rows: 1, contributors: ['Wen'] }]
    });
    await take('one', 'Ines');
    expect(outlookOf(await loadRunData(store, choose('tides'))).nothing).toMatch(
      /taken the contribution back/
    );
  });

  it('ask for a purpose where some rule names one', async () => {
    const training = { rule: 'conditions' as const, purposes: ['research'] };
    await keepVersion(store, 'tides', [chat('a')], { policy: { ...openPolicy, training } });
    const outlook = outlookOf(await loadRunData(store, choose('tides')));
    expect(outlook).toMatchObject({ rows: 0, purposes: ['research'], nothing: expect.any(String) as string });
    const said = await loadRunData(store, { ...choose('tides'), purpose: 'research' });
    expect(said.rows).toHaveLength(1);
    expect(said.versions[0].purpose).toBe('research');
  });

  it('that were received sealed are opened with the key of the grant, and with no other', async () => {
    const [publisher, reader] = await Promise.all([createIdentity('Ines'), createIdentity('Wen')]);
    await store.identities.add(reader);
    const { key, wrapped } = await createDataKey(publisher.person.agreement);
    const rows = [chat('a'), chat('b', { split: 'validation' })];
    const { cid: version, root, signed } = await keepReceived(store, publisher, rows, key);
    const { datanet } = signed.statement;
    const received = { kind: 'datanets' as const, versions: [{ datanet, root, weight: 1 }] };
    expect(outlookOf(await loadRunData(store, received)).nothing).toMatch(/needs a grant/);
    const grant = (cid: string, agreement: string) =>
      rewrapKey(wrapped, publisher, agreement).then((sealed) =>
        keepStatement(store, cid, {
          ...{ kind: 'access-grant', by: publisher.person, created: '', datanet, version, root },
          ...{ to: reader.person, uses: ['training', 'evaluation'], conditions: {}, key: sealed }
        })
      );
    await grant('wrapped for the publisher', publisher.person.agreement);
    await expect(loadRunData(store, received)).rejects.toThrow(TabtuneError);
    await grant('wrapped for the reader', reader.person.agreement);
    const data = await loadRunData(store, received);
    expect([data.rows, data.heldOut]).toEqual([[rows[0]], [rows[1]]]);
    expect(data.versions[0]).toMatchObject({ permissioned: true, grant: 'wrapped for the reader' });
  });

  it('that are permissioned need a grant for this person that holds', async () => {
    const identity = { person: { id: 'did:key:me', name: 'Me', agreement: '' } };
    await store.identities.add(identity as Parameters<Store['identities']['add']>[0]);
    const { cid: version, root } = await keepVersion(store, 'sealed', [chat('a')], { permissioned: true });
    const grant = (cid: string, to: string, expires: string) =>
      keepStatement(store, cid, {
        ...{ kind: 'access-grant', by: owner, created: '', datanet: 'datanet-sealed', version, root },
        to: { id: to, name: to, agreement: '' },
        uses: ['training'],
        conditions: { expires },
        key: { algorithm: 'ECDH-ES+A256KW', ephemeral: '', value: '' }
      });
    const refusal = async () => outlookOf(await loadRunData(store, choose('sealed'))).nothing;
    expect(await refusal()).toMatch(/needs a grant/);
    await grant('for another', 'did:key:other', '2999-01-01T00:00:00Z');
    expect(await refusal()).toMatch(/needs a grant/);
    await grant('over', 'did:key:me', '2020-01-01T00:00:00Z');
    expect(await refusal()).toMatch(/By the grant/);
    await grant('holds', 'did:key:me', '2999-01-01T00:00:00Z');
    const data = await loadRunData(store, choose('sealed'));
    expect(data.rows).toEqual([chat('a')]);
    expect(data.versions[0].grant).toBe('holds');
    // Training was granted, and nothing else: what is not shown is not asked about either.
    expect(data.hidden.size).toBe(1);
    expect(questionsOf(data, 5)).toEqual([]);
    await keepStatement(store, 'ended', {
      ...{ kind: 'revocation', by: owner, created: '', datanet: 'datanet-sealed', grant: 'holds' },
      reason: 'Enough'
    });
    expect(await refusal()).toMatch(/By the grant|revoked/);
  });
});
