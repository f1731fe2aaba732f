/** Models and adapters with one peculiarity each, as transformers and PEFT compute them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint, type Checkpoint } from '../../src/lib/formats/checkpoint';
import { readAdapter, type Adapter } from '../../src/lib/formats/peft';
import { writeSafetensors } from '../../src/lib/formats/safetensors';
import { fromBytes, type ByteSource } from '../../src/lib/formats/source';
import { Device } from '../../src/lib/gpu/device';
import { Scorer } from '../../src/lib/gpu/generate/scorer';
import { AdapterLayout } from '../../src/lib/gpu/model/adapter';
import { describeBase } from '../../src/lib/gpu/model/base';
import { parseDecoderConfig } from '../../src/lib/gpu/model/config';
import { checkpointAbsmaxForm, loadBase } from '../../src/lib/gpu/model/load';
import type { Projection } from '../../src/lib/gpu/model/weights';
import { BufferStore } from '../../src/lib/gpu/plan/buffers';
import { persistent } from '../../src/lib/gpu/plan/tensor';
import { Trainer } from '../../src/lib/gpu/train/trainer';
import { testDevice } from '../support/device';
import { readBytes, readJson } from '../support/files';
import {
  goldenAdapter,
  goldenJson,
  goldenSource,
  goldenTensors,
  trainingRows,
  type GoldenBatch
} from '../support/goldens';

const root = 'tests/goldens/variants';

interface Variant {
  name: string;
  model: string;
  loss: number;
}
interface Variants {
  configs: (Variant & { config: Record<string, unknown>; gradNorm: number })[];
  head: Variant;
  adapters: (Variant & { adapter: string })[];
  fourBit: Variant;
}
const variants = await readJson<Variants>(`${root}/expected.json`);

let device: Device;
beforeAll(async () => {
  device = new Device(await testDevice(), undefined, 'serial');
});

const variantSource = async (path: string) =>
  fromBytes(path.split('/').at(-1)!, await readBytes(`${root}/${path}`));

/** A golden's folder with another config (null takes a field away), and other files where they are given. */
async function checkpointOf(
  model: string,
  config: Record<string, unknown>,
  weights?: ByteSource
): Promise<Checkpoint> {
  const merged = { ...(await goldenJson<Record<string, unknown>>(`${model}/config.json`)), ...config };
  const kept = Object.fromEntries(
    Object.entries(merged).filter(([name, value]) => !(name in config) || value !== null)
  );
  return openCheckpoint([
    fromBytes('config.json', new TextEncoder().encode(JSON.stringify(kept))),
    await goldenSource(`${model}/tokenizer.json`),
    await goldenSource(`${model}/tokenizer_config.json`),
    weights ?? (await goldenSource(`${model}/model.safetensors`))
  ]);
}

async function onGpu(checkpoint: Checkpoint, format: 'f32' | 'nf4') {
  const config = parseDecoderConfig(checkpoint.config);
  const base = describeBase(config, {
    format,
    vocabularyFormat: 'f32',
    maxTensorBytes: 2 ** 27,
    absmaxForm: await checkpointAbsmaxForm(checkpoint, config)
  });
  const store = new BufferStore(device);
  await loadBase(store, base, checkpoint);
  return { config, base, store };
}

function layoutOf(config: ReturnType<typeof parseDecoderConfig>, { config: adapter }: Adapter) {
  const { rank, alpha, rsLora, targetModules } = adapter;
  return new AdapterLayout(config, { rank, alpha, rsLora, targets: targetModules as Projection[] });
}

const plan = (tokens: number) => ({
  tokens,
  length: 64,
  style: 'serial' as const,
  scratch: true,
  activations: 'f32' as const
});

/** Mean loss over the golden's batch, forward only. */
async function lossOf(
  model: string,
  checkpoint: Checkpoint,
  adapter?: Adapter,
  format: 'f32' | 'nf4' = 'f32'
) {
  const { config, base, store } = await onGpu(checkpoint, format);
  const rows = trainingRows(await goldenJson<GoldenBatch>(`${model}/batch.json`));
  const tokens = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  let worn;
  if (adapter) {
    const layout = layoutOf(config, adapter);
    const values = persistent('adapter', layout.length);
    const packed = layout.pack(adapter.tensors, adapter.config.only);
    device.raw.queue.writeBuffer(store.ensure(values), 0, packed);
    worn = { layout, values };
  }
  const scorer = await Scorer.create(store, base, { ...plan(tokens), ...(worn ? { adapter: worn } : {}) });
  const sums = await scorer.score(rows);
  scorer.destroy();
  store.destroy();
  const trained = rows.reduce((sum, row) => sum + row.trained.reduce((a, b) => a + b, 0), 0);
  return sums.reduce((a, b) => a + b, 0) / trained;
}

