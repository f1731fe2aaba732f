import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttributionRecord, PayoutRecord, SketchRecord } from './attribution-schema';
import { NotStoredError, StorageFullError } from './store-errors';
import { Store } from './store';

let store: Store;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = await Store.open();
});

afterEach(() => {
  store.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const addRun = async () => (await store.addRun({ name: 'run', run: {} })).id;

const moment = (run: string, step: number) => ({
  run,
  step,
  values: Float32Array.of(step, NaN).buffer,
  learningRate: step / 100
});

/** Keeps a moment as a run does: with a state. */
const keep = async (kept: ReturnType<typeof moment>) => {
  const state = { step: kept.step, position: { epoch: 0, index: 0 }, optimizer: {}, adapter: new Map() };
  await store.saveCheckpoint(await store.run(kept.run), state, [kept]);
};

const sketches = (run: string, at: number): SketchRecord => ({
  ...{ run, moment: at, step: 10 * at, learningRate: 1e-3, rows: 2, segments: 1, width: 1, hidden: 1 },
  ...{ seed: 1, index: Uint32Array.of(0, 2), rowsSha256: 'ab' },
  values: Float32Array.of(1, 2).buffer,
  squares: Float32Array.of(1, 4).buffer,
  representations: Float32Array.of(3, 4).buffer
});

describe('what is measured of a run', () => {
  it('comes back in the order of the steps, and one run is not taken for another', async () => {
    const [run, other] = [await addRun(), await addRun()];
    // As IndexedDB orders keys, 10 follows 9.
    for (const step of [10, 9, 100]) await keep(moment(run, step));
    await keep(moment(other, 1));
    await keep({ ...moment(run, 9), learningRate: 5 });
    const moments = await store.attribution.moments(run);
    expect(moments.map(({ step, learningRate }) => [step, learningRate])).toEqual([
      [9, 5],
      [10, 0.1],
      [100, 1]
    ]);
    expect(new Float32Array(moments[2].values)).toEqual(Float32Array.of(100, NaN));

    for (const at of [1, 0]) await store.attribution.setSketches(sketches(run, at));
    expect(await store.attribution.sketchedMoments(run)).toEqual([0, 1]);
    expect(await store.attribution.sketches(run, 1)).toEqual(sketches(run, 1));
    expect(await store.attribution.sketchedMoments(other)).toEqual([]);
    await store.attribution.deleteSketches(run);
    expect(await store.attribution.sketches(run, 0)).toBeUndefined();

    const result = { run, created: 1, contributors: [{ id: 'Ada', share: 1 }] };
    await store.attribution.setResult({ ...result, contributors: [] } as AttributionRecord);
    await store.attribution.setResult(result);
    expect(await store.attribution.result(run)).toEqual(result);
    expect(await store.attribution.result(other)).toBeUndefined();
  });

  it('goes with its run, and with no other', async () => {
    const [run, other] = [await addRun(), await addRun()];
    for (const id of [run, other]) {
      await keep(moment(id, 1));
      await store.attribution.setSketches(sketches(id, 0));
      await store.attribution.setResult({ run: id, created: 1 });
    }
    await store.deleteRun(run);
    const left = async (id: string) => [
      (await store.attribution.moments(id)).length,
      (await store.attribution.sketchedMoments(id)).length,
      await store.attribution.result(id)
    ];
    expect(await left(run)).toEqual([0, 0, undefined]);
    expect(await left(other)).toEqual([1, 1, { run: other, created: 1 }]);
  });

  it('goes with the adapter that the run made, and only that', async () => {
    const ended = async () => {
      const run = await store.addRun({ name: 'run', run: {} });
      const made = { name: 'a', base: 'b', config: {}, metrics: { run: run.id } };
      const { adapter } = await store.endRun({ ...run, status: 'done' }, made, new Map(), [
        moment(run.id, 1)
      ]);
      await store.attribution.setSketches(sketches(run.id, 0));
      await store.attribution.setResult({ run: run.id, created: 1 });
      return { run: run.id, adapter: adapter.id };
    };
    const [first, second] = [await ended(), await ended()];
    await store.deleteAdapter(first.adapter);
    const left = async (id: string) => [
      (await store.attribution.moments(id)).length,
      (await store.attribution.sketchedMoments(id)).length,
      await store.attribution.result(id)
    ];
    expect(await left(first.run)).toEqual([0, 0, undefined]);
    expect(await left(second.run)).toEqual([1, 1, { run: second.run, created: 1 }]);
    // What the run was stays known.
    expect(await store.run(first.run)).toMatchObject({ status: 'done' });
  });

  it('is not written once the run is deleted: nobody would ever delete it', async () => {
    const run = await addRun();
    await store.deleteRun(run);
    await expect(store.attribution.setSketches(sketches(run, 0))).rejects.toThrow(NotStoredError);
    await expect(store.attribution.setResult({ run, created: 1 })).rejects.toThrow(NotStoredError);
    expect(await store.attribution.moments(run)).toEqual([]);
  });

  it('says how much does not fit on a full disk', async () => {
    const run = await addRun();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    });
    const full = store.attribution.setSketches(sketches(run, 0));
    await expect(full).rejects.toThrow(StorageFullError);
    await expect(full).rejects.toMatchObject({ details: { bytes: 24 } });
  });
});

