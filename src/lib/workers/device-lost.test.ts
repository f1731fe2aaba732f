/**
 * The GPU is lost under the worker's service, in every kind of its work, with a rejection named AbortError as browsers give
 * it: nothing of that is taken for Stop, nothing of the browser's words gets out, and the work goes on by itself.
 */
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Store } from '../datanets/store/store';
import { NoWebGpuError, type Device } from '../gpu/device';
import type { FinetuneResult } from '../jobs/finetune';
import type { RunRecord, StepRecord } from '../jobs/run-record';
import { flatAdapter, keepRun, measuring, sameFact, teaches, tinyModel } from './attribution/testing';
import type { AttributionEvent } from './attribution/protocol';
import { DataService } from './data-service';
import { HubLibrary } from './hub-library';
import { MemoryFileCache } from '../formats/file-cache';
import type { GpuJobs, SavedState } from './gpu-jobs';
import type { FinetuneRequest, ReplyEvent, RunEvent, TrainingChoice } from './protocol';
import { loadAdapter } from './stored-adapter';
import { fakeDevice, fetchStatic, gpuServiceWith, starterModel, type FakeDevice } from './testing-gpu';
import { keepVersion } from './testing-versions';

const steps = 8;
const lossSentence = /^The GPU was lost: .* on a new device\.$/;

const record = (step: number): StepRecord => ({
  ...{ step, epoch: 0, loss: 4 - step / 4, learningRate: 1e-4, gradNorm: 1 },
  ...{ tokens: 50, trainedTokens: 20, milliseconds: 100 }
});
const records = (count: number) => Array.from({ length: count }, (_, i) => record(i + 1));
const stateAt = (step: number): SavedState => ({
  ...{ step, adapter: flatAdapter(step), steps: records(step) },
  optimizer: { m: new Float32Array([step]).buffer, v: new Float32Array([step]).buffer }
});

/** Devices one after another; `use` says when the one that is given is lost. */
class Gpus {
  readonly opened: FakeDevice[] = [];
  /** From which on the browser offers none. */
  withheld = Infinity;

  readonly openDevice: GpuJobs['openDevice'] = async () => {
    if (this.opened.length >= this.withheld)
      throw new NoWebGpuError('WebGPU is present but offers no adapter.');
    const fake = fakeDevice();
    this.opened.push(fake);
    return fake.device;
  };

  /** @throws DeviceLostError */
  lose(device: Device): Promise<never> {
    return this.opened.find((fake) => fake.device === device)!.lose();
  }
}

/** A run of eight steps that is saved every second one; `lose` says before which step of which attempt the device goes. */
function trainer(gpus: Gpus, lose: (step: number, attempt: number) => boolean): GpuJobs['finetune'] {
  let attempt = 0;
  return async ({ device, resume, signal, pause, onEvent }) => {
    attempt += 1;
    onEvent({ kind: 'plan', plannedBytes: 1, dispatchesPerStep: 1, steps, trainableParameters: 1 });
    let step = resume?.step ?? 0;
    while (step < steps && !signal.aborted) {
      await pause();
      if (lose(step + 1, attempt)) await gpus.lose(device);
      step += 1;
      onEvent({ kind: 'step', steps, secondsLeft: 1, ...record(step) });
      if (step % 3 === 0) onEvent({ kind: 'moment', step, values: Float32Array.of(step), learningRate: 1 });
      if (step % 2 === 0) onEvent({ kind: 'checkpoint', state: stateAt(step) });
    }
    const file = { sha256: { base: 'b' }, steps: records(step) } as unknown as RunRecord;
    const status = step < steps ? 'stopped' : 'done';
    return { adapter: flatAdapter(step), record: file, status } satisfies FinetuneResult;
  };
}

let store: Store;
let data: DataService;
let gpus: Gpus;
let count = 0;

beforeEach(async () => {
  vi.stubGlobal('fetch', fetchStatic);
  count += 1;
  gpus = new Gpus();
  store = await Store.open(`device-lost-${count}`);
  data = new DataService(Promise.resolve(store), new HubLibrary(new MemoryFileCache()));
});
afterEach(() => {
  store.close();
  vi.unstubAllGlobals();
});