const near = (got: number, want: number, within = 1e-5) =>
  expect(Math.abs(got / want - 1)).toBeLessThan(within);

test.each(variants.configs)('$name: loss and gradients are those of transformers', async (variant) => {
  const checkpoint = await checkpointOf(variant.model, variant.config);
  const { config, base, store } = await onGpu(checkpoint, 'f32');
  const adapter = await goldenAdapter(variant.model);
  const layout = layoutOf(config, adapter);
  const rows = trainingRows(await goldenJson<GoldenBatch>(`${variant.model}/batch.json`));
  const tokens = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  const trainer = await Trainer.create(store, base, layout, {
    ...plan(tokens),
    checkpointing: false,
    dropout: 0
  });
  trainer.restore({ values: layout.pack(adapter.tensors) });
  const step = { learningRate: 0, weightDecay: 0, maxGradNorm: 0, seed: 0 };
  const { loss, gradNorm } = await trainer.step([rows], step);
  trainer.destroy();
  store.destroy();
  near(loss, variant.loss, 1e-4);
  near(gradNorm, variant.gradNorm, 1e-3);
});

test('a head of its own beside a tied config is used', async () => {
  const { model, loss } = variants.head;
  const tensors = await goldenTensors(`${model}/model.safetensors`);
  const embedding = tensors.get('model.embed_tokens.weight')!;
  const [rows, width] = embedding.shape;
  const head = new Float32Array(embedding.data.length);
  for (let row = 0; row < rows; row++)
    head.set(embedding.data.subarray((rows - 1 - row) * width, (rows - row) * width), row * width);
  const list = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  const weights = writeSafetensors([...list, { name: 'lm_head.weight', shape: embedding.shape, data: head }]);
  const checkpoint = await checkpointOf(model, {}, fromBytes('model.safetensors', weights));
  expect(checkpoint.config).toMatchObject({ tie_word_embeddings: false });
  near(await lossOf(model, checkpoint), loss);
});

describe.each(variants.adapters)('$name', ({ model, adapter: folder, loss }) => {
  test('does what PEFT makes of it', async () => {
    const checkpoint = await checkpointOf(model, {});
    const files = ['adapter_config.json', 'adapter_model.safetensors'];
    const sources = await Promise.all(files.map((file) => variantSource(`${folder}/${file}`)));
    near(await lossOf(model, checkpoint, await readAdapter(sources, checkpoint)), loss);
  });
});

describe('a 4-bit checkpoint of FP4, of NF4 in blocks of 128, and of matrices left in 16 bits', () => {
  const open = async () => {
    const config = await readJson<Record<string, unknown>>(`${root}/${variants.fourBit.name}/config.json`);
    const weights = await variantSource(`${variants.fourBit.name}/model.safetensors`);
    return checkpointOf(variants.fourBit.model, config, weights);
  };

  test('is computed as stored where the base is not taken in 4 bits', async () => {
    near(await lossOf(variants.fourBit.model, await open()), variants.fourBit.loss);
  });

  test('says which of it has no place in 4 bits, and takes NF4 in its stored bits', async () => {
    const checkpoint = await open();
    const { foreign, plain } = checkpoint.fourBit!;
    expect(foreign.map(({ name }) => name).every((name) => name.includes('layers.0.'))).toBe(true);
    expect(new Set(foreign.map(({ form }) => form))).toEqual(new Set(['FP4 in blocks of 64']));
    expect(plain).toEqual([0, 1].map((layer) => `model.layers.${layer}.self_attn.q_proj.weight`));
    expect(await checkpoint.nf4('model.layers.1.mlp.up_proj.weight')).toBeDefined();
    // Quantised anew in the first layer, it is another model, and not a broken one.
    const loss = await lossOf(variants.fourBit.model, checkpoint, undefined, 'nf4');
    expect(Math.abs(loss / variants.fourBit.loss - 1)).toBeGreaterThan(1e-4);
    expect(Math.abs(loss / variants.fourBit.loss - 1)).toBeLessThan(0.2);
  });
});
