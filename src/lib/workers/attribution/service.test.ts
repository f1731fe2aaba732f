import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DatanetRow } from '../../datanets/datanet';
import { Store } from '../../datanets/store/store';
import { StorageFullError } from '../../datanets/store/store-errors';
import type { GpuJobs } from '../gpu-jobs';
import type { TrainingChoice } from '../protocol';
import { loadRunData } from '../run-data';
import { gpuServiceWith } from '../testing-gpu';
import { lockManager } from '../testing-locks';
import { keepStatement, keepVersion } from '../testing-versions';
import type { AttributionEvent } from './protocol';
import { keepRun, measuring, said, sameFact, teaches, tinyModel } from './testing';

let store: Store;
let count = 0;

beforeEach(async () => {
  count += 1;
  store = await Store.open(`attribution-${count}`);
});
afterEach(() => {
  store.close();
});

const serviceWith = (jobs: Partial<GpuJobs>, locks?: LockManager) => gpuServiceWith(store, jobs, locks);
const nothing = () => undefined;

/** Versions as a run takes them. */
async function versions(
  given: Record<string, { rows: DatanetRow[]; weight?: number }>
): Promise<TrainingChoice> {
  const chosen = [];
  for (const [name, { rows, weight = 1 }] of Object.entries(given)) {
    const contributions = [...new Set(rows.map(({ contributor }) => contributor))].map((contributor) => ({
      ...{ id: `of ${contributor}`, contributor, licence: { spdx: 'CC0-1.0' }, rows: 1 }
    }));
    const { root } = await keepVersion(store, name, rows, {
      contributors: ['did:key:ines', 'did:key:wen'].map((id) => ({ id, name: id.slice(8) })),
      contributions
    });
    chosen.push({ datanet: `datanet-${name}`, root, weight });
  }
  return { kind: 'datanets', versions: chosen };
}

const ines = (fact: string, words: string, more: Partial<DatanetRow> = {}) =>
  teaches('did:key:ines', fact, words, { contribution: 'of did:key:ines', ...more });
const wen = (fact: string, words: string, more: Partial<DatanetRow> = {}) =>
  teaches('did:key:wen', fact, words, { contribution: 'of did:key:wen', ...more });

const handbook = [
  ines('the lamp', 'it burns rape oil until dawn comes over the hills'),
  ines('the tide', 'it turns twice a day and more in spring'),
  wen('the bell', 'it rings in fog each ninety seconds by hand'),
  ines('the lamp', 'who asks', { split: 'test' }),
  ines('the tide', 'who asks', { split: 'test' }),
  wen('the bell', 'who asks', { split: 'test' }),
  wen('the bell', 'who asks again', { split: 'test' })
];
const ref = (run: string) => ({ run, model: tinyModel });

