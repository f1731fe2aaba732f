/** The whole engine against PyTorch, transformers, PEFT and bitsandbytes. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Device } from '../../src/lib/gpu/device';
import { recordLogits } from '../../src/lib/gpu/generate/forward-plan';
import { AdapterLayout } from '../../src/lib/gpu/model/adapter';
import { describeBase, type BaseFormat } from '../../src/lib/gpu/model/base';
import { parseDecoderConfig } from '../../src/lib/gpu/model/config';
import { checkpointAbsmaxForm, loadBase } from '../../src/lib/gpu/model/load';
import { ropeTable } from '../../src/lib/gpu/kernels/rope/rope-table';
import type { Projection } from '../../src/lib/gpu/model/weights';
import { BufferStore } from '../../src/lib/gpu/plan/buffers';
import { defaultStepScalars } from '../../src/lib/gpu/plan/kernel';
import type { Style } from '../../src/lib/gpu/plan/style';
import { persistent } from '../../src/lib/gpu/plan/tensor';
import { packBatch } from '../../src/lib/gpu/train/batch';
import { learningRateAt, type Scheduler } from '../../src/lib/gpu/train/schedule';
import { Trainer } from '../../src/lib/gpu/train/trainer';
import { barriersCompileSlowly, testDevice } from '../support/device';
import {
  goldenAdapter,
  goldenCheckpoint,
  goldenJson,
  goldenTensors,
  trainingRows,
  type GoldenBatch
} from '../support/goldens';
import { relativeError } from '../support/numbers';

// One device a style for the whole file: compiled kernels are shared between models.
let devices: Record<Style, Device>;
beforeAll(async () => {
  const raw = await testDevice();
  devices = {
    serial: new Device(raw, undefined, 'serial'),
    cooperative: new Device(raw, undefined, 'cooperative')
  };
});

interface Setting {
  style: Style;
  checkpointing: boolean;
  scratch: boolean;
}

const serial: Setting = { style: 'serial', checkpointing: false, scratch: true };
const recomputing: Setting = { style: 'serial', checkpointing: true, scratch: false };
const cooperative: Setting = { style: 'cooperative', checkpointing: true, scratch: false };

async function open(model: string, format: BaseFormat, setting: Setting, adapterFrom = model) {
  const device = devices[setting.style];
  const checkpoint = await goldenCheckpoint(model);
  const config = parseDecoderConfig(checkpoint.config);
  const base = describeBase(config, {
    format,
    vocabularyFormat: 'f32',
    maxTensorBytes: 64 * config.hidden * 4,
    absmaxForm: await checkpointAbsmaxForm(checkpoint, config)
  });
  const store = new BufferStore(device);
  await loadBase(store, base, checkpoint);
  const adapter = await goldenAdapter(adapterFrom);
  const { rank, alpha, rsLora, targetModules } = adapter.config;
  const layout = new AdapterLayout(config, { rank, alpha, rsLora, targets: targetModules as Projection[] });
  return { device, config, base, store, adapter, layout };
}

const expectedFile = (format: BaseFormat) => (format === 'nf4' ? 'nf4' : 'f32');

async function checkGradients(model: string, format: BaseFormat, setting: Setting, adapterFrom = model) {
  const { base, store, adapter, layout } = await open(model, format, setting, adapterFrom);
  const rows = trainingRows(await goldenJson<GoldenBatch>(`${adapterFrom}/batch.json`));
  const want = await goldenTensors(`${adapterFrom}/expected-${expectedFile(format)}.safetensors`);
  const figures = (
    await goldenJson<Record<string, { loss: number; gradNorm: number; trainedTokens: number }>>(
      `${adapterFrom}/expected.json`
    )
  )[expectedFile(format)];
  const tokens = rows.reduce((sum, r) => sum + r.tokens.length, 0);
  const trainer = await Trainer.create(store, base, layout, {
    tokens: tokens + 5,
    length: 64,
    activations: 'f32',
    dropout: 0,
    ...setting
  });
  trainer.restore({ values: layout.pack(adapter.tensors) });
  const metrics = await trainer.step([rows], { learningRate: 0, weightDecay: 0, maxGradNorm: 0, seed: 0 });
  const gradients = await trainer.gradients();
  trainer.destroy();
  store.destroy();
  expect(metrics.trainedTokens).toBe(figures.trainedTokens);
  expect(Math.abs(metrics.loss / figures.loss - 1)).toBeLessThan(1e-4);
  expect(Math.abs(metrics.gradNorm / figures.gradNorm - 1)).toBeLessThan(1e-3);
  expect(gradients.size).toBe([...want.keys()].filter((k) => k !== 'logits').length);
  for (const [name, { data }] of gradients)
    expect(relativeError(data, want.get(name)!.data), name).toBeLessThan(1e-3);
}

async function checkLogits(model: string, format: BaseFormat, setting: Setting) {
  const { base, config, store, adapter, layout } = await open(model, format, setting);
  const rows = trainingRows(await goldenJson<GoldenBatch>(`${model}/batch.json`));
  const want = (await goldenTensors(`${model}/expected-${expectedFile(format)}.safetensors`)).get('logits')!;
  const tokens = rows.reduce((sum, r) => sum + r.tokens.length, 0);
  const values = persistent('adapter', layout.length);
  const { plan, batch, logits, stride } = recordLogits(base, {
    tokens,
    rows: tokens,
    length: 64,
    style: setting.style,
    scratch: setting.scratch,
    activations: 'f32',
    adapter: { layout, values }
  });
  const built = await plan.build(store.device, store);
  const packed = packBatch(rows, tokens, config.vocabulary);
  built.write(values, layout.pack(adapter.tensors));
  built.write(
    batch.ropeTable,
    ropeTable({ headDim: config.headDim, theta: config.ropeTheta, scaling: config.ropeScaling }, 64)
  );
  for (const name of ['ids', 'positions', 'spans'] as const) built.write(batch[name], packed[name]);
  built.write(
    batch.gather,
    Uint32Array.from({ length: tokens }, (_, i) => i)
  );
  built.replay({ ...defaultStepScalars, tokens, trained: tokens });
  const got = await built.read(logits);
  built.destroy();
  store.destroy();
  const cut = Float32Array.from(
    { length: tokens * config.vocabulary },
    (_, i) => got[Math.floor(i / config.vocabulary) * stride + (i % config.vocabulary)]
  );
  expect(relativeError(cut, want.data)).toBeLessThan(1e-3);
}

const models = ['llama-tied', 'llama-gqa-rope3', 'mistral-window', 'qwen2-bias'];

describe.each(models)('%s', (model) => {
  test('logits over the f32 base and over NF4', async () => {
    await checkLogits(model, 'f32', serial);
    await checkLogits(model, 'nf4', recomputing);
  });

  test('every LoRA gradient over the f32 base', () => checkGradients(model, 'f32', serial));
  test('every LoRA gradient over a 16-bit base, recomputing', () =>
    checkGradients(model, 'f16', recomputing));
  test('every LoRA gradient over NF4, dequantised once a pass', () => checkGradients(model, 'nf4', serial));
  test('every LoRA gradient over NF4, dequantised in the tile, recomputing', () =>
    checkGradients(model, 'nf4', recomputing));
});

test('the style for GPUs, with its workgroup memory, gives the same gradients', async ({ skip }) => {
  if (barriersCompileSlowly(devices.serial))
    skip('this driver takes minutes to compile kernels with barriers');
  await checkGradients('llama-gqa-rope3', 'nf4', cooperative);
});

test('a checkpoint that bitsandbytes quantised is used as it is', () =>
  checkGradients('llama-tied-bnb4', 'nf4', serial, 'llama-tied'));

describe.each(['llama-tied', 'qwen2-bias'])('training curve of %s', (model) => {
  test('20 steps with accumulation, clipping, warm-up and decay stay within 0.5 %', async () => {
    const { base, store, adapter, layout } = await open(model, 'nf4', serial);
    const batches = await goldenJson<GoldenBatch[][]>(`${model}/curve/batches.json`);
    const curve = await goldenJson<{
      options: {
        steps: number;
        warmupSteps: number;
        learningRate: number;
        scheduler: Scheduler;
        maxGradNorm: number;
        weightDecay: number;
      };
      steps: { loss: number; learningRate: number; gradNorm: number; trainedTokens: number }[];
    }>(`${model}/curve/steps.json`);
    const tokens = Math.max(
      ...batches.flat().map((b) => trainingRows(b).reduce((sum, r) => sum + r.tokens.length, 0))
    );
    const trainer = await Trainer.create(store, base, layout, {
      tokens,
      length: 64,
      activations: 'f32',
      dropout: 0,
      ...serial
    });
    trainer.restore({ values: layout.pack(adapter.tensors) });
    const { options } = curve;
    for (const [step, want] of curve.steps.entries()) {
      const learningRate = learningRateAt(step, {
        scheduler: options.scheduler,
        peak: options.learningRate,
        warmup: options.warmupSteps,
        steps: options.steps
      });
      expect(learningRate).toBeCloseTo(want.learningRate, 9);
      const got = await trainer.step(batches[step].map(trainingRows), {
        learningRate,
        weightDecay: options.weightDecay,
        maxGradNorm: options.maxGradNorm,
        seed: 0
      });
      expect(got.trainedTokens).toBe(want.trainedTokens);
      expect(Math.abs(got.loss / want.loss - 1), `loss at step ${step + 1}`).toBeLessThan(5e-3);
      expect(Math.abs(got.gradNorm / want.gradNorm - 1), `norm at step ${step + 1}`).toBeLessThan(5e-3);
    }
    const final = await goldenAdapter(`${model}/curve`);
    for (const [name, { data }] of await trainer.adapter())
      expect(relativeError(data, final.tensors.get(name)!.data), name).toBeLessThan(5e-3);
    trainer.destroy();
    store.destroy();
  });
});