describe('what claims belong to', () => {
  it('is known by its adapter, changed field by field, and deleted with it', async () => {
    const tensors = new Map([['w', { shape: [1, 1] as const, data: Float32Array.of(1) }]]);
    const { id } = await store.addAdapter({ name: 'a', base: 'b', config: {}, metrics: {} }, tensors);
    expect(await store.claims.provenance(id)).toBeUndefined();
    await store.claims.updateProvenance({ adapter: id, card: '# a' });
    await store.claims.updateProvenance({ adapter: id, manifest: 'cid' });
    expect(await store.claims.provenance(id)).toEqual({ adapter: id, card: '# a', manifest: 'cid' });
    expect(await store.claims.allProvenance()).toHaveLength(1);
    await store.deleteAdapter(id);
    expect(await store.claims.provenance(id)).toBeUndefined();
    await expect(store.claims.updateProvenance({ adapter: id })).rejects.toThrow(NotStoredError);
  });
});

describe('what claims have led to', () => {
  const anchor = (cid: string, chainId: number, uid: string, created: number) => ({
    ...{ cid, chainId, uid, created },
    transaction: '0x1',
    attester: '0x2'
  });

  it('is one anchor for each chain and attestation, the newest word on each', async () => {
    await store.claims.setAnchor(anchor('one', 10, '0xb', 3));
    await store.claims.setAnchor(anchor('one', 1, '0xa', 1));
    await store.claims.setAnchor(anchor('onerous', 1, '0xa', 2));
    await store.claims.setAnchor({ ...anchor('one', 10, '0xb', 3), revoked: '0x9' });
    const anchors = await store.claims.anchors('one');
    expect(anchors.map(({ chainId, revoked }) => [chainId, revoked])).toEqual([
      [1, undefined],
      [10, '0x9']
    ]);
    expect((await store.claims.allAnchors()).map(({ created }) => created)).toEqual([1, 2, 3]);
  });

  it('is one record for each payout, replaced as it is paid into', async () => {
    const payout: PayoutRecord = {
      ...{ id: 'p', receipt: 'one', engine: 'payment-splitter', chainId: 1, address: '0x3' },
      ...{ transaction: '0x4', created: 1, payments: [] },
      payees: [{ id: 'Ada', name: 'Ada', address: '0x5', share: 1_000_000 }]
    };
    const paid = { ...payout, payments: [{ amount: '1', transaction: '0x6', created: 2 }] };
    await store.claims.setPayout(payout);
    await store.claims.setPayout({ ...payout, id: 'before', created: 0 });
    await store.claims.setPayout(paid);
    expect(await store.claims.payouts()).toEqual([{ ...payout, id: 'before', created: 0 }, paid]);
  });
});
