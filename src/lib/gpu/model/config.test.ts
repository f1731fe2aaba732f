import { expect, test } from 'vitest';
import { parseDecoderConfig, UnsupportedModelError, windowOfLayer } from './config';

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
  const other = { ...llama, num_key_value_heads: 4 };
  expect(parseDecoderConfig({ ...other, model_type: 'qwen2' }).qkvBias).toBe(true);
  expect(parseDecoderConfig({ ...other, model_type: 'mistral', sliding_window: 4096 }).window).toBe(4096);
  expect(parseDecoderConfig({ ...other, model_type: 'mistral', sliding_window: null }).window).toBe(0);
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

const mistral = { ...llama, model_type: 'mistral', num_key_value_heads: 2 };
const rope3 = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 };

test('a Mistral with layer_types slides where they say so, as in transformers 5', () => {
  const sliding = { ...mistral, sliding_window: 5, layer_types: ['full_attention', 'sliding_attention'] };
  const config = parseDecoderConfig(sliding);
  expect([0, 1].map((layer) => windowOfLayer(config, layer))).toEqual([0, 5]);
  const none = parseDecoderConfig({ ...sliding, layer_types: ['full_attention', 'full_attention'] });
  expect(none).toMatchObject({ window: 0 });
});

test('Qwen2 slides from max_window_layers on, and only where it says so', () => {
  const qwen2 = {
    ...llama,
    model_type: 'qwen2',
    num_key_value_heads: 2,
    sliding_window: 7,
    max_window_layers: 1
  };
  const config = parseDecoderConfig({ ...qwen2, use_sliding_window: true });
  expect([0, 1].map((layer) => windowOfLayer(config, layer))).toEqual([0, 7]);
  expect(parseDecoderConfig(qwen2).window).toBe(0);
});

test('what Mistral and Qwen2 leave out has their own defaults', () => {
  const bare = { ...mistral, num_attention_heads: 8, num_key_value_heads: undefined };
  expect(parseDecoderConfig(bare)).toMatchObject({ kvHeads: 8, window: 4096, maxPositions: 131072 });
  expect(parseDecoderConfig({ ...llama, model_type: 'qwen2', num_key_value_heads: null })).toMatchObject({
    kvHeads: 4,
    window: 0,
    maxPositions: 32768
  });
});

test('llama3 scaling without its original length takes that of the model, and nothing else by itself', () => {
  const scaled = parseDecoderConfig({ ...llama, max_position_embeddings: 256, rope_scaling: rope3 });
  expect(scaled.ropeScaling).toMatchObject({ original_max_position_embeddings: 256 });
  const own = { ...llama, rope_scaling: rope3, original_max_position_embeddings: 64 };
  expect(parseDecoderConfig(own).ropeScaling).toMatchObject({ original_max_position_embeddings: 64 });
});

test('a rotary base inside rope_parameters goes before one beside it', () => {
  const both = { ...llama, rope_theta: 10000, rope_parameters: { rope_type: 'default', rope_theta: 500000 } };
  expect(parseDecoderConfig(both).ropeTheta).toBe(500000);
});

test.each<[Record<string, unknown>, string]>([
  [{ partial_rotary_factor: 0.5 }, 'partial_rotary_factor = 0.5'],
  [
    { rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } },
    'rope_parameters.partial_rotary_factor'
  ],
  [{ rope_parameters: { full_attention: { rope_theta: 5 } } }, 'rope_parameters.full_attention'],
  [{ rope_scaling: { ...rope3, factor: undefined } }, 'rope_scaling.factor = null'],
  [{ rope_scaling: { type: 'linear' } }, 'rope_scaling.factor = null'],
  [{ rope_scaling: { type: 'dynamic', factor: 2 } }, 'rope_scaling.rope_type = "dynamic"'],
  [{ attn_logit_softcapping: 50 }, 'attn_logit_softcapping = 50'],
  [{ logits_scaling: 8 }, 'logits_scaling = 8'],
  [{ no_rope_layers: [1, 0] }, 'no_rope_layers = [1,0]'],
  [{ use_qk_norm: true }, 'use_qk_norm = true'],
  [{ num_local_experts: 4 }, 'num_local_experts = 4'],
  [{ quantization: { bits: 4, group_size: 64 } }, 'quantization = '],
  [{ attention_bias: true }, 'attention_bias = true'],
  [
    { architectures: ['LlamaForSequenceClassification'] },
    'architectures = ["LlamaForSequenceClassification"]'
  ],
  [{ layer_types: ['sliding_attention', 'full_attention'] }, 'layer_types'],
  [{ model_type: 'mistral', num_key_value_heads: 2, sliding_window: 0 }, 'sliding_window = 0'],
  [{ model_type: 'mistral', num_key_value_heads: 2, layer_types: ['full_attention'] }, 'layer_types'],
  [{ a_field_of_tomorrow: 0.5 }, 'a_field_of_tomorrow = 0.5']
])('a field that changes the result and is not computed is named: %#', (fields, message) => {
  expect(() => parseDecoderConfig({ ...llama, ...fields })).toThrow(message);
});

test('fields that ask for nothing pass', () => {
  const quiet = {
    ...{ logits_scaling: 1, num_local_experts: 0, qk_norm: false, mup: null, tags: [], extra: {} },
    ...{ unsloth_fixed: true, transformers_version: '5.24.0', pad_token_id: -1, pretraining_tp: 2 },
    ...{ do_sample: true, temperature: 0.6, partial_rotary_factor: 1, architectures: ['LLaMAForCausalLM'] }
  };
  expect(parseDecoderConfig({ ...llama, ...quiet })).toEqual(parseDecoderConfig(llama));
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
