/** Influence of a whole run: trained, looked at twice, and asked where an answer comes from. */
import { describe, expect, test } from 'vitest';
import { sharesOf } from '../../src/lib/attribution/shares';
import { Device } from '../../src/lib/gpu/device';
import { AdapterLayout } from '../../src/lib/gpu/model/adapter';
import { parseDecoderConfig } from '../../src/lib/gpu/model/config';
import { ChatSession } from '../../src/lib/jobs/chat';
import { Explainer, NoAnswerError, type ExplainerOptions } from '../../src/lib/jobs/explain';
import { finetune, type FinetuneJob, type TrainingState } from '../../src/lib/jobs/finetune';
import {
  estimators,
  InfluenceMomentError,
  measureInfluence,
  momentsOf,
  sketchRows,
  type InfluenceJob,
  type InfluenceMoment,
  type InfluencePhase
} from '../../src/lib/jobs/influence';
import { completeOptions, parseTargets } from '../../src/lib/jobs/options';
import type { RowSketches } from '../../src/lib/jobs/sketched-run';
import { loadTokenizer } from '../../src/lib/formats/tokenizer';
import { testDevice } from '../support/device';
import { goldenCheckpoint } from '../support/goldens';
import { countDevice } from '../support/leaks';
import { relativeError } from '../support/numbers';

const device = new Device(await testDevice(), undefined, 'serial');
const checkpoint = await goldenCheckpoint('llama-tied');
const tokenizer = await loadTokenizer(checkpoint.tokenizer);
const options = completeOptions({
  method: 'lora',
  epochs: 2,
  batchSize: 2,
  maxLength: 64,
  rank: 4,
  learningRate: 1e-2
});
const said = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ]
});
const rows = [
  said('what is red', 'the apple is red'),
  said('name something red', 'the apple is red'),
  said('how many', 'seven hundred boats'),
  // Nothing of it is trained on.
  { messages: [{ role: 'user', content: 'nobody answers' }] },
  said('count them', 'seven hundred boats')
];
const queries = [said('tell me what is red', 'the apple is red'), said('count', 'seven hundred boats')];

const run = { device, checkpoint, tokenizer, rows, options };

async function trained(): Promise<TrainingState[]> {
  const states: TrainingState[] = [];
  await finetune({
    ...run,
    checkpointEvery: 1,
    onEvent: (event) => void (event.kind === 'checkpoint' && states.push(event.state))
  });
  return states;
}

describe('a run', () => {
  const momentsIn = async (job: Partial<FinetuneJob>) => {
    const moments: (InfluenceMoment & { step: number })[] = [];
    const states: TrainingState[] = [];
    const result = await finetune({
      ...run,
      moments: 2,
      ...job,
      onEvent: (event) => {
        if (event.kind === 'moment') moments.push(event);
        if (event.kind === 'checkpoint') states.push(event.state);
        job.onEvent?.(event);
      }
    });
    return { moments, states, result };
  };
  const figures = (moments: readonly (InfluenceMoment & { step: number })[]) =>
    moments.map(({ step, learningRate, values }) => [step, learningRate, ...values]);

  test('has its moments where its checkpoints would be, also when it was cut off between them', async () => {
    // Four steps: looked at after the second.
    const whole = await momentsIn({ checkpointEvery: 1 });
    const [first, second, third] = whole.states;
    const [want] = momentsOf([second]);
    expect(figures(whole.moments)).toEqual([[2, want.learningRate, ...want.values]]);
    expect(figures((await momentsIn({ resume: first })).moments)).toEqual(figures(whole.moments));
    // It was told before.
    expect((await momentsIn({ resume: third })).moments).toEqual([]);
  });

  test('is saved as it pauses, once and with what it is then, and goes on as if it had not', async () => {
    const whole = await momentsIn({ checkpointEvery: 1 });
    const kinds: string[] = [];
    const paused = await momentsIn({
      checkpointEvery: 100,
      // Before the first step nothing was learned.
      pause: () =>
        [0, 3].includes(kinds.filter((kind) => kind === 'step').length) ? Promise.resolve() : undefined,
      onEvent: ({ kind }) => void kinds.push(kind)
    });
    expect(paused.states).toEqual([{ ...whole.states[2], steps: expect.anything() as unknown }]);
    const aside = ['phase', 'plan', 'held-out', 'warning'];
    expect(kinds.filter((kind) => !aside.includes(kind))).toEqual([
      ...['step', 'step', 'moment', 'step', 'checkpoint', 'step']
    ]);
    expect(paused.result.adapter).toEqual(whole.result.adapter);
  });

  test('keeps its moments before the state of the same step', async () => {
    const kinds: string[] = [];
    await momentsIn({ checkpointEvery: 2, onEvent: ({ kind }) => void kinds.push(kind) });
    expect(kinds.filter((kind) => kind === 'moment' || kind === 'checkpoint')).toEqual([
      'moment',
      'checkpoint'
    ]);
  });

  test('that ends before its first moment has its end as the only one', async () => {
    const stop = new AbortController();
    const { moments, result } = await momentsIn({
      signal: stop.signal,
      onEvent: (event) => event.kind === 'step' && stop.abort()
    });
    expect(result.status).toBe('stopped');
    const { steps } = result.record;
    expect(moments).toMatchObject([{ step: 1, learningRate: steps[0].learningRate }]);
    const { rank, alpha, rsLora, targets } = options;
    const layout = new AdapterLayout(parseDecoderConfig(checkpoint.config), {
      ...{ rank, alpha, rsLora },
      targets: parseTargets(targets)
    });
    expect(layout.pack(result.adapter.tensors)).toEqual(moments[0].values);
    expect((await momentsIn({ moments: 0 })).moments).toEqual([]);
  });
});

