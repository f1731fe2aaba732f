import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from './checkpoint';
import {
  AmbiguousCheckpointError,
  MissingConfigError,
  MissingShardError,
  MissingTensorError,
  MissingTokenizerError,
  UnsupportedCheckpointError
} from './checkpoint-errors';
import { writeSafetensors, type NamedTensor } from './safetensors';
import { fromBlob, fromBytes, InvalidJsonError, type ByteSource } from './source';
import { collect } from './testing';

const text = (name: string, content: string) => fromBytes(`tiny/${name}`, new TextEncoder().encode(content));
const json = (name: string, content: unknown) => text(name, JSON.stringify(content));

/** One layer of hidden size 2; every tensor is a distinct number. */
const NAMES = [
  'model.embed_tokens.weight',
  ...['input_layernorm', 'self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj'].map(
    (name) => `model.layers.0.${name}.weight`
  ),
  ...['post_attention_layernorm', 'mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj'].map(
    (name) => `model.layers.0.${name}.weight`
  ),
  'model.norm.weight'
];
const TENSORS: NamedTensor[] = NAMES.map((name, i) => ({
  name,
  shape: [1, 2],
  data: new Float32Array([i, i + 0.5])
}));
const CONFIG = { model_type: 'llama', num_hidden_layers: 1, tie_word_embeddings: true };
const SMALL = [
  json('config.json', CONFIG),
  json('tokenizer.json', { model: {} }),
  json('tokenizer_config.json', { eos_token: '</s>' })
];

const shard = (name: string, tensors: NamedTensor[]) => fromBytes(`tiny/${name}`, writeSafetensors(tensors));
const whole = shard('model.safetensors', TENSORS);
const PARTS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const parts = [shard(PARTS[0], TENSORS.slice(0, 4)), shard(PARTS[1], TENSORS.slice(4))];
const index = json('model.safetensors.index.json', {
  weight_map: Object.fromEntries(NAMES.map((name, i) => [name, PARTS[i < 4 ? 0 : 1]]))
});
const without = (files: ByteSource[], name: string) =>
  files.filter((file) => !file.name.endsWith(`/${name}`));

describe('a Hugging Face folder', () => {
  it.each<[string, ByteSource[]]>([
    ['in one file', [whole]],
    ['in parts with an index', [...parts, index]],
    ['in parts without an index', parts],
    ['in parts beside another layout', [...parts, index, shard('consolidated.safetensors', TENSORS)]]
  ])('%s gives every tensor by name', async (_, files) => {
    const checkpoint = await openCheckpoint([...SMALL, ...files]);
    for (const { name, shape, data } of TENSORS) {
      expect(checkpoint.has(name)).toBe(true);
      expect(checkpoint.shape(name)).toEqual(shape);
      expect(await collect(checkpoint.stream(name))).toEqual(data);
    }
    expect(checkpoint.config).toEqual(CONFIG);
    expect(checkpoint.name).toBe('tiny');
    await expect(collect(checkpoint.stream('nothing'))).rejects.toThrow(MissingTensorError);
  });

  it('reads Blobs, as a page has them', async () => {
    const blobs = await Promise.all(
      [...SMALL, whole].map(async (file) =>
        fromBlob(new Blob([(await file.read(0, file.size)).slice()]), file.name)
      )
    );
    const checkpoint = await openCheckpoint(blobs);
    expect(await collect(checkpoint.stream('model.norm.weight'))).toEqual(TENSORS.at(-1)!.data);
  });

  it('takes the chat template from wherever the model keeps it', async () => {
    const named = {
      chat_template: [
        { name: 'tool_use', template: 'T' },
        { name: 'default', template: 'D' }
      ]
    };
    const template = async (files: ByteSource[]) =>
      (await openCheckpoint([...without(SMALL, 'tokenizer_config.json'), whole, ...files])).tokenizer
        .chatTemplate;
    const inConfig = json('tokenizer_config.json', { chat_template: 'C' });
    expect(await template([])).toBeUndefined();
    expect(await template([inConfig])).toBe('C');
    expect(await template([json('tokenizer_config.json', named)])).toBe('D');
    expect(await template([inConfig, text('chat_template.jinja', 'J')])).toBe('J');
    expect(await template([inConfig, json('chat_template.json', { chat_template: 'K' })])).toBe('K');
  });

  it('reads the licence from the model card, and the generation settings', async () => {
    const card = text(
      'README.md',
      '---\nlanguage: en\nlicense: apache-2.0\n---\n# Tiny\nlicense: none of this'
    );
    const checkpoint = await openCheckpoint([
      ...SMALL,
      whole,
      card,
      json('generation_config.json', { eos_token_id: [1] })
    ]);
    expect(checkpoint.license).toBe('apache-2.0');
    expect(checkpoint.generation).toEqual({ eos_token_id: [1] });
  });

  it('has a digest that coreutils reproduce, whatever the order and the model card', async () => {
    const hash = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
    const files = [...SMALL, whole];
    const lines = await Promise.all(files.map(async (file) => `${hash(await file.read(0, file.size))}\n`));
    const expected = hash(lines.sort().join(''));
    expect(await (await openCheckpoint(files)).sha256()).toBe(expected);
    expect(await (await openCheckpoint([text('README.md', 'x'), ...files.reverse()])).sha256()).toBe(
      expected
    );
  });
});

