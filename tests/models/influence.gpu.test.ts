/** Sketches of rows' gradients against the gradients that PyTorch made of the same rows together. */
import { describe, expect, test } from 'vitest';
import { Device } from '../../src/lib/gpu/device';
import { GradientSketcher } from '../../src/lib/gpu/influence/gradient-sketcher';
import { adamDirectionReference, sketchReference } from '../../src/lib/gpu/kernels/sketch/sketch.ref';
import { AdapterLayout } from '../../src/lib/gpu/model/adapter';
import { describeBase } from '../../src/lib/gpu/model/base';
import { parseDecoderConfig } from '../../src/lib/gpu/model/config';
import { loadBase } from '../../src/lib/gpu/model/load';
import type { Projection } from '../../src/lib/gpu/model/weights';
import { BufferStore } from '../../src/lib/gpu/plan/buffers';
import { Trainer } from '../../src/lib/gpu/train/trainer';
import { testDevice } from '../support/device';
import {
  goldenAdapter,
  goldenCheckpoint,
  goldenJson,
  goldenTensors,
  trainingRows,
  type GoldenBatch
} from '../support/goldens';
import { normals, relativeError } from '../support/numbers';

const device = new Device(await testDevice(), undefined, 'serial');

async function open(model: string, adam: boolean) {
  const checkpoint = await goldenCheckpoint(model);
  const config = parseDecoderConfig(checkpoint.config);
  const base = describeBase(config, { format: 'f32', vocabularyFormat: 'f32', maxTensorBytes: 2 ** 27 });
  const store = new BufferStore(device);
  await loadBase(store, base, checkpoint);
  const adapter = await goldenAdapter(model);
  const { rank, alpha, rsLora, targetModules } = adapter.config;
  const layout = new AdapterLayout(config, { rank, alpha, rsLora, targets: targetModules as Projection[] });
  const rows = trainingRows(await goldenJson<GoldenBatch>(`${model}/batch.json`));
  const shape = { segments: config.layers, stride: layout.length / config.layers, width: 128, seed: 3 };
  const sketcher = await GradientSketcher.create(store, base, layout, {
    tokens: 64,
    length: 64,
    activations: 'f32',
    style: 'serial',
    checkpointing: false,
    scratch: true,
    examples: 2,
    rows: 3,
    width: shape.width,
    seed: shape.seed,
    adam
  });
  const want = await goldenTensors(`${model}/expected-f32.safetensors`);
  want.delete('logits');
  const gradient = layout.pack(
    new Map([...want].map(([name, { shape: s, data }]) => [name, { shape: [s[0], s[1]], data }]))
  );
  const values = layout.pack(adapter.tensors);
  return { sketcher, store, base, layout, rows, shape, gradient, values, config };
}

/** Trained tokens of a row: how much its mean counts in the mean over the batch. */
const trainedOf = (row: { trained: Uint8Array }) => row.trained.reduce((sum, flag) => sum + flag, 0);

describe('gradients of single rows', () => {
  const model = 'llama-tied';

  test("their sketches add up to the sketch of the batch's golden gradient", async () => {
    const { sketcher, store, rows, shape, gradient, values, config } = await open(model, false);
    sketcher.restore({ values });
    const unlearned = { ...rows[0], trained: new Uint8Array(rows[0].tokens.length) };
    const made = await sketcher.sketch([...rows, unlearned]);
    sketcher.destroy();
    store.destroy();

    const total = rows.reduce((sum, row) => sum + trainedOf(row), 0);
    const size = shape.segments * shape.width;
    const sum = new Float64Array(size);
    rows.forEach((row, i) => {
      for (let j = 0; j < size; j++) sum[j] += (trainedOf(row) / total) * made.values[i * size + j];
    });
    expect(relativeError(sum, sumsOf(sketchReference(gradient, shape)))).toBeLessThan(1e-3);

    // What teaches nothing has no gradient.
    expect(made.values.subarray(rows.length * size).every((x) => x === 0)).toBe(true);
    expect(made.representations).toHaveLength((rows.length + 1) * config.hidden);
    expect(made.squares.subarray(0, rows.length * shape.segments).every((x) => x > 0)).toBe(true);
  });

  test('are the same whichever rows are beside them', async () => {
    const { sketcher, store, rows, shape, values, config } = await open(model, false);
    sketcher.restore({ values });
    const together = await sketcher.sketch([...rows, ...rows]);
    for (let i = 0; i < 2 * rows.length; i++) {
      const alone = await sketcher.sketch([rows[i % rows.length]]);
      for (const [name, size] of [
        ['values', shape.segments * shape.width],
        ['squares', shape.segments],
        ['representations', config.hidden]
      ] as const) {
        const got = together[name].subarray(i * size, (i + 1) * size);
        expect(relativeError(got, alone[name]), `${name} of row ${i}`).toBeLessThan(1e-5);
      }
    }
    sketcher.destroy();
    store.destroy();
  });

  test("with moments, they are sketches of AdamW's step", async () => {
    const { sketcher, store, base, layout, rows, shape, values } = await open(model, true);
    const trainer = await Trainer.create(store, base, layout, {
      tokens: 64,
      length: 64,
      activations: 'f32',
      style: 'serial',
      checkpointing: false,
      scratch: true,
      dropout: 0
    });
    trainer.restore({ values });
    await trainer.step([[rows[1]]], { learningRate: 0, weightDecay: 0, maxGradNorm: 0, seed: 0 });
    const gradient = layout.pack(await trainer.gradients());
    trainer.destroy();

    const scale = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0) / gradient.length);
    const m = Float32Array.from(normals(1, values.length, scale));
    const v = Float32Array.from(normals(2, values.length, scale), (x) => x * x);
    sketcher.restore({ values, m, v, iteration: 5 });
    const made = await sketcher.sketch([rows[1]]);
    sketcher.destroy();
    store.destroy();
    const want = sketchReference(adamDirectionReference(gradient, m, v, 6), shape);
    expect(relativeError(made.values, sumsOf(want))).toBeLessThan(1e-3);
  });
});

/** The sums of a reference sketch, without the squares beside them. */
const sumsOf = (sketch: Float64Array) => sketch.filter((_, i) => i % 2 === 0);
