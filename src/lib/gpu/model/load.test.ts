import { expect, test } from 'vitest';
import type { BufferStore } from '../plan/buffers';
import { describeBase, type BaseFormat } from './base';
import { parseDecoderConfig } from './config';
import { checkpointAbsmaxForm, checkShapes, loadBase } from './load';
import type { Nf4Tensor } from '../nf4/layout';
import { quantizeNf4 } from '../nf4/quantize';
import { tensorNames, type WeightSource } from './weights';

const config = parseDecoderConfig({
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  intermediate_size: 64,
  vocab_size: 10,
  tie_word_embeddings: true
});

/** A model of ones, with one value changed, and matrices in stored 4 bits where they are given. */
function source(
  change?: { name: string; at: number; value: number },
  stored: Record<string, Nf4Tensor> = {}
) {
  const shape = (name: string) =>
    name.includes('norm') ? [64] : name.includes('embed') ? [10, 64] : [64, 64];
  const weights: WeightSource = {
    has: (name) => name !== tensorNames.head,
    shape,
    async *stream(name) {
      const values = new Float32Array(shape(name).reduce((a, b) => a * b)).fill(1);
      if (change?.name === name) values[change.at] = change.value;
      // Chunks of a length that is no multiple of a row.
      for (let at = 0; at < values.length; at += 100) yield values.subarray(at, at + 100);
    },
    nf4: (name) => Promise.resolve(stored[name])
  };
  return weights;
}

/** Loads onto a device that takes everything. */
function load(weights: WeightSource, format: BaseFormat, absmaxForm: 'single' | 'double' = 'double') {
  const base = describeBase(config, { format, vocabularyFormat: 'f16', maxTensorBytes: 2 ** 20, absmaxForm });
  const device = { raw: { queue: { writeBuffer: () => undefined } } };
  return loadBase({ device, ensure: () => ({}) } as unknown as BufferStore, base, weights);
}

const up = tensorNames.projection(0, 'up_proj');

test.each<[string, number, BaseFormat, string]>([
  [up, NaN, 'f16', `${up}: the weight in row 3, column 8 is NaN.`],
  [up, Infinity, 'nf4', `${up}: the weight in row 3, column 8 is Infinity.`],
  [up, -Infinity, 'f32', `${up}: the weight in row 3, column 8 is -Infinity.`],
  [up, 1e6, 'f16', `${up}: the weight in row 3, column 8 is 1000000, which 16 bits cannot hold`],
  [
    tensorNames.embedding,
    -65520,
    'f32',
    `${tensorNames.embedding}: the weight in row 3, column 8 is -65520, which 16 bits`
  ]
])(
  'a value that cannot be computed with names tensor, row and column: %s %d in %s',
  async (name, value, format, message) => {
    await expect(load(source({ name, at: 3 * 64 + 8, value }), format)).rejects.toThrow(message);
  }
);

test('a norm that is no number is named as well, and values that fit pass', async () => {
  await expect(load(source({ name: tensorNames.finalNorm, at: 5, value: NaN }), 'f16')).rejects.toThrow(
    'model.norm.weight: the weight in row 0, column 5 is NaN.'
  );
  await expect(load(source({ name: up, at: 0, value: 65504 }), 'f16')).resolves.toBeUndefined();
  await expect(load(source({ name: up, at: 0, value: 1e6 }), 'nf4')).resolves.toBeUndefined();
});

test('a stored scale that is no number names where its weights begin', async () => {
  const stored = quantizeNf4(new Float32Array(64 * 64).fill(1), [64, 64]);
  const absmax = new Float32Array(64).fill(1);
  absmax[7] = NaN;
  const single = { shape: stored.shape, codes: stored.codes, map: stored.map, absmax };
  await expect(load(source(undefined, { [up]: single }), 'nf4', 'single')).rejects.toThrow(
    `${up}: the scale of the weights from row 7, column 0 on is no number.`
  );
});

test('the first matrix that is stored in 4 bits says how, whichever it is', async () => {
  const double = quantizeNf4(new Float32Array(64 * 64).fill(1), [64, 64]);
  const single = { shape: double.shape, codes: double.codes, map: double.map, absmax: new Float32Array(64) };
  expect(await checkpointAbsmaxForm(source(), config)).toBe('double');
  expect(await checkpointAbsmaxForm(source(undefined, { [up]: double }), config)).toBe('double');
  // q_proj left at 16 bits, as llm_int8_skip_modules does.
  expect(await checkpointAbsmaxForm(source(undefined, { [up]: single }), config)).toBe('single');
});

test('shapes are compared before anything is loaded', () => {
  expect(() => checkShapes(source(), config)).not.toThrow();
  expect(() => checkShapes(source(), { ...config, vocabulary: 11 })).toThrow(
    'The tensor model.embed_tokens.weight has shape [10, 64], config.json says [11, 64].'
  );
  expect(() => checkShapes(source(), { ...config, intermediate: 48 })).toThrow(
    'mlp.gate_proj.weight has shape [64, 64]'
  );
});
