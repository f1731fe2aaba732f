import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { TabtuneError } from '../errors';
import { openCheckpoint } from './checkpoint';
import { MissingTensorError } from './checkpoint-errors';
import { openGguf, UnsupportedGgufError } from './gguf';
import { llama3RopeFactors, ropeScalingFromFactors, ropeScalingFromMetadata } from './gguf-rope';
import { fromFile } from './node-source';
import { fromBytes } from './source';
import { collect, firstDifference, golden, goldenF32 } from './testing';
import { testGguf, type TestValue } from './testing-gguf';

/** Names of a tiny golden's tensors in the order in which gguf_goldens.py wrote their values. */
function goldenNames(biases: boolean, head: boolean): string[] {
  const layer = (i: number) =>
    [
      'input_layernorm.weight',
      ...['q', 'k', 'v'].map((name) => `self_attn.${name}_proj.weight`),
      ...(biases ? ['q', 'k', 'v'].map((name) => `self_attn.${name}_proj.bias`) : []),
      'self_attn.o_proj.weight',
      'post_attention_layernorm.weight',
      ...['gate', 'up', 'down'].map((name) => `mlp.${name}_proj.weight`)
    ].map((name) => `model.layers.${i}.${name}`);
  const last = head ? ['lm_head.weight'] : [];
  return ['model.embed_tokens.weight', ...layer(0), ...layer(1), 'model.norm.weight', ...last];
}

describe.each([
  { model: 'llama', biases: false, head: false },
  { model: 'qwen2', biases: true, head: true }
])('the tiny $model', ({ model, biases, head }) => {
  const opened = async () => openCheckpoint([await fromFile(golden(`gguf/${model}.gguf`))]);

  it("gives every tensor under its Hugging Face name, rows in Hugging Face's order", async () => {
    const checkpoint = await opened();
    const expected = await goldenF32(`gguf/${model}.f32`);
    let at = 0;
    for (const name of goldenNames(biases, head)) {
      const actual = await collect(checkpoint.stream(name));
      expect(checkpoint.shape(name).reduce((a, b) => a * b, 1)).toBe(actual.length);
      expect(firstDifference(actual, expected.subarray(at, at + actual.length)), name).toBeUndefined();
      expect(await checkpoint.nf4(name)).toBeUndefined();
      at += actual.length;
    }
    expect(at).toBe(expected.length);
    expect(checkpoint.shape('model.layers.1.mlp.down_proj.weight')).toEqual([64, 96]);
    expect(checkpoint.has('lm_head.weight')).toBe(head);
    expect(() => checkpoint.shape('model.layers.2.mlp.down_proj.weight')).toThrow(MissingTensorError);
  });

  it('gives the config that Hugging Face would have', async () => {
    const { config, name, license } = await opened();
    expect({ name, license }).toEqual({ name: model, license: 'apache-2.0' });
    expect(config).toMatchObject({
      model_type: model,
      hidden_size: 64,
      intermediate_size: 96,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 16,
      rms_norm_eps: 1e-5,
      rope_theta: 500000,
      vocab_size: 40,
      tie_word_embeddings: !head,
      bos_token_id: 0,
      eos_token_id: 1
    });
  });
});

it('a damaged header of a whole model never ends in anything but a TabtuneError', async () => {
  const source = await fromFile(golden('gguf/llama.gguf'));
  const valid = (await source.read(0, source.size)).slice();
  const { tensors } = await openGguf(source);
  const headerEnd = Math.min(...[...tensors.values()].map(({ start }) => start));
  const edit = fc.tuple(fc.nat(headerEnd - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      const bytes = valid.slice();
      for (const [at, byte] of edits) bytes[at] = byte;
      const read = async () => {
        const checkpoint = await openCheckpoint([fromBytes('m.gguf', bytes)]);
        for (const name of goldenNames(false, false)) await collect(checkpoint.stream(name));
      };
      const error: unknown = await read().catch((reason: unknown) => reason);
      if (error !== undefined) expect(error).toBeInstanceOf(TabtuneError);
    }),
    fuzz(300)
  );
}, 60_000);

it('maps rope_freqs.weight to the scaling it came from', async () => {
  const { config } = await openCheckpoint([await fromFile(golden('gguf/llama.gguf'))]);
  expect(config).toMatchObject({
    rope_scaling: {
      rope_type: 'llama3',
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192
    }
  });
});

describe('ropeScalingFromFactors', () => {
  it('finds parameters other than the published ones, as good as any that give the same factors', () => {
    const parameters = {
      factor: 8,
      low_freq_factor: 2,
      high_freq_factor: 6,
      original_max_position_embeddings: 4096
    };
    const factors = llama3RopeFactors(128, 10000, parameters).map(Math.fround);
    const found = ropeScalingFromFactors(factors, 10000, 'model.gguf');
    // low 2, high 6, length 4096 is the same line as low 1, high 3, length 2048.
    expect(found).toMatchObject({
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      original_max_position_embeddings: 2048
    });
    expect(found!['high_freq_factor']).toBeCloseTo(3, 3);
  });

  it('takes ones for no scaling, and refuses factors of another rule', () => {
    expect(ropeScalingFromFactors([1, 1, 1], 10000, 'model.gguf')).toBeUndefined();
    expect(() => ropeScalingFromFactors([1, 5, 2, 9], 10000, 'model.gguf')).toThrow(UnsupportedGgufError);
  });
});