const serviceWith = (jobs: Partial<GpuJobs>) =>
  gpuServiceWith(store, { openDevice: gpus.openDevice, ...jobs });

describe('a run whose GPU is lost', () => {
  let request: FinetuneRequest;
  const events: RunEvent[] = [];
  const take = (event: RunEvent) => void events.push(event);
  const told = () => events.flatMap((event) => (event.phase === 'recovering' ? [event] : []));

  beforeEach(async () => {
    const set = await data.importRows({ kind: 'text', text: '{"text":"one"}' }, () => undefined);
    request = {
      ...{ model: starterModel, modelName: 'tabtune-starter', options: { rank: 1 } },
      data: { kind: 'rows', rowSet: set.id }
    };
    events.length = 0;
  });

  it.each([1, 2, 3, 4, 5, 8])('before step %i goes on from what is saved, to the same', async (lost) => {
    const finetune = trainer(gpus, (step, attempt) => attempt === 1 && step === lost);
    await serviceWith({ finetune }).finetune(request, take);
    const from = lost - 1 - ((lost - 1) % 2);
    const going = from > 0 ? `Going on from step ${from}` : 'Beginning again';
    expect(told()).toEqual([
      {
        phase: 'recovering',
        step: from,
        message: expect.stringContaining(`stopped. ${going} on a new`) as string
      }
    ]);
    const taken = events.flatMap((event) => (event.phase === 'training' ? event.metrics.step : []));
    const all = Array.from({ length: steps }, (_, i) => i + 1);
    expect(taken).toEqual([...all.slice(0, lost - 1), ...all.slice(from)]);
    const [run] = await data.runs();
    expect(run).toMatchObject({
      status: 'done',
      step: steps,
      firstLoss: 3.75,
      lastLoss: 2,
      resumable: false
    });
    expect(await loadAdapter(store, run.adapter!)).toMatchObject(flatAdapter(steps));
    expect((await store.attribution.moments(run.id)).map(({ step }) => step)).toEqual([3, 6]);
    expect(gpus.opened).toHaveLength(2);
  });

  it('goes on as often as it gets further', async () => {
    const finetune = trainer(gpus, (step, attempt) => step === attempt + 1);
    await serviceWith({ finetune }).finetune(request, take);
    expect(told().length).toBeGreaterThan(3);
    expect((await data.runs())[0]).toMatchObject({ status: 'done', step: steps });
  });

  it('again and again at the same step ends with words, and can be resumed', async () => {
    const run = serviceWith({ finetune: trainer(gpus, (step) => step === 6) }).finetune(request, take);
    await expect(run).rejects.toMatchObject({
      name: 'GpuKeepsFailingError',
      message: expect.stringMatching(/lost 3 times at the same place.*What was saved is kept/) as string
    });
    expect(gpus.opened).toHaveLength(3);
    expect((await data.runs())[0]).toMatchObject({ status: 'failed', step: 4, resumable: true });
  });

  it('and not offered again is told what to do, and can be resumed', async () => {
    gpus.withheld = 1;
    const finetune = trainer(gpus, (step) => step === 4);
    await expect(serviceWith({ finetune }).finetune(request, take)).rejects.toMatchObject({
      name: 'GpuWithheldError',
      message: expect.stringMatching(
        /lost once, .* Reload this page; .* open it again\. What was saved/
      ) as string
    });
    expect(told().map(({ message }) => message)).toContainEqual(
      expect.stringContaining('The browser offers none now')
    );
    expect((await data.runs())[0]).toMatchObject({ status: 'failed', step: 2, resumable: true });
  });

  it('and withheld for a while goes on when it is offered', async () => {
    gpus.withheld = 1;
    const finetune = trainer(gpus, (step, attempt) => step === 4 && attempt === 1);
    await serviceWith({ finetune }).finetune(request, (event) => {
      take(event);
      if (event.phase === 'recovering' && event.message.includes('none now')) gpus.withheld = 2;
    });
    expect((await data.runs())[0]).toMatchObject({ status: 'done', step: steps });
  });

  it('and that is stopped meanwhile keeps the adapter that was saved', async () => {
    const service = serviceWith({ finetune: trainer(gpus, (step, attempt) => step === 6 && attempt === 1) });
    await service.finetune(request, (event) => {
      take(event);
      if (event.phase === 'recovering') void service.stop();
    });
    const [run] = await data.runs();
    expect(run).toMatchObject({ status: 'stopped', step: 4, lastLoss: 3 });
    expect(await loadAdapter(store, run.adapter!)).toMatchObject(flatAdapter(4));
  });
});

