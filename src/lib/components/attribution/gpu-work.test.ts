import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '../testing';
import type { AttributionEvent, AttributionWorker } from '$lib/workers/attribution/protocol';
import { GpuWork } from './gpu-work.svelte';
import { describeProgress } from './progress';
import { StoppedError } from '$lib/errors';

const abort = () => new StoppedError();

describe('work on the GPU', () => {
  it('shows its progress while it goes on, and tells a screen reader phases and parts only', async () => {
    const work = new GpuWork(fakeClient<AttributionWorker>({}));
    const told: string[] = [];
    const seen: (AttributionEvent | undefined)[] = [];
    const result = await work.run('measure', async (_, onEvent) => {
      for (const event of [
        { phase: 'measuring', done: 1, total: 9 },
        { phase: 'measuring', done: 2, total: 9 },
        { phase: 'training', part: 'Without Ada, 2 of 5' }
      ] satisfies AttributionEvent[]) {
        onEvent(event);
        told.push(work.announcement);
        seen.push(work.event);
      }
      expect(work.kind).toBe('measure');
      return 7;
    });
    expect(result).toBe(7);
    expect(told).toEqual([
      'Measuring what rows do',
      'Measuring what rows do',
      'Without Ada, 2 of 5: training'
    ]);
    expect(seen[1]).toMatchObject({ done: 2 });
    expect([work.busy, work.event, work.announcement]).toEqual([false, undefined, 'Done']);
  });

  it('says that the GPU was lost until the work goes on', async () => {
    const work = new GpuWork(fakeClient<AttributionWorker>({}));
    const notice = 'The GPU was lost: it stopped. Beginning this part again on a new device.';
    const seen: unknown[] = [];
    await work.run('measure', async (_, onEvent) => {
      onEvent({ phase: 'loading', notice });
      expect(work.announcement).toBe(notice);
      for (const phase of ['loading', 'compiling', 'measuring'] as const) {
        onEvent({ phase });
        seen.push(work.notice);
      }
    });
    expect(seen).toEqual([notice, notice, undefined]);
  });

  it('takes one thing at a time', async () => {
    const work = new GpuWork(fakeClient<AttributionWorker>({}));
    const first = deferred<number>();
    const running = work.run('measure', () => first.promise);
    expect(await work.run('explain', async () => 2)).toBeUndefined();
    first.resolve(1);
    expect(await running).toBe(1);
  });

  it('ends without an error where the person stopped it, once, and tells every other', async () => {
    const going = deferred<never>();
    let stops = 0;
    const stopAttribution = async () => {
      stops += 1;
      going.reject(abort());
    };
    const work = new GpuWork(fakeClient<AttributionWorker>({ stopAttribution }));
    const running = work.run('retrain', () => going.promise);
    await Promise.all([work.stop(), work.stop()]);
    expect(await running).toBeUndefined();
    expect([stops, work.busy, work.stopping, work.announcement]).toEqual([1, false, false, 'Stopped']);
    await work.stop();
    expect(stops).toBe(1);
    const lost = work.run('measure', () => Promise.reject(new Error('device lost')));
    await expect(lost).rejects.toThrow('device lost');
    expect(work.busy).toBe(false);
  });

  it('drops events that arrive after the end', async () => {
    const work = new GpuWork(fakeClient<AttributionWorker>({}));
    let late!: (event: AttributionEvent) => void;
    await work.run('value', async (_, onEvent) => {
      late = onEvent;
    });
    late({ phase: 'measuring' });
    expect(work.event).toBeUndefined();
  });
});

it('says what goes on, of which part, and how long still', () => {
  expect(describeProgress({ phase: 'comparing' })).toEqual({ label: 'Comparing' });
  expect(describeProgress({ phase: 'training', part: 'Half 2 of 8', secondsLeft: 200 })).toEqual({
    label: 'Half 2 of 8: training',
    figure: '3 min 20 s left'
  });
});
