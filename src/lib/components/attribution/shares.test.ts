import { describe, expect, it } from 'vitest';
import { deferred, fakeClient, memoryStorage } from '../testing';
import type { Attribution, AttributionWorker } from '$lib/workers/attribution/protocol';
import type { DataWorker, RunSummary, TrainingOutlook } from '$lib/workers/protocol';
import { GpuWork } from './gpu-work.svelte';
import { SharesState } from './shares.svelte';
import { StoppedError } from '$lib/errors';

const runOf = (id: string): RunSummary =>
  ({ id, request: { data: { kind: 'datanets', versions: [] } } }) as unknown as RunSummary;
const ref = { run: 'a', model: { kind: 'starter', folder: '/' } } as const;
const measured = { run: 'a', rows: 9 } as Attribution;
const people = { rows: 9, contributors: [{}, {}], heldOut: 8 } as unknown as TrainingOutlook;

function sharesWith(
  gpu: Partial<AttributionWorker>,
  data: Partial<DataWorker> = {},
  storage = memoryStorage()
) {
  const client = fakeClient<AttributionWorker>({ attributionOf: async () => undefined, ...gpu });
  const reading = fakeClient<DataWorker>({ outlook: async () => people, ...data });
  return new SharesState(client, reading, storage, new GpuWork(client));
}

describe('whose rows made a model', () => {
  it('shows what was measured before, and who is behind the run', async () => {
    const shares = sharesWith({ attributionOf: async () => measured });
    await shares.show(runOf('a'));
    expect(shares.result).toEqual(measured);
    expect(shares.people).toEqual({ rows: 9, contributors: 2, heldOut: 8 });
    await shares.show(undefined);
    expect([shares.result, shares.people]).toEqual([undefined, undefined]);
  });

  it('drops what comes late of a run that is no longer looked at', async () => {
    const late = deferred<Attribution>();
    const shares = sharesWith({
      attributionOf: (run) => (run === 'a' ? late.promise : Promise.resolve(undefined))
    });
    const first = shares.show(runOf('a'));
    await shares.show(runOf('b'));
    late.resolve(measured);
    await first;
    expect([shares.result, shares.reading]).toEqual([undefined, false]);
  });

  it('shows what was measured also where the data is gone', async () => {
    const shares = sharesWith(
      { attributionOf: async () => measured },
      { outlook: () => Promise.reject(new Error('gone')) }
    );
    await shares.show(runOf('a'));
    expect(shares.result).toEqual(measured);
    expect([shares.people, shares.error]).toEqual([undefined, undefined]);
  });

  it('asks a set of rows for its own figures', async () => {
    const set = { id: 's', contributors: 3, heldOut: 0 };
    const shares = sharesWith({}, { rowSets: async () => [set] as never });
    const run = { id: 'a', request: { data: { kind: 'rows', rowSet: 's' } } } as RunSummary;
    await shares.show(run);
    expect(shares.people).toMatchObject({ contributors: 3, heldOut: 0 });
  });

  it('measures, and tells what failed', async () => {
    const shares = sharesWith({ attribute: async () => measured });
    await shares.show(runOf('a'));
    await shares.measure(ref);
    expect(shares.result).toEqual(measured);
    const failing = sharesWith({ attribute: () => Promise.reject(new Error('no moments')) });
    await failing.measure(ref);
    expect((failing.error as Error).message).toBe('no moments');
  });

  it('shows what retraining had finished when it was stopped or failed', async () => {
    const partly = { ...measured, retraining: { models: 2 } } as Attribution;
    for (const error of [new StoppedError(), new Error('device lost')]) {
      let after: Attribution | undefined;
      const shares = sharesWith({
        attributionOf: async () => after,
        retrain: async (_, halves) => {
          expect(halves).toBe(12);
          after = partly;
          throw error;
        }
      });
      await shares.show(runOf('a'));
      shares.setHalves(12);
      await shares.retrain(ref);
      expect(shares.result).toEqual(partly);
      expect(shares.error).toBe(error instanceof StoppedError ? undefined : error);
    }
  });

  it('remembers how many halves, within what can be done', () => {
    const storage = memoryStorage();
    const shares = sharesWith({}, {}, storage);
    expect(shares.halves).toBe(8);
    for (const [asked, kept] of [
      [1, 4],
      [1000, 64],
      [12.4, 12],
      [Number.NaN, 12]
    ]) {
      shares.setHalves(asked);
      expect(shares.halves).toBe(kept);
    }
    expect(sharesWith({}, {}, storage).halves).toBe(12);
    storage.setItem('tabtune.halves', '100000');
    expect(sharesWith({}, {}, storage).halves).toBe(8);
  });
});
