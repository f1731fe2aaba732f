import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '../testing';
import { StoppedError } from '$lib/errors';
import type {
  DataWorker,
  FinetuneRequest,
  GpuWorker,
  RunEvent,
  RunSummary,
  StepMetrics
} from '$lib/workers/protocol';
import { TrainingState } from './training.svelte';

const request: FinetuneRequest = {
  model: { kind: 'starter', folder: '/' },
  modelName: 'tabtune-starter',
  data: { kind: 'rows', rowSet: 'rows' },
  options: {}
};

const step = (number: number, loss: number): StepMetrics => ({
  step: number,
  steps: 20,
  epoch: number / 20,
  loss,
  learningRate: 1e-4,
  gradNorm: 1,
  tokens: 64,
  trainedTokens: 32,
  milliseconds: 100,
  tokensPerSecond: 640,
  secondsLeft: (20 - number) / 10
});

const run = (change: Partial<RunSummary>): RunSummary => ({
  id: 'run',
  created: 1,
  status: 'running',
  live: false,
  request,
  dataName: 'Rows',
  step: 4,
  steps: 20,
  resumable: true,
  ...change
});

/** A training state whose run is played by the test. */
function started(runs: RunSummary[] = [], elsewhere = false) {
  const end = deferred<void>();
  let emit!: (event: RunEvent) => void;
  const commands: string[] = [];
  const gpu = fakeClient<GpuWorker>({
    finetune: (_, onEvent) => {
      emit = onEvent;
      return end.promise;
    },
    pause: async () => void commands.push('pause'),
    resume: async () => void commands.push('resume'),
    stop: async () => void commands.push('stop')
  });
  const training = new TrainingState(
    gpu,
    fakeClient<DataWorker>({ runs: async () => runs }),
    async () => elsewhere
  );
  return { training, end, commands, emit: (event: RunEvent) => emit(event) };
}