describe('a conversation whose GPU is lost', () => {
  const chat = { model: starterModel, modelName: 'tabtune-starter', quant: 'nf4' as const };
  const sampling = { maxNewTokens: 5, temperature: 0, topP: 1, seed: 0 };
  const question = [{ role: 'user' as const, content: 'Count' }];

  /** Counts to three, and loses its device after so many words of its first answers. */
  function counting(lostAfter: number[]): Partial<GpuJobs> {
    let answers = 0;
    return {
      openChat: async ({ device }) => ({
        async *reply(_, { signal }) {
          const lost = lostAfter[answers++];
          for (const [at, text] of ['one', 'one two', 'one two three'].entries()) {
            if (signal?.aborted) return;
            if (at === lost) await gpus.lose(device);
            yield { text, done: false, tokens: at, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1 };
          }
        },
        destroy: async () => undefined
      })
    };
  }

  it.each([0, 2])('after %i words is asked again, and the answer is whole', async (words) => {
    const service = serviceWith(counting([words]));
    await service.openChat(chat, () => undefined);
    const events: ReplyEvent[] = [];
    const reply = await service.reply(question, sampling, false, (event) => events.push(event));
    expect(reply).toMatchObject({ text: 'one two three', stopped: false });
    expect(events.flatMap(({ notice }) => notice ?? [])).toEqual([expect.stringMatching(lossSentence)]);
    expect(gpus.opened).toHaveLength(2);
  });

  it('between two answers is opened again without a word', async () => {
    const service = serviceWith(counting([]));
    await service.openChat(chat, () => undefined);
    await gpus.opened[0].lose().catch(() => undefined);
    const reply = await service.reply(question, sampling, false, () => undefined);
    expect(reply).toMatchObject({ text: 'one two three', stopped: false });
  });

  it('while it is opened is opened again', async () => {
    const whole = counting([]).openChat!;
    let opened = 0;
    const openChat: GpuJobs['openChat'] = async (job) => (opened++ ? whole(job) : gpus.lose(job.device));
    const events: RunEvent[] = [];
    await serviceWith({ openChat }).openChat(chat, (event) => events.push(event));
    expect(events.filter(({ phase }) => phase === 'recovering')).toHaveLength(1);
  });

  it('three times in one answer ends with words', async () => {
    const service = serviceWith(counting([1, 1, 1]));
    await service.openChat(chat, () => undefined);
    const reply = service.reply(question, sampling, false, () => undefined);
    await expect(reply).rejects.toMatchObject({ name: 'GpuKeepsFailingError' });
  });

  it('is stopped by who stops it, and by nothing else', async () => {
    const service = serviceWith(counting([3]));
    await service.openChat(chat, () => undefined);
    const reply = await service.reply(question, sampling, false, () => void service.stopReply());
    expect(reply).toMatchObject({ text: 'one', stopped: true });
  });
});