describe('what lies in a folder and is not used', () => {
  const noticesOf = async (files: ByteSource[]) => (await openCheckpoint(files)).notices;
  const named = (name: string, data: number[], shape = [1, 2]) => ({
    name,
    shape,
    data: new Float32Array(data)
  });

  it('is nothing, where all of it is used', async () => {
    const derived = named('model.layers.0.self_attn.rotary_emb.inv_freq', [1, 0.5]);
    expect(await noticesOf([...SMALL, whole])).toEqual([]);
    expect(await noticesOf([...SMALL, shard('model.safetensors', [...TENSORS, derived])])).toEqual([]);
  });

  it('is told by name: norms and biases of another family, layers beyond the last', async () => {
    const more = [
      named('model.layers.0.self_attn.q_norm.weight', [1, 1]),
      named('model.layers.0.self_attn.q_proj.bias', [1, 1]),
      named('model.layers.1.mlp.up_proj.weight', [1, 1]),
      named('vision.patch.weight', [1, 1])
    ];
    expect(await noticesOf([...SMALL, shard('model.safetensors', [...TENSORS, ...more])])).toEqual([
      expect.stringMatching(
        /^4 tensors of the files are not part of a llama of 1 layers and not used: model\.layers\.0\.self_attn\.q_norm\.weight, /
      )
    ]);
  });

  it('is a head of its own only where it equals the embedding; one that differs is used', async () => {
    const same = shard('model.safetensors', [...TENSORS, named('lm_head.weight', [0, 0.5])]);
    const tied = await openCheckpoint([...SMALL, same]);
    expect([tied.config, tied.notices]).toEqual([CONFIG, []]);
    const other = shard('model.safetensors', [...TENSORS, named('lm_head.weight', [0, 0.25])]);
    const own = await openCheckpoint([...SMALL, other]);
    expect(own.config).toEqual({ ...CONFIG, tie_word_embeddings: false });
    expect(own.notices).toEqual([expect.stringContaining('it is used, as transformers 5 does')]);
  });

  it('is a GGUF beside the weights, unless it is the one that is asked for', async () => {
    const gguf = text('tiny-q4.gguf', 'GGUF');
    const opened = await openCheckpoint([...SMALL, whole, gguf]);
    expect(opened.has('model.norm.weight')).toBe(true);
    expect(opened.notices).toEqual([
      'The folder holds its own weights and tiny-q4.gguf: the weights of the folder are used. Choose that file to use it instead.'
    ]);
    const file = (name: string) => openCheckpoint([...SMALL, whole, gguf], { file: name });
    await expect(file('tiny-q4.gguf')).rejects.toThrow('tiny/tiny-q4.gguf');
    expect((await file('config.json')).notices).toEqual([]);
    await expect(file('other.gguf')).rejects.toThrow('There is no other.gguf among the model');
  });

  it('is the template in tokenizer_config.json, where a file of its own says another', async () => {
    const inConfig = json('tokenizer_config.json', { chat_template: 'C' });
    const rest = [...without(SMALL, 'tokenizer_config.json'), whole, inConfig];
    expect(await noticesOf([...rest, text('chat_template.jinja', 'C\n')])).toEqual([]);
    expect(await noticesOf([...rest, text('chat_template.jinja', 'J')])).toEqual([
      'chat_template.jinja and tokenizer_config.json hold different chat templates: that of chat_template.jinja is used.'
    ]);
  });

  it('is what generation_config.json would force on an answer', async () => {
    const asked = {
      temperature: 0.6,
      eos_token_id: 1,
      suppress_tokens: [5],
      bad_words_ids: [],
      of_tomorrow: 2
    };
    expect(await noticesOf([...SMALL, whole, json('generation_config.json', asked)])).toEqual([
      'Answers are drawn without what generation_config.json says in suppress_tokens = [5], of_tomorrow = 2. Training is not touched by it.'
    ]);
  });
});

it('a model is read for its digest once, and again where that failed', async () => {
  let reads = 0;
  let broken = true;
  const counted: ByteSource = {
    ...whole,
    read: (start, end) => {
      if (end - start === whole.size && start === 0) {
        reads += 1;
        if (broken) return Promise.reject(new Error('unplugged'));
      }
      return whole.read(start, end);
    }
  };
  const checkpoint = await openCheckpoint([...SMALL, counted]);
  await expect(checkpoint.sha256()).rejects.toThrow('Could not read');
  broken = false;
  expect(await checkpoint.sha256()).toBe(await checkpoint.sha256());
  expect(reads).toBe(2);
});

