import { describe, expect, it } from 'vitest';
import type { DatanetSummary, DatanetWorker, VersionSummary } from '$lib/workers/datanets/protocol';
import type { DataWorker, RowSetSummary, TrainingChoice, TrainingOutlook } from '$lib/workers/protocol';
import { fakeClient, memoryStorage } from '../testing';
import { DataState, NoVersionError } from './data.svelte';

const version = (root: string, number: number) => ({ root, number }) as VersionSummary;
const datanet = (id: string, head?: VersionSummary) =>
  ({ id, datanet: `of ${id}`, role: 'owner', head }) as DatanetSummary;
const outlook: TrainingOutlook = {
  ...{ name: 'Tides', rows: 3, heldOut: 1, versions: [], contributors: [], purposes: [] }
};

/** A data state over a worker that holds these Datanets, and one set of rows. */
function started(datanets: DatanetSummary[], storage = memoryStorage()) {
  const asked: TrainingChoice[] = [];
  const opened: File[] = [];
  const worker: Partial<DataWorker & DatanetWorker> = {
    rowSets: async () => [{ id: 'set', problemCount: 0 } as RowSetSummary],
    list: async () => datanets,
    detail: async (id) =>
      ({ id, versions: [version('a1', 1), version('a3', 3), version('a2', 2)] }) as Awaited<
        ReturnType<DatanetWorker['detail']>
      >,
    outlook: async (choice) => {
      asked.push(choice);
      return outlook;
    },
    questions: async () => ['Why?'],
    rowProblems: async () => [],
    siteFile: async (address) => new File([], address.slice(address.lastIndexOf('/') + 1)),
    open: async (source) => {
      opened.push(source as File);
      const kind = (source as File).name.startsWith('proposal') ? 'contribution' : 'version';
      return { received: 'received', kind, effect: 'Adds a proposal.' } as Awaited<
        ReturnType<DatanetWorker['open']>
      >;
    },
    keep: async () => {
      datanets.push(datanet('kept', version('k', 1)));
      return 'kept';
    }
  };
  const data = new DataState(fakeClient<DataWorker & DatanetWorker>(worker), storage, '/starter/datanet/');
  return { data, asked, opened, storage };
}
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('the data of a run', () => {
  it('is any version of Datanets here, the newest first', async () => {
    const { data } = started([
      datanet('a', version('a3', 3)),
      datanet('draft'),
      datanet('b', version('b', 1))
    ]);
    await data.restore();
    const roots = data.datanets.map(({ versions }) => versions.map(({ root }) => root));
    expect(roots).toEqual([['a3', 'a2', 'a1'], ['b']]);
  });

  it('is looked at when it is chosen, and remembered', async () => {
    const { data, asked, storage } = started([datanet('a', version('a3', 3)), datanet('b', version('b', 1))]);
    await data.restore();
    const [a, b] = data.datanets;
    data.chooseVersion(a, 'a2');
    data.chooseVersion(b, 'b');
    data.setWeight(b, 2);
    data.setWeight(b, Number.NaN);
    data.setPurpose('research');
    await settled();
    const choice = {
      kind: 'datanets',
      versions: [
        { datanet: 'of a', root: 'a2', weight: 1 },
        { datanet: 'of b', root: 'b', weight: 2 }
      ],
      purpose: 'research'
    };
    expect(data.choice).toEqual(choice);
    expect(asked.at(-1)).toEqual(choice);
    expect([data.outlook, data.questions]).toEqual([outlook, ['Why?']]);
    const later = started([datanet('b', version('b', 1))], storage);
    await later.data.restore();
    expect(later.data.choice).toEqual({ ...choice, versions: [{ datanet: 'of b', root: 'b', weight: 2 }] });
    later.data.chooseSet('set');
    expect(later.data.set?.id).toBe('set');
    expect(later.data.chosenOf(b)).toBeUndefined();
  });

  it('stays the version that was chosen, and the newer one is offered', async () => {
    const versions = [datanet('a', version('a3', 3))];
    const { data } = started(versions);
    await data.restore();
    const [a] = data.datanets;
    expect(data.newerOf(a)).toBeUndefined();
    data.chooseVersion(a, 'a2');
    await data.lookAgain();
    expect(data.chosenOf(data.datanets[0])?.root).toBe('a2');
    expect(data.newerOf(data.datanets[0])).toMatchObject({ root: 'a3', number: 3 });
    data.chooseVersion(data.datanets[0], 'a3');
    expect(data.newerOf(data.datanets[0])).toBeUndefined();
  });

  it('is the starter alone once its bundle is kept', async () => {
    const { data, opened } = started([datanet('a', version('a3', 3))]);
    await data.restore();
    data.chooseVersion(data.datanets[0], 'a3');
    await data.importStarter();
    expect(opened.map(({ name }) => name)).toEqual(['pelhaven.datanet']);
    expect(data.choice).toEqual({
      kind: 'datanets',
      versions: [{ datanet: 'of kept', root: 'k', weight: 1 }]
    });
    await data.importFile(new File([], 'Other.DATANET'));
    expect(opened.at(-1)?.name).toBe('Other.DATANET');
    expect([data.importing, data.error]).toEqual([undefined, undefined]);
    const before = data.datanets.length;
    await data.importFile(new File([], 'proposal.datanet'));
    expect(data.error).toBeInstanceOf(NoVersionError);
    expect(data.datanets).toHaveLength(before);
  });
});
