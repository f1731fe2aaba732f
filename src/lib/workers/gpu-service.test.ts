import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DatanetRow } from '../datanets/datanet';
import { Store } from '../datanets/store/store';
import { StorageFullError } from '../datanets/store/store-errors';
import type { Version } from '../datanets/trust/statements';
import { MemoryFileCache } from '../formats/file-cache';
import type { Adapter } from '../formats/peft';
import { DataService } from './data-service';
import type { ReplyOptions } from '../jobs/chat';
import type { FinetuneResult } from '../jobs/finetune';
import type { RunRecord, StepRecord } from '../jobs/run-record';
import type { GpuJobs, SavedState, TrainingJob } from './gpu-jobs';
import { HubLibrary } from './hub-library';
import type { FinetuneRequest, RunEvent } from './protocol';
import { runJson } from './run-facts';
import { runsMade, usesOf } from './run-uses';
import { loadAdapter } from './stored-adapter';
import { fetchStatic, gpuServiceWith, starterModel } from './testing-gpu';
import { lockManager } from './testing-locks';
import { keepStatement, keepVersion, openPolicy } from './testing-versions';

const model = starterModel;

function adapter(value: number): Adapter {
  const key = (half: string) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${half}.weight`;
  return {
    config: {
      baseModel: 'tabtune-starter',
      rank: 1,
      alpha: 2,
      dropout: 0,
      targetModules: ['q_proj'],
      rsLora: false
    },
    tensors: new Map([
      [key('A'), { shape: [1, 2] as [number, number], data: new Float32Array(2).fill(value) }],
      [key('B'), { shape: [2, 1] as [number, number], data: new Float32Array(2).fill(value) }]
    ])
  };
}

const record = (step: number): StepRecord => ({
  step,
  epoch: 0,
  loss: 4 - step / 2,
  learningRate: 1e-4,
  gradNorm: 1,
  tokens: 50,
  trainedTokens: 20,
  milliseconds: 100
});

const stateAt = (step: number): SavedState => ({
  step,
  adapter: adapter(step),
  optimizer: { m: new Float32Array([step]).buffer, v: new Float32Array([step]).buffer },
  steps: Array.from({ length: step }, (_, index) => record(index + 1))
});

/** A run of four steps that saves after each, obeys stop and pause, and fails where it is told to. */
function trainer(failAfter?: number, diverges = false): GpuJobs['finetune'] {
  return async ({ resume, signal, pause, onEvent }): Promise<FinetuneResult> => {
    onEvent({ kind: 'phase', phase: 'quantising', done: 1, total: 2 });
    onEvent({ kind: 'plan', plannedBytes: 1000, dispatchesPerStep: 9, steps: 4, trainableParameters: 8 });
    let step = resume?.step ?? 0;
    const steps = [...(resume?.steps ?? [])];
    while (step < 4 && !signal.aborted) {
      await pause();
      if (signal.aborted) break;
      step += 1;
      onEvent({ kind: 'step', steps: 4, secondsLeft: 1, ...record(step) });
      steps.push(record(step));
      if (step < 4) onEvent({ kind: 'moment', step, values: Float32Array.of(step), learningRate: step });
      onEvent({ kind: 'checkpoint', state: stateAt(step) });
      await new Promise((resolve) => setTimeout(resolve));
      if (step === failAfter) throw new Error('The GPU device was lost');
    }
    const status = diverges ? 'diverged' : signal.aborted ? 'stopped' : 'done';
    return {
      adapter: adapter(step),
      record: { sha256: { base: 'b' }, steps } as unknown as RunRecord,
      status
    };
  };
}

let store: Store;
let data: DataService;
let request: FinetuneRequest;
let count = 0;

beforeEach(async () => {
  vi.stubGlobal('fetch', fetchStatic);
  count += 1;
  store = await Store.open(`gpu-service-${count}`);
  data = new DataService(Promise.resolve(store), new HubLibrary(new MemoryFileCache()));
  const set = await data.importRows(
    { kind: 'text', text: '{"text":"one"}\n{"text":"two"}' },
    () => undefined
  );
  const rows = { kind: 'rows' as const, rowSet: set.id };
  request = { model, modelName: 'tabtune-starter', data: rows, options: { rank: 1 } };
});
afterEach(() => {
  store.close();
  vi.unstubAllGlobals();
});

const serviceWith = (jobs: Partial<GpuJobs>, locks?: LockManager) => gpuServiceWith(store, jobs, locks);

type EndEvent = Extract<RunEvent, { phase: 'done' | 'stopped' }>;
const phases = (events: RunEvent[]) => events.map((event) => event.phase);

describe('a run in the GPU worker', () => {
  it('leaves an adapter, a record and no checkpoint', async () => {
    const events: RunEvent[] = [];
    await serviceWith({ finetune: trainer() }).finetune(request, (event) => events.push(event));
    expect(phases(events).filter((phase) => phase !== 'saved')).toEqual([
      'loading',
      'quantising',
      'planned',
      'training',
      'training',
      'training',
      'training',
      'done'
    ]);
    const last = events.at(-1) as EndEvent;
    expect(await loadAdapter(store, last.adapter)).toEqual({ ...adapter(4), trainedOn: 'b' });
    const [run] = await data.runs();
    expect(run).toMatchObject({
      status: 'done',
      step: 4,
      steps: 4,
      firstLoss: 3.5,
      lastLoss: 2,
      resumable: false
    });
    expect(run.adapter).toBe(last.adapter);
    expect((await store.run(run.id)).run).toMatchObject({ sha256: { base: 'b' } });
    const training = events.find((event) => event.phase === 'training');
    expect(training).toMatchObject({ metrics: { tokensPerSecond: 500, loss: 3.5 } });
  });

  it('pauses between steps, goes on, and stops with a usable adapter', async () => {
    const service = serviceWith({ finetune: trainer() });
    const events: RunEvent[] = [];
    await service.finetune(request, (event) => {
      events.push(event);
      if (event.phase === 'training' && event.metrics.step === 1) void service.pause();
      if (event.phase === 'paused') setTimeout(() => void service.resume());
      if (event.phase === 'training' && event.metrics.step === 2) void service.stop();
    });
    expect(phases(events).filter((phase) => phase === 'paused')).toHaveLength(1);
    const last = events.at(-1) as EndEvent;
    expect(last.phase).toBe('stopped');
    expect(await loadAdapter(store, last.adapter)).toEqual({ ...adapter(2), trainedOn: 'b' });
  });

  it('that fails is resumed from its last saved state', async () => {
    await expect(serviceWith({ finetune: trainer(2) }).finetune(request, () => undefined)).rejects.toThrow(
      'lost'
    );
    const [failed] = await data.runs();
    expect(failed).toMatchObject({ status: 'failed', step: 2, resumable: true, adapter: undefined });
    const events: RunEvent[] = [];
    const resumed = { ...failed.request, resume: failed.id };
    await serviceWith({ finetune: trainer() }).finetune(resumed, (event) => events.push(event));
    const steps = events.flatMap((event) => (event.phase === 'training' ? event.metrics.step : []));
    expect(steps).toEqual([3, 4]);
    const runs = await data.runs();
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ status: 'done', firstLoss: 3.5, lastLoss: 2 });
    const { steps: recorded } = (await store.run(failed.id)).run as { steps: StepRecord[] };
    expect(recorded.map((each) => each.step)).toEqual([1, 2, 3, 4]);
  });

  it('keeps its moments, also those before it was cut off', async () => {
    await expect(serviceWith({ finetune: trainer(2) }).finetune(request, () => undefined)).rejects.toThrow(
      'lost'
    );
    const [{ id, request: first }] = await data.runs();
    const kept = async () =>
      (await store.attribution.moments(id)).map(({ step, learningRate, values }) => [
        step,
        learningRate,
        ...new Float32Array(values)
      ]);
    expect(await kept()).toEqual([
      [1, 1, 1],
      [2, 2, 2]
    ]);
    await serviceWith({ finetune: trainer() }).finetune({ ...first, resume: id }, () => undefined);
    expect(await kept()).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3]
    ]);
    await data.deleteRun(id);
    expect(await kept()).toEqual([]);
  });

  it('goes on where its moments find no room, and says what that costs', async () => {
    const saveCheckpoint = store.saveCheckpoint.bind(store);
    vi.spyOn(store, 'saveCheckpoint').mockImplementation(async (record, checkpoint, moments = []) => {
      if (moments.some(({ step }) => step === 2))
        throw new StorageFullError('There is no room for the checkpoint at step 2.');
      return saveCheckpoint(record, checkpoint, moments);
    });
    const events: RunEvent[] = [];
    await serviceWith({ finetune: trainer() }).finetune(request, (event) => events.push(event));
    expect(events.filter(({ phase }) => phase === 'warned')).toEqual([
      { phase: 'warned', message: expect.stringMatching(/step 2 was not kept\. There is no room/) as string }
    ]);
    const [run] = await data.runs();
    expect(run.status).toBe('done');
    expect((await store.attribution.moments(run.id)).map(({ step }) => step)).toEqual([1, 3]);
  });

  it('that was cut off gives its saved adapter when it is not resumed', async () => {
    await expect(serviceWith({ finetune: trainer(3) }).finetune(request, () => undefined)).rejects.toThrow(
      'lost'
    );
    const [failed] = await data.runs();
    const kept = await data.keepInterrupted(failed.id);
    expect(await loadAdapter(store, kept.id)).toMatchObject(adapter(3));
    expect((await data.runs())[0]).toMatchObject({ status: 'stopped', adapter: kept.id, resumable: false });
  });

  it('that diverges keeps its last good adapter and says what to change', async () => {
    const events: RunEvent[] = [];
    const run = serviceWith({ finetune: trainer(undefined, true) }).finetune(request, (event) =>
      events.push(event)
    );
    await expect(run).rejects.toMatchObject({
      name: 'DivergedError',
      message: expect.stringContaining('lower learning rate') as string
    });
    const last = events.at(-1) as EndEvent;
    expect(await loadAdapter(store, last.adapter)).toEqual({ ...adapter(4), trainedOn: 'b' });
    expect((await data.runs())[0]).toMatchObject({ status: 'stopped', resumable: false });
  });

  it('is refused while another tab has the lock, and leaves no trace', async () => {
    const locks = lockManager();
    const first = serviceWith({ finetune: trainer() }, locks);
    const second = serviceWith({ finetune: trainer() }, locks);
    let refusal: Promise<void> | undefined;
    await first.finetune(request, (event) => {
      if (event.phase !== 'planned') return;
      refusal = second.finetune(request, () => undefined);
      refusal.catch(() => undefined);
    });
    await expect(refusal).rejects.toMatchObject({ name: 'AnotherTabTrainsError' });
    expect(await data.runs()).toHaveLength(1);
  });

  it('ends when the disk is full, and says so', async () => {
    const full = vi.spyOn(store, 'saveCheckpoint').mockRejectedValue(new Error('There is no room'));
    await expect(serviceWith({ finetune: trainer() }).finetune(request, () => undefined)).rejects.toThrow(
      'no room'
    );
    full.mockRestore();
    expect((await data.runs())[0]).toMatchObject({ status: 'failed', resumable: false });
  });
});

describe('a run on Datanets in the GPU worker', () => {
  const row = (text: string, contribution?: string): DatanetRow => ({
    ...{ text, contributor: 'Ines' },
    ...(contribution ? { contribution } : {})
  });
  const entry = { id: 'one', contributor: 'Ines', licence: { spdx: 'CC0-1.0' }, rows: 1 };
  const withdraw = () =>
    keepStatement(store, 'withdrawn', {
      ...{ kind: 'withdrawal', by: { id: 'Ines', name: 'Ines', agreement: '' }, created: '' },
      ...{ datanet: 'datanet-tides', contribution: 'one', reason: 'Mine' }
    });
  const onTides = async (change: Partial<Version> = {}): Promise<FinetuneRequest> => {
    const rows = [row('a', 'one'), row('b'), { ...row('c'), split: 'test' as const }];
    const { root } = await keepVersion(store, 'tides', rows, { contributions: [entry], ...change });
    return {
      ...request,
      data: { kind: 'datanets', versions: [{ datanet: 'datanet-tides', root, weight: 1 }] }
    };
  };

  it('uses what is allowed, and its record says what, also while it goes on', async () => {
    const tides = await onTides();
    let job: Pick<TrainingJob, 'rows' | 'heldOut'> | undefined;
    const train = trainer();
    const finetune: GpuJobs['finetune'] = (given) => {
      job = given;
      return train(given);
    };
    await serviceWith({ finetune }).finetune(tides, () => undefined);
    expect(job?.rows).toEqual([row('a', 'one'), row('b')]);
    expect(job?.heldOut).toEqual([{ ...row('c'), split: 'test' }]);
    const [run] = await data.runs();
    const used = { root: 'root tides', number: 1, rows: 2, heldOut: 1, contributions: { one: 1, '': 1 } };
    expect(run).toMatchObject({ dataName: 'tides, version 1', status: 'done', datanets: [used] });
    expect(runJson(await store.run(run.id))).toMatchObject({ datanets: [used], sha256: { base: 'b' } });
    expect(await usesOf(store, 'datanet-tides')).toMatchObject([
      { run: run.id, adapter: run.adapter, root: 'root tides', rows: 2, contributions: { one: 1, '': 1 } }
    ]);
  });

  it('does not begin where nothing may be used, and says why', async () => {
    const finetune = vi.fn();
    const closed = await onTides({ policy: { ...openPolicy, training: { rule: 'forbidden' } } });
    await expect(serviceWith({ finetune }).finetune(closed, () => undefined)).rejects.toMatchObject({
      name: 'NothingAllowedError',
      message: expect.stringContaining('"tides", 2 rows') as string
    });
    expect(finetune).not.toHaveBeenCalled();
    expect(await data.runs()).toEqual([]);
  });

  it('counts from its first saved state on, also when it failed and was deleted', async () => {
    const twice = await onTides({ policy: { ...openPolicy, training: { rule: 'conditions', runs: 2 } } });
    await expect(serviceWith({ finetune: trainer(2) }).finetune(twice, () => undefined)).rejects.toThrow(
      'lost'
    );
    const [failed] = await data.runs();
    // To go on is not to begin again.
    await serviceWith({ finetune: trainer() }).finetune({ ...twice, resume: failed.id }, () => undefined);
    await serviceWith({ finetune: trainer() }).finetune(twice, () => undefined);
    for (const { id } of await data.runs()) await data.deleteRun(id);
    expect(await data.runs()).toEqual([]);
    await expect(serviceWith({ finetune: trainer() }).finetune(twice, () => undefined)).rejects.toThrow(
      /all 2 runs .* used up/
    );
    const uses = await usesOf(store, 'datanet-tides');
    expect(uses.map(({ adapter }) => adapter !== undefined)).toEqual([true, true]);
  });

  it('does not go on with other rows than it began with', async () => {
    const tides = await onTides();
    await expect(serviceWith({ finetune: trainer(2) }).finetune(tides, () => undefined)).rejects.toThrow(
      'lost'
    );
    await withdraw();
    const [failed] = await data.runs();
    const resumed = { ...tides, resume: failed.id };
    await expect(serviceWith({ finetune: trainer() }).finetune(resumed, () => undefined)).rejects.toThrow(
      /withdrawn, or a permission ended/
    );
    expect((await data.runs())[0]).toMatchObject({ status: 'failed', resumable: true });
    const kept = await data.keepInterrupted(failed.id);
    expect(await usesOf(store, 'datanet-tides')).toMatchObject([{ run: failed.id, adapter: kept.id }]);
  });

  it('hands what its adapter learned from on to runs that start from it', async () => {
    await serviceWith({ finetune: trainer() }).finetune(await onTides(), () => undefined);
    const [first] = await data.runs();
    const onRows = { ...request, adapter: first.adapter };
    await serviceWith({ finetune: trainer() }).finetune(onRows, () => undefined);
    const uses = await usesOf(store, 'datanet-tides');
    expect(uses.map(({ root }) => root)).toEqual(['root tides', 'root tides']);
    expect(new Set(uses.map(({ adapter }) => adapter)).size).toBe(2);
    // It did not use the rows again.
    expect(
      (await runsMade(store, (await store.versions.byRoot('root tides')).signed.statement, undefined)).version
    ).toBe(1);
  });
});

describe('a chat in the GPU worker', () => {
  function chatJobs() {
    const speed = { prefillTokensPerSecond: 9, decodeTokensPerSecond: 5 };
    const opened: unknown[] = [];
    let closed = 0;
    const session = {
      async *reply(_: unknown, { adapter: tuned, signal }: ReplyOptions) {
        for (const text of ['one', 'one two', 'one two three']) {
          if (signal?.aborted) return;
          yield { text: tuned ? `tuned ${text}` : text, done: false, tokens: 1, ...speed };
          await new Promise((resolve) => setTimeout(resolve));
        }
      },
      destroy: async () => {
        closed += 1;
      }
    };
    const jobs: Partial<GpuJobs> = {
      finetune: trainer(),
      openChat: async (job) => {
        opened.push(job.adapter);
        return session;
      }
    };
    return { jobs, opened, closed: () => closed };
  }
  const chat = { model, modelName: 'tabtune-starter', quant: 'nf4' as const };
  const sampling = { maxNewTokens: 5, temperature: 0, topP: 1, seed: 0 };
  const question = [{ role: 'user' as const, content: 'Count' }];

  it('streams, stops, and says how fast it was', async () => {
    const service = serviceWith(chatJobs().jobs);
    await service.openChat(chat, () => undefined);
    const parts: string[] = [];
    const whole = await service.reply(question, sampling, true, (event) => parts.push(event.text));
    expect(parts).toEqual(['tuned one', 'tuned one two', 'tuned one two three']);
    expect(whole).toEqual({
      text: 'tuned one two three',
      prefillTokensPerSecond: 9,
      decodeTokensPerSecond: 5,
      stopped: false
    });
    const stopped = await service.reply(question, sampling, false, () => void service.stopReply());
    expect(stopped).toMatchObject({ text: 'one', stopped: true });
  });

  it('opens a model once for a conversation, and frees it before a run', async () => {
    const { jobs, opened, closed } = chatJobs();
    const service = serviceWith(jobs);
    await service.openChat(chat, () => undefined);
    await service.openChat(chat, () => undefined);
    expect([opened.length, closed()]).toEqual([1, 0]);
    let adapterId = '';
    await service.finetune(request, (event) => {
      if (event.phase === 'done') adapterId = event.adapter;
    });
    expect(closed()).toBe(1);
    await expect(service.reply(question, sampling, false, () => undefined)).rejects.toThrow('ask again');
    await service.openChat({ ...chat, adapter: adapterId }, () => undefined);
    expect(opened).toEqual([undefined, { ...adapter(4), trainedOn: 'b' }]);
  });

  it('keeps the day of the run that made an adapter, and tells it again when it chats with it', async () => {
    const { jobs } = chatJobs();
    const dates: unknown[] = [];
    const train = jobs.finetune!;
    const service = serviceWith({
      ...jobs,
      finetune: (job) => {
        dates.push(job.options.date);
        return train(job);
      },
      openChat: (job) => {
        dates.push(job.date);
        return jobs.openChat!(job);
      }
    });
    let adapterId = '';
    const options = { rank: 1, date: '2026-11-22' };
    await service.finetune({ ...request, options }, (event) => {
      if (event.phase === 'done') adapterId = event.adapter;
    });
    await service.openChat({ ...chat, adapter: adapterId }, () => undefined);
    expect(dates).toEqual(['2026-11-22', '2026-11-22']);
    // Without one it is the day on which it begins, and stays it.
    await service.finetune(request, () => undefined);
    expect(dates[2]).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    const days = (await store.runs()).map(
      ({ run: { page } }) => (page as { request: { options: { date: string } } }).request.options.date
    );
    expect(days.sort()).toEqual(['2026-11-22', dates[2]].sort());
  });
});