describe('a measurement whose GPU is lost', () => {
  let choice: TrainingChoice;
  let run: string;
  const rows = ['lamp', 'tide', 'bell'].flatMap((fact) => [
    teaches('ann', fact, `the ${fact} is here`),
    teaches('bob', fact, `a ${fact} is there`)
  ]);
  const questions = ['lamp', 'tide'].map((fact) => teaches('ann', fact, 'who asks', { split: 'test' }));
  const events: AttributionEvent[] = [];
  const take = (event: AttributionEvent) => void events.push(event);
  const notices = () => events.flatMap(({ notice }) => notice ?? []);

  beforeEach(async () => {
    events.length = 0;
    const { root } = await keepVersion(store, 'facts', [...rows, ...questions]);
    choice = { kind: 'datanets', versions: [{ datanet: 'datanet-facts', root, weight: 1 }] };
    run = (await keepRun(store, choice)).run;
  });

  const ref = () => ({ run, model: tinyModel });

  /** A job that loses its device the first times. */
  function losing<Job extends { device: Device }, R>(times: number, job: (given: Job) => Promise<R>) {
    let calls = 0;
    return (given: Job): Promise<R> => (calls++ < times ? gpus.lose(given.device) : job(given));
  }

  it('begins the part again, and the shares are the same', async () => {
    const { measure } = measuring(sameFact);
    const whole = await serviceWith({ measure }).attribute(ref(), take);
    expect(notices()).toEqual([]);
    const again = await serviceWith({ measure: losing(2, measure) }).attribute(ref(), take);
    expect(again.contributors).toEqual(whole.contributors);
    expect(notices()).toEqual([expect.stringMatching(lossSentence), expect.stringMatching(lossSentence)]);
  });

  it('is no Stop: lost three times it ends in our words; stopped it ends as Stop', async () => {
    const { measure } = measuring(sameFact);
    const failed = serviceWith({ measure: losing(3, measure) }).attribute(ref(), take);
    await expect(failed).rejects.toMatchObject({ name: 'GpuKeepsFailingError' });
    const service = serviceWith({ measure });
    const stopped = service.attribute(ref(), ({ phase }) => {
      if (phase === 'measuring') void service.stopAttribution();
    });
    await expect(stopped).rejects.toMatchObject({ name: 'StoppedError' });
  });

  it('explains an answer on a new device, whichever of its parts was cut off', async () => {
    const messages = [
      { role: 'user' as const, content: 'what of lamp' },
      { role: 'assistant' as const, content: 'the lamp is here' }
    ];
    const explained = (device: Device, lost: boolean) => ({
      explain: async () => {
        if (lost) await gpus.lose(device);
        const scores = Float64Array.from(rows, (_, i) => rows.length - i);
        const tokens = { answer: 1, all: 2 };
        const milliseconds = { gradient: 1, comparing: 1 };
        return { index: [...rows.keys()], scores, moments: [scores], tokens, milliseconds };
      },
      destroy: () => undefined
    });
    const { sketch } = measuring(sameFact);
    let opened = 0;
    const service = serviceWith({
      sketch: losing(1, sketch),
      openExplainer: losing(1, async ({ device }) => explained(device, opened++ === 0))
    });
    const sources = await service.explain({ ...ref(), messages }, take);
    expect(sources.rows[0].index).toBe(0);
    expect(notices()).toHaveLength(3);
    expect(notices().every((notice) => lossSentence.test(notice))).toBe(true);
  });

  it('keeps trainings that are finished, and goes on with the next', async () => {
    const begun: number[] = [];
    const retrain: GpuJobs['retrain'] = async ({
      device,
      parts,
      finished = 0,
      questions: asked,
      onModel
    }) => {
      begun.push(finished);
      for (let number = finished; number < parts.length; number++) {
        // Each device lasts for two models.
        if (number === finished + 2) await gpus.lose(device);
        await onModel(number, { loss: number, questions: Float64Array.from(asked, () => number) });
      }
    };
    const { measure } = measuring(sameFact);
    const report = await serviceWith({ measure, retrain }).retrain(ref(), 4, take);
    expect(begun).toEqual([0, 2, 4, 6]);
    expect(report.models).toBe(4);
    expect(report.leaveOneOut.map(({ loss }) => loss).sort()).toEqual([1, 2]);
    expect(notices()[0]).toContain('Going on with model 3 of 7');
  });

  it('looks again at what a Datanet would add', async () => {
    const losses = { loss: 2, questions: Float64Array.of(2) };
    const value: GpuJobs['value'] = async ({ looked }) => {
      const scores = { queries: 1, rows: looked.length, values: Float64Array.from(looked, () => 1) };
      return { index: [...looked.keys()], cosine: scores, product: scores, before: losses };
    };
    const asked = {
      ...{ model: tinyModel, data: choice, prompts: [{ question: 'what of lamp', answer: 'here' }] },
      ...{ encoding: { maxLength: 64, trainOn: 'answers' as const }, trialSteps: 0 }
    };
    const found = await serviceWith({ value: losing(1, value) }).datanetValue(asked, take);
    expect(found.lossBefore).toBe(2);
    expect(notices()).toEqual([expect.stringMatching(lossSentence)]);
  });
});