describe('a folder that lacks something', () => {
  const refusal = (files: ByteSource[]) =>
    openCheckpoint(files).then(
      () => expect.fail('the files were accepted'),
      (error: unknown) => error as Error
    );
  const all = [...SMALL, ...parts, index];

  it.each<[string, ByteSource[], new (...args: never[]) => Error, string]>([
    [
      'config.json',
      without(all, 'config.json'),
      MissingConfigError,
      'config.json is missing among the files. Choose the whole folder'
    ],
    [
      'a base model',
      [json('adapter_config.json', {})],
      MissingConfigError,
      'These files are an adapter, not a model'
    ],
    [
      'tokenizer.json',
      without(all, 'tokenizer.json'),
      MissingTokenizerError,
      "tokenizer.json is missing among the model's files. Add it"
    ],
    [
      'a part that the index names',
      without(all, PARTS[1]),
      MissingShardError,
      `1 of 2 weight files are missing: ${PARTS[1]} (named by tiny/model.safetensors.index.json).`
    ],
    [
      'a part that the names imply',
      [...SMALL, parts[1]],
      MissingShardError,
      `1 of 2 weight files are missing: ${PARTS[0]}`
    ],
    ['weights', SMALL, MissingShardError, 'There are no weights among the files.'],
    [
      'safe weights',
      [...SMALL, text('pytorch_model.bin', '')],
      MissingShardError,
      'The weights are in pytorch_model.bin'
    ],
    [
      'a tensor',
      [...SMALL, shard('model.safetensors', TENSORS.slice(0, -1))],
      MissingTensorError,
      'Tensor model.norm.weight is not in tiny/model.safetensors.'
    ],
    [
      'a tensor that the index promises',
      [...SMALL, parts[0], shard(PARTS[1], TENSORS.slice(4, -1)), index],
      MissingTensorError,
      `Tensor model.norm.weight is not in ${PARTS[1]}.`
    ],
    [
      'a clear choice',
      [...SMALL, shard('a.safetensors', TENSORS), shard('b.safetensors', TENSORS)],
      AmbiguousCheckpointError,
      'a.safetensors, b.safetensors: which of these'
    ],
    [
      'distinct parts',
      [...SMALL, parts[0], shard(PARTS[1], TENSORS)],
      AmbiguousCheckpointError,
      'Tensor model.embed_tokens.weight is both in'
    ],
    [
      'valid JSON',
      [text('config.json', '{'), ...SMALL.slice(1), whole],
      InvalidJsonError,
      'tiny/config.json is not valid JSON'
    ],
    [
      'a readable quantisation',
      [json('config.json', { ...CONFIG, quantization_config: { quant_method: 'gptq' } }), whole],
      UnsupportedCheckpointError,
      'is quantised with gptq'
    ],
    [
      'a quantisation that says what it is',
      [json('config.json', { ...CONFIG, quantization_config: { bits: 4, group_size: 64 } }), whole],
      UnsupportedCheckpointError,
      'a method that quantization_config does not name (bits, group_size)'
    ],
    [
      'a quantisation of four bits',
      [
        json('config.json', {
          ...CONFIG,
          quantization_config: { quant_method: 'bitsandbytes', load_in_8bit: true }
        }),
        whole
      ],
      UnsupportedCheckpointError,
      'quantised with 8-bit bitsandbytes'
    ],
    [
      'known fields of bitsandbytes',
      [
        json('config.json', {
          ...CONFIG,
          quantization_config: { quant_method: 'bitsandbytes', outliers: 'kept' }
        }),
        whole
      ],
      UnsupportedCheckpointError,
      'quantization_config in tiny/config.json has outliers = "kept"'
    ],
    [
      'one GGUF',
      [text('a.gguf', ''), text('b.gguf', '')],
      AmbiguousCheckpointError,
      'There are 2 GGUF files: a.gguf, b.gguf. Choose one'
    ],
    [
      'a joined GGUF',
      [text('m-00001-of-00003.gguf', '')],
      UnsupportedCheckpointError,
      'llama-gguf-split --merge'
    ]
  ])('%s is refused by name', async (_, files, kind, message) => {
    const error = await refusal(files);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
  });

  it('wants lm_head.weight only of an untied head', async () => {
    const untied = json('config.json', { ...CONFIG, tie_word_embeddings: false });
    await expect(openCheckpoint([untied, ...SMALL.slice(1), whole])).rejects.toThrow(
      'Tensor lm_head.weight is not in'
    );
  });
});

it('a file that shrinks while it is read is named', async () => {
  const shrunk: ByteSource = {
    ...whole,
    name: whole.name,
    size: whole.size,
    read: async (start, end) => (await whole.read(start, end)).subarray(0, Math.max(0, end - start - 1))
  };
  await expect(openCheckpoint([...SMALL, shrunk])).rejects.toThrow('tiny/model.safetensors ended early');
});