test('rows that say what the answer says come first, by every estimator that sees gradients', async () => {
  const states = await trained();
  const moments = momentsOf(states);
  const phases = new Set<InfluencePhase>();
  const job: InfluenceJob = { ...run, queries, moments };
  const result = await measureInfluence({ ...job, onProgress: (phase) => phases.add(phase) });

  expect(moments.map(({ learningRate }) => learningRate)).toEqual(
    states.map(({ steps }) => steps.at(-1)!.learningRate)
  );
  expect([...phases]).toEqual(['loading', 'compiling', 'measuring', 'comparing']);
  expect(result.index).toEqual([0, 1, 2, 4]);
  expect(result.passMilliseconds).toHaveLength(moments.length);
  for (const name of estimators) {
    const { scores, moments: parts } = result.estimators[name];
    expect(scores).toMatchObject({ queries: 2, rows: 4 });
    scores.values.forEach((score, i) =>
      expect(score).toBeCloseTo(
        parts.reduce((sum, { values }) => sum + values[i], 0),
        9
      )
    );
  }
  for (const name of ['cosine', 'tracIn', 'dataInf'] as const) {
    const [a, b, c, d, e, f, g, h] = result.estimators[name].scores.values;
    expect(Math.min(a, b), name).toBeGreaterThan(Math.max(c, d));
    expect(Math.min(g, h), name).toBeGreaterThan(Math.max(e, f));
  }
  const shares = sharesOf(result.estimators.cosine.scores, {
    contributors: ['ann', 'ann', 'bob', 'bob'],
    groups: [0, 1, 2, 3]
  });
  expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);

  // What cannot be measured says so, and what is stopped ends.
  const other = completeOptions({ ...options, rank: 8 });
  await expect(measureInfluence({ ...job, options: other })).rejects.toThrow(InfluenceMomentError);
  await expect(measureInfluence({ ...job, moments: [] })).rejects.toThrow(InfluenceMomentError);
  const controller = new AbortController();
  const stopped = measureInfluence({
    ...job,
    signal: controller.signal,
    onProgress: (phase) => phase === 'measuring' && controller.abort(new Error('enough'))
  });
  await expect(stopped).rejects.toThrow('enough');
});

describe('an explainer', () => {
  const sketch = async (moments: readonly InfluenceMoment[]) => {
    const sketches: RowSketches[] = [];
    const { index } = await sketchRows({
      ...run,
      moments,
      sink: async (of, moment) => void (sketches[moment] = of)
    });
    return { index, moments: sketches };
  };

  test('says what measuring all at once says, question after question, on the base of an open chat', async () => {
    const moments = momentsOf(await trained());
    const sketched = await sketch(moments);
    expect(sketched.moments.map(({ train }) => train.hidden > 0)).toEqual([false, false, true]);
    const whole = await measureInfluence({ ...run, queries, moments });
    // Sketches that were kept are as good as rows.
    const again = await measureInfluence({ ...run, rows: [], queries, moments, sketched });
    expect(again.passMilliseconds).toEqual([]);
    for (const name of estimators)
      expect(again.estimators[name].scores.values).toEqual(whole.estimators[name].scores.values);

    const chat = await ChatSession.open({ ...run, quant: 'none' });
    const { counts } = countDevice(device.raw);
    const explainer = await Explainer.open({ ...run, moments, sketched, loaded: chat.loaded });
    for (const estimator of estimators) {
      for (const [q, query] of queries.entries()) {
        const { scores, index, milliseconds } = await explainer.explain(query, { estimator });
        const want = whole.estimators[estimator].scores.values.subarray(4 * q, 4 * q + 4);
        expect(relativeError(scores, want), `${estimator} ${q}`).toBeLessThan(1e-5);
        expect(index).toEqual([0, 1, 2, 4]);
        expect(milliseconds.gradient).toBeGreaterThan(0);
      }
    }
    // What follows a conversation is another question, and takes a longer plan.
    const asked = [...queries[0].messages, ...rows[2].messages, ...queries[1].messages];
    const after = await explainer.explain({ messages: asked });
    expect(after.tokens.answer).toBeLessThan(after.tokens.all / 3);
    expect(relativeError(after.scores, whole.estimators.cosine.scores.values.subarray(4))).toBeGreaterThan(
      1e-3
    );
    explainer.destroy();
    expect(counts().liveBuffers).toBe(0);
    const sampling = { maxNewTokens: 2, temperature: 0, topP: 1, seed: 0, adapter: false };
    for await (const { text } of chat.reply('red', sampling)) expect(text).toBeTypeOf('string');
    await chat.destroy();
  });

  test('refuses what is of another run, and what is no answer', async () => {
    const moments = momentsOf(await trained());
    const sketched = await sketch(moments);
    const open = (change: Partial<ExplainerOptions>) =>
      Explainer.open({ ...run, moments, sketched, ...change });
    await expect(open({ moments: moments.slice(1) })).rejects.toThrow(/sketched at 3. Sketch them again/);
    await expect(open({ options: completeOptions({ ...options, rank: 8 }) })).rejects.toThrow(
      InfluenceMomentError
    );
    const explainer = await open({});
    const unanswered = { messages: queries[0].messages.slice(0, 1) };
    await expect(explainer.explain(unanswered)).rejects.toThrow(NoAnswerError);
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(explainer.explain(queries[0], { signal: stopped })).rejects.toThrow('enough');
    explainer.destroy();
  });
});