describe('a run as the page sees it', () => {
  it('goes back to what is saved where the GPU was lost, and says so until it goes on', async () => {
    const { training, end, emit } = started();
    const over = training.start(request);
    await Promise.resolve();
    for (const each of [1, 2, 3]) emit({ phase: 'training', metrics: step(each, 4 - each) });
    const message = 'The GPU was lost: it stopped. Going on from step 2 on a new device.';
    emit({ phase: 'recovering', message, step: 2 });
    expect(training).toMatchObject({
      phase: 'loading',
      running: true,
      notice: message,
      announcement: message
    });
    expect(training.history).toMatchObject({ step: [1, 2], loss: [3, 2], gradNorm: [1, 1] });
    emit({ phase: 'compiling' });
    expect(training.notice).toBe(message);
    emit({ phase: 'training', metrics: step(3, 1) });
    expect(training.notice).toBeUndefined();
    expect(training.history.step).toEqual([1, 2, 3]);
    end.resolve();
    await over;
  });

  it('that is stopped before there is anything to keep has not failed', async () => {
    const { training, end } = started();
    const over = training.start(request);
    end.reject(new StoppedError());
    await over;
    expect(training).toMatchObject({ phase: 'idle', error: undefined, announcement: 'Stopped' });
  });

  it('goes through its phases and collects the figures of each step', async () => {
    const { training, end, emit } = started();
    const adapters: string[] = [];
    training.onadapter = (id) => adapters.push(id);
    const over = training.start(request);
    await Promise.resolve();
    expect(training).toMatchObject({ phase: 'loading', running: true });
    emit({ phase: 'quantising', done: 2, total: 8 });
    expect(training).toMatchObject({ phase: 'quantising', done: 2, total: 8 });
    emit({ phase: 'planned', run: 'run', plannedBytes: 5e6, dispatchesPerStep: 90, steps: 20 });
    emit({ phase: 'held-out', moment: 'before', loss: 3, rows: 10 });
    emit({ phase: 'training', metrics: step(1, 3) });
    emit({ phase: 'training', metrics: step(2, 2.5) });
    emit({ phase: 'warned', message: 'No room for a moment.' });
    expect(training).toMatchObject({ phase: 'training', warning: 'No room for a moment.' });
    expect(training.announcement).toBe('Step 2 of 20, loss 2.5, 2 s left');
    expect(training.history.loss).toEqual([3, 2.5]);
    emit({ phase: 'held-out', moment: 'after', loss: 1, rows: 10 });
    emit({ phase: 'done', adapter: 'a1', run: 'run' });
    end.resolve();
    await over;
    expect(training).toMatchObject({ phase: 'done', running: false, plan: { plannedBytes: 5e6 } });
    expect(training.heldOut).toEqual({ before: 3, after: 1, rows: 10 });
    expect(adapters).toEqual(['a1']);
  });

  it('that goes on shows what it had come to, from its first step on', async () => {
    const { training, end, emit } = started();
    const over = training.start({ ...request, resume: 'run' });
    await Promise.resolve();
    emit({ phase: 'resumed', steps: [step(1, 3), step(2, 2.5)], heldOut: { rows: 10, before: 3 } });
    emit({ phase: 'planned', run: 'run', plannedBytes: 5e6, dispatchesPerStep: 90, steps: 20 });
    emit({ phase: 'training', metrics: step(3, 2) });
    expect(training.history).toMatchObject({ step: [1, 2, 3], loss: [3, 2.5, 2] });
    emit({ phase: 'held-out', moment: 'after', loss: 1, rows: 10 });
    expect(training).toMatchObject({ run: 'run', heldOut: { before: 3, after: 1, rows: 10 } });
    emit({ phase: 'done', adapter: 'a1', run: 'run' });
    end.resolve();
    await over;
  });

  it('does not offer to go on with one that another tab trains', async () => {
    const { training } = started([run({ live: true })]);
    await training.refreshRuns();
    expect(training.interrupted).toBeUndefined();
  });

  it('pauses, goes on and stops as asked', async () => {
    const { training, end, emit, commands } = started();
    const over = training.start(request);
    await Promise.resolve();
    emit({ phase: 'training', metrics: step(1, 3) });
    await training.pause();
    emit({ phase: 'paused', step: 1 });
    expect(training).toMatchObject({ phase: 'paused', running: true });
    await training.resume();
    emit({ phase: 'training', metrics: step(2, 2) });
    await training.stop();
    expect(training.stopping).toBe(true);
    emit({ phase: 'stopped', adapter: 'a', run: 'run' });
    end.resolve();
    await over;
    expect(training).toMatchObject({ phase: 'stopped', stopping: false, adapter: 'a' });
    expect(commands).toEqual(['pause', 'resume', 'stop']);
  });

  it('fails with the error, keeps the figures, and begins the next run without them', async () => {
    const { training, end, emit } = started();
    const over = training.start(request);
    await Promise.resolve();
    emit({ phase: 'training', metrics: step(1, 3) });
    end.reject(new Error('the device was lost'));
    await over;
    expect(training).toMatchObject({ phase: 'failed', running: false });
    expect((training.error as Error).message).toBe('the device was lost');
    expect(training.history.loss).toEqual([3]);
    void training.start(request);
    expect(training.history.loss).toEqual([]);
    expect(training.error).toBeUndefined();
  });

  it('leaves alone what another tab trains', async () => {
    const { training, end } = started([run({})], true);
    await training.refreshRuns();
    expect(training).toMatchObject({ elsewhere: true, interrupted: undefined });
    const over = training.start(request);
    const refusal = new Error('Another tab of this browser is training.');
    refusal.name = 'AnotherTabTrainsError';
    end.reject(refusal);
    await over;
    expect(training).toMatchObject({ phase: 'idle', error: refusal });
  });

  it('offers the newest run that was cut off, and no other', async () => {
    for (const [runs, offered] of [
      [[run({}), run({ id: 'older' })], 'run'],
      [[run({ status: 'failed' })], 'run'],
      [[run({ resumable: false })], undefined],
      [[run({ status: 'done' }), run({ id: 'older' })], undefined],
      [[], undefined]
    ] as const) {
      const { training } = started([...runs]);
      await training.refreshRuns();
      expect(training.interrupted?.id).toBe(offered);
    }
  });
});
