/** A device that goes away in the middle of each job of the engine: one error, in our words; and a run goes on to the same bits. */
import { expect, test } from 'vitest';
import { StoppedError } from '../../src/lib/errors';
import { MemoryFileCache } from '../../src/lib/formats/file-cache';
import { loadTokenizer } from '../../src/lib/formats/tokenizer';
import { Device } from '../../src/lib/gpu/device';
import { DeviceLostError } from '../../src/lib/gpu/device-lost';
import { ChatSession } from '../../src/lib/jobs/chat';
import { sketchRows } from '../../src/lib/jobs/influence';
import { completeOptions } from '../../src/lib/jobs/options';
import { retrain } from '../../src/lib/jobs/retrain';
import { scoreRows } from '../../src/lib/jobs/score';
import { measureValue } from '../../src/lib/jobs/value';
import { engineJobs } from '../../src/lib/workers/engine-jobs';
import type { JobEvent, SavedState } from '../../src/lib/workers/gpu-jobs';
import { HubLibrary } from '../../src/lib/workers/hub-library';
import { OpenGpu } from '../../src/lib/workers/open-gpu';
import { testGpu } from '../support/device';
import { goldenCheckpoint } from '../support/goldens';

const checkpoint = await goldenCheckpoint('llama-tied');
const tokenizer = await loadTokenizer(checkpoint.tokenizer);
const options = completeOptions({
  ...{ method: 'lora', epochs: 3, batchSize: 2, maxLength: 64, rank: 4 },
  ...{ learningRate: 1e-2, warmupSteps: 0, dropout: 0.1 }
});
const rows = ['red', 'round', 'ripe', 'small', 'sweet', 'green'].map((what) => ({
  messages: [
    { role: 'user', content: `what is ${what}` },
    { role: 'assistant', content: `the apple is ${what}` }
  ]
}));
const jobs = engineJobs(testGpu());
const inputs = { checkpoint, tokenizer, options };

/** Trains as the page does, going on after each loss; `lose` says at which events the device goes. */
async function train(lose: (event: JobEvent) => boolean, signal = new AbortController().signal) {
  const gpu = new OpenGpu(jobs, new HubLibrary(new MemoryFileCache()));
  const told: string[] = [];
  const moments = new Map<number, Float32Array>();
  let resume: SavedState | undefined;
  let furthest = 0;
  const result = await gpu.onDevice(
    (device) =>
      jobs.finetune({
        ...{ device, ...inputs, rows, heldOut: rows.slice(0, 2), signal, pause: () => undefined },
        ...(resume ? { resume } : {}),
        onEvent: (event) => {
          if (event.kind === 'step') furthest = Math.max(furthest, event.step);
          if (event.kind === 'checkpoint') resume = event.state;
          if (event.kind === 'moment') moments.set(event.step, event.values);
          if (lose(event)) device.destroy();
        }
      }),
    {
      signal,
      progress: () => furthest,
      again: () => `Going on from step ${resume?.step ?? 0}`,
      tell: (sentence) => told.push(sentence)
    }
  );
  await gpu.release();
  return { result, told, moments };
}

/** True once for the n-th event of a kind. */
function at(
  ...places: readonly (readonly [JobEvent['kind'] | string, number])[]
): (event: JobEvent) => boolean {
  const seen = new Map<string, number>();
  return (event) => {
    const name = event.kind === 'phase' ? event.phase : event.kind;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return places.some(([kind, number]) => kind === name && number === count);
  };
}

test('a run goes on from its last checkpoint to the same bits, moments and measures included', async () => {
  const whole = await train(() => false);
  expect(whole.told).toEqual([]);
  expect(whole.result.record.steps).toHaveLength(9);
  const lossesOf = (run: typeof whole) => run.result.record.steps.map(({ loss }) => loss);
  for (const places of [
    [at(['quantising', 1], ['evaluating', 1]), 2],
    [at(['compiling', 1], ['step', 2], ['moment', 1]), 3],
    [at(['checkpoint', 1], ['step', 8], ['evaluating', 2]), 3]
  ] as const) {
    const [lose, losses] = places;
    const run = await train(lose);
    // A browser may notice a loss only at the next place, where the same device is ended once more.
    expect(run.told.length).toBeGreaterThan(0);
    expect(run.told.length).toBeLessThanOrEqual(losses);
    expect(run.result.record.sha256.adapter).toBe(whole.result.record.sha256.adapter);
    expect(lossesOf(run)).toEqual(lossesOf(whole));
    expect(run.result.record.heldOut?.after).toBe(whole.result.record.heldOut?.after);
    expect(run.moments).toEqual(whole.moments);
  }
});

test('a run that is stopped while it goes on after a loss still gives the adapter that was saved', async () => {
  const stop = new AbortController();
  const lose = at(['step', 7]);
  const { result, told } = await train((event) => {
    const lost = lose(event);
    if (lost) stop.abort(new StoppedError());
    return lost;
  }, stop.signal);
  expect(told).toHaveLength(1);
  expect(result.status).toBe('stopped');
  expect(result.record.steps).toHaveLength(5);
});

test('every job ends in our words when its device goes', async () => {
  const moments = [{ values: new Float32Array(), learningRate: 1 }];
  const enough: Record<string, (device: Device) => Promise<unknown>> = {
    'a chat that is opened': (device) =>
      ChatSession.open({ device, ...inputs, quant: 'none', onProgress: () => device.destroy() }).then(
        async (chat) => {
          for await (const _ of chat.reply('the apple', reply)) break;
        }
      ),
    'an answer': async (device) => {
      const chat = await ChatSession.open({ device, ...inputs, quant: 'nf4' });
      for await (const _ of chat.reply('the apple is', reply)) device.destroy();
    },
    scoring: (device) =>
      scoreRows({
        device,
        ...inputs,
        rows,
        maxLength: 64,
        quant: 'none',
        onProgress: () => device.destroy()
      }),
    sketching: async (device) => {
      const parameters = await train(at()).then(({ moments }) => [...moments.values()][0]);
      moments[0] = { values: parameters.slice(), learningRate: 1 };
      const onProgress = (phase: string) => phase === 'measuring' && device.destroy();
      // The sketches of the first moment are there by then.
      return sketchRows({
        device,
        ...inputs,
        rows,
        moments: [...moments, ...moments],
        sink: async () => undefined,
        onProgress
      });
    },
    retraining: (device) =>
      retrain({
        ...{ device, ...inputs, rows, questions: rows, parts: [{ name: 'All', rows: [0, 1, 2, 3] }] },
        onProgress: ({ phase, done }) => phase === 'training' && done === 1 && device.destroy(),
        onModel: () => undefined
      }),
    'a trial': (device) =>
      measureValue({
        ...{ device, ...inputs, rows, looked: rows, prompts: rows.slice(0, 1), trialSteps: 3 },
        onProgress: ({ phase }) => phase === 'training' && device.destroy()
      })
  };
  for (const [name, job] of Object.entries(enough)) {
    const device = await Device.open(testGpu());
    const error = await job(device).then(
      () => undefined,
      (reason: unknown) => reason
    );
    expect(error, name).toBeInstanceOf(DeviceLostError);
    device.destroy();
  }
});

const reply = { maxNewTokens: 8, temperature: 0, topP: 1, seed: 0, adapter: false };