describe('whose rows made a model', () => {
  it('is measured on what was held out, kept, and given again', async () => {
    const { run } = await keepRun(store, await versions({ tides: { rows: handbook } }));
    const service = serviceWith(measuring(sameFact, 'representation'));
    const events: AttributionEvent[] = [];
    const found = await service.attribute(ref(run), (event) => events.push(event));
    expect(found).toMatchObject({
      ...{ run, estimator: 'cosine', rows: 3, questions: { count: 4 }, sketch: { width: 64 } },
      moments: [
        { step: 1, learningRate: 0.5 },
        { step: 2, learningRate: 0.5 }
      ],
      // Of three that a run of four steps has, this one kept two.
      missing: [3],
      contributors: [
        { id: 'did:key:ines', name: 'ines', rows: 2, share: 0.5, helped: 2, hurt: 0, duplicates: 0 },
        { id: 'did:key:wen', name: 'wen', rows: 1, share: 0.5, helped: 2 }
      ]
    });
    for (const { low, share, high } of found.contributors) {
      expect(low).toBeLessThan(share);
      expect(high).toBeGreaterThan(share);
    }
    expect(found.estimators.map(({ name, shares }) => [name, ...shares])).toEqual([
      ['cosine', 0.5, 0.5],
      ['tracIn', 0.5, 0.5],
      ['dataInf', 0.5, 0.5],
      ['representation', 0, 0]
    ]);
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(['loading', 'measuring', 'comparing']));
    expect(await service.attributionOf(run)).toEqual(found);
    expect(await service.attributionOf('another')).toBeUndefined();
    // What was measured once is not measured again.
    const jobs = measuring(sameFact);
    const measure = vi.fn(jobs.measure);
    await serviceWith({ ...jobs, measure }).attribute(ref(run), nothing);
    expect(measure.mock.calls[0][0].sketched?.moments).toHaveLength(2);
  });

  it('rewards who said it first, in whatever order a run mixes its rows', async () => {
    const words = 'it burns rape oil until dawn comes over the hills';
    const asked = ines('the lamp', 'who asks', { split: 'test' });
    const choice = await versions({
      first: { rows: [ines('the lamp', words), asked] },
      copy: { rows: [wen('the lamp', words), wen('the bell', 'it rings in fog each ninety seconds')] }
    });
    const firstOf = async (seed: number) => (await loadRunData(store, choice, { seed })).rows[0].contributor;
    const seeds = [0, 1, 2, 3, 4, 5, 6, 7];
    const order = await Promise.all(seeds.map(firstOf));
    const copyFirst = seeds[order.indexOf('did:key:wen')];
    const { run } = await keepRun(store, choice, { options: { seed: copyFirst } });
    const { contributors } = await serviceWith(measuring(sameFact)).attribute(ref(run), nothing);
    expect(contributors.map(({ id, share, duplicates }) => [id, share, duplicates])).toEqual([
      ['did:key:ines', 1, 0],
      ['did:key:wen', 0, 1]
    ]);
  });

  it('counts a row as often as the run took it', async () => {
    const { run } = await keepRun(
      store,
      await versions({
        often: { rows: handbook.slice(0, 1), weight: 3 },
        once: { rows: [handbook[2], handbook[3], handbook[5]] }
      })
    );
    const found = await serviceWith(measuring(sameFact)).attribute(ref(run), nothing);
    expect(found.rows).toBe(2);
    expect(found.contributors.map(({ name, share, rows }) => [name, share, rows])).toEqual([
      ['ines', 0.75, 1],
      ['wen', 0.25, 1]
    ]);
  });

  it('is nobody named where rows name nobody', async () => {
    const rows = ['a', 'b'].map((fact) => said(fact, `all about ${fact} and more`));
    const set = await store.addRowSet({
      ...{ name: 'rows.jsonl', format: 'openai', formats: {}, problems: [], problemCount: 0 },
      rows: [...rows, teaches('Ada', 'c', 'all about c and more')]
    });
    await store.setSetting(`rowSet ${set.id}`, { contributors: 1, heldOut: rows });
    const { run } = await keepRun(store, { kind: 'rows', rowSet: set.id });
    const found = await serviceWith(measuring(sameFact)).attribute(ref(run), nothing);
    expect(found.contributors.map(({ id, name, rows, share }) => [id, name, rows, share])).toEqual([
      ['', 'Nobody named', 2, 1],
      ['Ada', 'Ada', 1, 0]
    ]);
  });

  it('cannot be told of other rows, another base, no questions, or a run that is not over', async () => {
    const service = serviceWith(measuring(sameFact));
    const refused = (run: string) => service.attribute(ref(run), nothing);
    const unasked = await keepRun(store, await versions({ quiet: { rows: handbook.slice(0, 3) } }));
    await expect(refused(unasked.run)).rejects.toMatchObject({
      name: 'NoQuestionsError',
      message: expect.stringContaining('for validation') as string
    });
    const { run } = await keepRun(store, await versions({ tides: { rows: handbook } }));
    const { run: record } = await store.run(run);
    await store.updateRun(run, {
      run: { ...record, sha256: { ...(record['sha256'] as object), base: 'ff' } }
    });
    await expect(refused(run)).rejects.toMatchObject({ name: 'AnotherBaseError' });
    await store.updateRun(run, { run: record });
    await keepStatement(store, 'withdrawn', {
      ...{ kind: 'withdrawal', by: { id: 'did:key:wen', name: 'Wen', agreement: '' }, created: '' },
      ...{ datanet: 'datanet-tides', contribution: 'of did:key:wen', reason: 'Mine' }
    });
    await expect(refused(run)).rejects.toMatchObject({
      name: 'RunRowsChangedError',
      message: expect.stringContaining('“tides”, 1 row: The contributor has taken') as string
    });
    const begun = await store.addRun({ name: 'Begun', run: {} });
    await expect(refused(begun.id)).rejects.toMatchObject({ name: 'RunNotRecordedError' });
  });

  it('is told where sketches find no room, and measured anew the next time', async () => {
    const { run } = await keepRun(store, await versions({ tides: { rows: handbook } }));
    const set = store.attribution.setSketches.bind(store.attribution);
    const full = vi.spyOn(store.attribution, 'setSketches').mockImplementation(async (record) => {
      if (record.moment === 1) throw new StorageFullError('There is no room.');
      await set(record);
    });
    const found = await serviceWith(measuring(sameFact)).attribute(ref(run), nothing);
    expect(found.rows).toBe(3);
    full.mockRestore();
    expect(await store.attribution.sketchedMoments(run)).toEqual([]);
  });

  it('is stopped when asked, and then nothing is kept', async () => {
    const { run } = await keepRun(store, await versions({ tides: { rows: handbook } }));
    const service = serviceWith(measuring(sameFact));
    const stopped = service.attribute(ref(run), (event) => {
      if (event.phase === 'measuring') void service.stopAttribution();
    });
    await expect(stopped).rejects.toMatchObject({ name: 'StoppedError' });
    expect(await service.attributionOf(run)).toBeUndefined();
    // The GPU is free again.
    expect((await service.attribute(ref(run), nothing)).rows).toBe(3);
  });

  it('has the GPU to itself, in this tab and in others', async () => {
    const { run } = await keepRun(store, await versions({ tides: { rows: handbook } }));
    const locks = lockManager();
    const [service, another] = [measuring(sameFact), measuring(sameFact)].map((jobs) =>
      serviceWith(jobs, locks)
    );
    const refusals: Promise<unknown>[] = [];
    await service.attribute(ref(run), ({ phase }) => {
      if (phase !== 'measuring') return;
      refusals.push(service.attribute(ref(run), nothing), another.attribute(ref(run), nothing));
      refusals.push(service.release(), service.retrain(ref(run), 2, nothing));
      refusals.forEach((refusal) => refusal.catch(nothing));
    });
    const names = (await Promise.allSettled(refusals)).map(
      (each) => each.status === 'rejected' && (each.reason as Error).name
    );
    expect(names).toEqual(['GpuBusyError', 'AnotherTabTrainsError', 'GpuBusyError', 'GpuBusyError']);
  });

  it('opens the GPU again after it was lost', async () => {
    const { run } = await keepRun(store, await versions({ tides: { rows: handbook } }));
    let opened = 0;
    const { measure } = measuring(sameFact);
    let lose: (error: Error) => void = nothing;
    const openDevice = (async () => {
      opened += 1;
      return { lost: new Promise((resolve) => (lose = resolve)), destroy: nothing };
    }) as unknown as GpuJobs['openDevice'];
    const service = serviceWith({
      openDevice,
      measure: async (job) => {
        if (opened > 1) return measure(job);
        lose(new Error('lost'));
        throw new Error('The GPU device was lost');
      }
    });
    await expect(service.attribute(ref(run), nothing)).rejects.toThrow('lost');
    expect((await service.attribute(ref(run), nothing)).rows).toBe(3);
    expect(opened).toBe(2);
  });
});