describe('a GGUF file that cannot be used', () => {
  const open = (metadata: [string, TestValue][], type = 0) =>
    openCheckpoint([
      fromBytes(
        'm.gguf',
        testGguf({
          metadata,
          tensors: [{ name: 'token_embd.weight', dimensions: [256, 1], type, offset: 0 }],
          dataBytes: 1024
        })
      )
    ]);
  const architecture = (value: string): [string, TestValue] => [
    'general.architecture',
    { type: 'string', value }
  ];
  const u32 = (key: string, value: number): [string, TestValue] => [key, { type: 'u32', value }];

  it('names the architecture', async () => {
    await expect(open([architecture('gemma3')])).rejects.toThrow(
      'm.gguf holds a model of the architecture gemma3; these can be read: llama, mistral, qwen2.'
    );
  });

  it('names the type of a tensor that cannot be dequantised', async () => {
    await expect(open([architecture('llama')], 10)).rejects.toThrow(
      '1 tensors of m.gguf are stored as Q2_K (the first is token_embd.weight)'
    );
  });

  it('names the metadata that is missing', async () => {
    await expect(open([architecture('llama'), u32('llama.embedding_length', 256)])).rejects.toThrow(
      'Metadata attention.head_count of m.gguf is missing.'
    );
  });

  it('refuses a mixture of experts', async () => {
    await expect(open([architecture('llama'), u32('llama.expert_count', 8)])).rejects.toThrow(
      'm.gguf is a mixture of experts'
    );
  });

  const f32 = (key: string, value: number): [string, TestValue] => [key, { type: 'f32', value }];

  it.each<[string, [string, TestValue], string]>([
    ['a scale', f32('llama.logit_scale', 0.5), 'llama.logit_scale = 0.5'],
    ['a soft-cap', f32('llama.attn_logit_softcapping', 50), 'llama.attn_logit_softcapping = 50'],
    ['what is not known yet', u32('llama.of_tomorrow', 3), 'llama.of_tomorrow = 3']
  ])('names metadata that changes the result: %s', async (_, entry, message) => {
    await expect(open([architecture('llama'), entry])).rejects.toThrow(
      `m.gguf has ${message}, which changes`
    );
  });

  it('passes metadata that asks for nothing', async () => {
    const quiet = [u32('llama.expert_count', 0), f32('llama.logit_scale', 1), u32('llama.vocab_size', 256)];
    await expect(open([architecture('llama'), ...quiet])).rejects.toThrow(
      'embedding_length of m.gguf is missing'
    );
  });

  it('takes a factor without a kind for linear scaling, as llama.cpp does', () => {
    const scaling = (entries: Record<string, number | string>) =>
      ropeScalingFromMetadata((key) => entries[key], 'm.gguf');
    expect(scaling({ 'rope.scaling.factor': 4 })).toEqual({ rope_type: 'linear', factor: 4 });
    expect(scaling({ 'rope.scaling.factor': 4, 'rope.scaling.type': 'none' })).toBeUndefined();
    expect(scaling({})).toBeUndefined();
  });

  it('names a tensor that nothing is computed from', async () => {
    // Biases of q, k and v are Qwen2's own; the output's would be added by others, and is not here.
    const source = await fromFile(golden('gguf/qwen2.gguf'));
    const whole = (await source.read(0, source.size)).slice();
    const text = new TextEncoder().encode('blk.1.attn_q.bias');
    const at = whole.findIndex((_, i) => text.every((byte, j) => whole[i + j] === byte));
    whole[at + 11] = 'o'.charCodeAt(0);
    await expect(openCheckpoint([fromBytes('m.gguf', whole)])).rejects.toThrow(
      'm.gguf has the tensor blk.1.attn_o.bias, for which its architecture has no place here.'
    );
  });

  it('names the tensor that is missing', async () => {
    const bytes = new Uint8Array(await (await fromFile(golden('gguf/llama.gguf'))).read(0, 212256));
    const { tensors } = await openGguf(fromBytes('m.gguf', bytes));
    expect(tensors.has('blk.1.ffn_up.weight')).toBe(true);
    // The tensor's name in the table, misspelt.
    const text = new TextEncoder().encode('blk.1.ffn_up.weight');
    const at = bytes.findIndex((_, i) => text.every((byte, j) => bytes[i + j] === byte));
    bytes[at + 10] = 'x'.charCodeAt(0);
    await expect(openCheckpoint([fromBytes('m.gguf', bytes)])).rejects.toThrow(
      'Tensor model.layers.1.mlp.up_proj.weight is not in m.gguf.'
    );
  });
});
