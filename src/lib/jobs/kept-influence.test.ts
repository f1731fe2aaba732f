import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Store } from '../datanets/store/store';
import type { GradientSketches } from '../gpu/influence/sketches';
import { AdapterLayout } from '../gpu/model/adapter';
import { parseDecoderConfig } from '../gpu/model/config';
import { keptMoments, keptSketches, sketchKeeper } from './kept-influence';
import { completeOptions, parseTargets } from './options';
import type { StepRecord } from './run-record';

let store: Store;
let run: string;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  store = await Store.open();
  run = (await store.addRun({ name: 'run', run: {} })).id;
});

afterEach(() => {
  store.close();
  vi.unstubAllGlobals();
});

const modelConfig = {
  ...{ model_type: 'llama', hidden_act: 'silu', rms_norm_eps: 1e-5, rope_theta: 10000 },
  ...{ hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 1, num_key_value_heads: 1 },
  ...{ intermediate_size: 16, vocab_size: 16, tie_word_embeddings: true }
};
const options = completeOptions({ rank: 2, alpha: 4 });
const layout = new AdapterLayout(parseDecoderConfig(modelConfig), {
  ...{ rank: 2, alpha: 4, rsLora: false },
  targets: parseTargets(options.targets)
});
const steps = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ step: i + 1, learningRate: i + 1 }) as StepRecord);

describe('moments of a run', () => {
  const keep = async (step: number) => {
    const state = { step, position: { epoch: 0, index: step }, optimizer: {}, adapter: new Map() };
    const moment = { run, step, learningRate: step, values: new ArrayBuffer(4) };
    await store.saveCheckpoint(await store.run(run), state, [moment]);
  };
  const of = (taken: number) => ({
    ...{ id: run, adapter: 'none', planned: 99, modelConfig, options },
    steps: steps(taken)
  });

  it('are those that it kept, and it is said which are missing', async () => {
    for (const step of [25, 75]) await keep(step);
    const { moments, missing } = await keptMoments(store, of(99));
    expect(moments).toEqual([25, 75].map((s) => ({ step: s, learningRate: s, values: new Float32Array(1) })));
    expect(missing).toEqual([50]);
    // A run that was stopped before is not blamed for what it never reached.
    await store.deleteRun(run);
    run = (await store.addRun({ name: 'stopped', run: {} })).id;
    await keep(25);
    expect(await keptMoments(store, of(30))).toMatchObject({ moments: [{ step: 25 }], missing: [] });
  });

  it('are its final adapter where it kept none', async () => {
    const values = layout.initial(() => 0.25);
    const adapter = { name: 'a', base: 'b', config: {}, metrics: {} };
    const { id } = await store.addAdapter(adapter, layout.unpack(values));
    const kept = await keptMoments(store, { ...of(3), adapter: id });
    expect(kept).toEqual({ moments: [{ step: 3, learningRate: 2, values }], missing: [] });
    expect((await keptMoments(store, { ...of(99), adapter: id })).missing).toEqual([25, 50, 75]);
    expect((await keptMoments(store, of(0))).moments).toEqual([]);
  });
});

describe('sketches of a run', () => {
  const sketches = (value: number, hidden = 2): GradientSketches => ({
    ...{ rows: 2, segments: 1, width: 2, hidden },
    values: new Float32Array(4).fill(value),
    squares: new Float32Array(2).fill(value * value),
    representations: new Float32Array(2 * hidden).fill(value)
  });
  const moments = [
    { step: 1, learningRate: 0.5 },
    { step: 2, learningRate: 0.25 }
  ];
  const whose = () => ({ run, rowsSha256: 'ab', moments });
  const keep = async () => {
    const sink = sketchKeeper(store.attribution, whose());
    await sink({ learningRate: 0.5, train: sketches(1, 0) }, 0, [0, 3]);
    await sink({ learningRate: 0.25, train: sketches(2) }, 1, [0, 3]);
  };

  it('come back as they were measured', async () => {
    expect(await keptSketches(store.attribution, whose())).toBeUndefined();
    await keep();
    expect(await keptSketches(store.attribution, whose())).toEqual({
      index: [0, 3],
      moments: [
        { learningRate: 0.5, train: sketches(1, 0) },
        { learningRate: 0.25, train: sketches(2) }
      ]
    });
  });

  it('of other rows, other moments or only some of them are none', async () => {
    await keep();
    const stale = (change: object) => keptSketches(store.attribution, { ...whose(), ...change });
    expect(await stale({ rowsSha256: 'cd' })).toBeUndefined();
    expect(await stale({ moments: [moments[0], { ...moments[1], step: 3 }] })).toBeUndefined();
    expect(await stale({ moments: [...moments, moments[1]] })).toBeUndefined();
    // Measuring begins: what was there before must not be taken for part of it, should it break off.
    const sink = sketchKeeper(store.attribution, whose());
    await sink({ learningRate: 0.5, train: sketches(3, 0) }, 0, [0, 3]);
    expect(await keptSketches(store.attribution, whose())).toBeUndefined();
  });
});
