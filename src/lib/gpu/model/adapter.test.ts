import { describe, expect, test } from 'vitest';
import { Random } from '../../datanets/random';
import { AdapterLayout, AdapterMismatchError } from './adapter';
import { parseDecoderConfig } from './config';
import { projections } from './weights';

const llama1b = parseDecoderConfig({
  model_type: 'llama',
  hidden_size: 2048,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  intermediate_size: 8192,
  vocab_size: 128256,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  tie_word_embeddings: true
});
const tiny = parseDecoderConfig({
  model_type: 'llama',
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  intermediate_size: 12,
  vocab_size: 32
});

test('trainable parameters are as many as PEFT counts', () => {
  // peft: print_trainable_parameters() for Llama-3.2-1B, r = 16, all seven projections.
  expect(
    new AdapterLayout(llama1b, { rank: 16, alpha: 32, rsLora: false, targets: projections }).parameterCount
  ).toBe(11_272_192);
  expect(
    new AdapterLayout(llama1b, { rank: 8, alpha: 16, rsLora: false, targets: ['q_proj', 'v_proj'] })
      .parameterCount
  ).toBe(851_968);
});

test('the scale is alpha / rank, or alpha / sqrt(rank) when rank-stabilised', () => {
  expect(new AdapterLayout(tiny, { rank: 4, alpha: 8, rsLora: false, targets: ['q_proj'] }).scale).toBe(2);
  expect(new AdapterLayout(tiny, { rank: 4, alpha: 8, rsLora: true, targets: ['q_proj'] }).scale).toBe(4);
});

describe('a fresh adapter', () => {
  const layout = new AdapterLayout(tiny, {
    rank: 2,
    alpha: 4,
    rsLora: false,
    targets: ['v_proj', 'down_proj']
  });
  const random = new Random(7);
  const values = layout.initial(() => random.next() / 2 ** 32);

  test('has B = 0 and A within ±1/sqrt(in)', () => {
    for (const [name, { data, shape }] of layout.unpack(values)) {
      if (name.includes('lora_B')) expect(data.every((v) => v === 0)).toBe(true);
      else expect(data.every((v) => v !== 0 && Math.abs(v) <= 1 / Math.sqrt(shape[1]))).toBe(true);
    }
  });

  test('packs and unpacks to the same bits, and leaves all else zero', () => {
    expect(layout.pack(layout.unpack(values))).toEqual(values);
    expect(values.filter((v) => v !== 0)).toHaveLength(2 * (2 * 8 + 2 * 12));
  });

  test('starts every factor where a binding may start', () => {
    for (let layer = 0; layer < 2; layer++) {
      for (const group of ['qkv', 'down'] as const) {
        const found = layout.group(layer, group)!;
        expect([found.a % 64, found.b % 64]).toEqual([0, 0]);
      }
    }
    expect(layout.group(0, 'o')).toBeUndefined();
  });
});

test('tensors of another rank, missing or unknown ones are refused by name', () => {
  const layout = new AdapterLayout(tiny, { rank: 2, alpha: 4, rsLora: false, targets: ['q_proj'] });
  const other = new AdapterLayout(tiny, { rank: 3, alpha: 4, rsLora: false, targets: ['q_proj'] });
  const more = new AdapterLayout(tiny, { rank: 2, alpha: 4, rsLora: false, targets: ['q_proj', 'o_proj'] });
  expect(() => layout.pack(other.unpack(new Float32Array(other.length)))).toThrow(
    /layers\.0\.self_attn\.q_proj\.lora_A\.weight is \[3, 8\]; this model and rank need \[2, 8\]/
  );
  expect(() => layout.pack(new Map())).toThrow(AdapterMismatchError);
  expect(() => layout.pack(more.unpack(new Float32Array(more.length)))).toThrow(/o_proj.* no place/);
});

test('an adapter of some layers only packs with zeros on the others, and says which must be there', () => {
  const layout = new AdapterLayout(tiny, { rank: 2, alpha: 4, rsLora: false, targets: ['q_proj'] });
  const second = [...layout.names()].filter(({ name }) => name.includes('layers.1.'));
  const tensors = new Map(
    second.map(({ name, shape }) => [name, { shape, data: new Float32Array(shape[0] * shape[1]).fill(3) }])
  );
  const only = ['layers.1.self_attn.q_proj'];
  const values = layout.pack(tensors, only);
  const filled = second.reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);
  expect(values.filter((v) => v === 3)).toHaveLength(filled);
  expect(values.filter((v) => v !== 0)).toHaveLength(filled);
  expect(() => layout.pack(tensors)).toThrow(/layers\.0\.self_attn\.q_proj\.lora_A\.weight is missing/);
  expect(() => layout.pack(new Map(), only)).toThrow(
    /layers\.1\.self_attn\.q_proj\.lora_A\.weight is missing/
  );
});
