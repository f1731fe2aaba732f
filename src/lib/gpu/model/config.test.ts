import { expect, test } from 'vitest';
import { parseDecoderConfig, UnsupportedModelError } from './config';

const llama = {
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  vocab_size: 100
};

test('what a config leaves out has the defaults of transformers', () => {
  expect(parseDecoderConfig(llama)).toMatchObject({
    kvHeads: 4,
    headDim: 16,
    ropeTheta: 10000,
    ropeScaling: null,
    window: 0,
    tiedHead: false,
    qkvBias: false
  });
});

test('families differ in biases and windows', () => {
  expect(parseDecoderConfig({ ...llama, model_type: 'qwen2' }).qkvBias).toBe(true);
  expect(parseDecoderConfig({ ...llama, model_type: 'mistral', sliding_window: 4096 }).window).toBe(4096);
  expect(parseDecoderConfig({ ...llama, model_type: 'mistral', sliding_window: null }).window).toBe(0);
});

test('rotary scaling is read in both of its spellings', () => {
  const scaling = {
    rope_type: 'llama3',
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192
  };
  const want = {
    type: 'llama3',
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192
  };
  expect(parseDecoderConfig({ ...llama, rope_scaling: scaling }).ropeScaling).toEqual(want);
  const modern = parseDecoderConfig({ ...llama, rope_parameters: { ...scaling, rope_theta: 500000 } });
  expect(modern).toMatchObject({ ropeScaling: want, ropeTheta: 500000 });
});

test.each([
  [
    { ...llama, model_type: 'gpt2' },
    'The model is of type "gpt2" (config.json, model_type). Tabtune runs llama, mistral, qwen2'
  ],
  [{ ...llama, model_type: 'constructor' }, 'The model is of type "constructor"'],
  [{ ...llama, hidden_act: 'gelu' }, 'hidden_act = "gelu"'],
  [{ ...llama, rope_scaling: { rope_type: 'yarn' } }, 'rope_scaling.rope_type = "yarn"'],
  [{ ...llama, hidden_size: -1 }, 'hidden_size = -1, which must be a whole number from 1 to 131072'],
  [{ ...llama, num_key_value_heads: 3 }, 'num_key_value_heads = 3'],
  [null, 'not an object']
])('what cannot be computed is refused by field: %#', (config, message) => {
  expect(() => parseDecoderConfig(config)).toThrow(UnsupportedModelError);
  expect(() => parseDecoderConfig(config)).toThrow(message);
});

test.each([
  'hidden_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'head_dim',
  'intermediate_size',
  'vocab_size'
])('no size is taken that would be work without end: %s', (field) => {
  for (const value of [2_000_000_000, 1e300, Infinity, NaN, 0, -1, 1.5, '4', [4], 'x'.repeat(1e6)]) {
    expect(() => parseDecoderConfig({ ...llama, [field]: value })).toThrow(`config.json has ${field} = `);
  }
});
