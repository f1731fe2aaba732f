import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { TabtuneError } from '../errors';
import { fromPath } from './node-source';
import {
  adapterKey,
  InvalidAdapterError,
  readAdapter,
  TARGET_MODULES,
  UnsupportedAdapterError,
  writeAdapter,
  type Adapter,
  type AdapterTensors
} from './peft';
import { writeSafetensors } from './safetensors';
import { fromBytes } from './source';
import { golden } from './testing';

const files = (adapter: Adapter) => writeAdapter(adapter).map(({ name, bytes }) => fromBytes(name, bytes));

/** An adapter of rank r on one projection of layer 0: in 3, out 2. */
function small(changes: Partial<Adapter['config']> = {}, rank = 2): Adapter {
  const tensors: AdapterTensors = new Map([
    [adapterKey(0, 'q_proj', 'A'), { shape: [rank, 3], data: new Float32Array(rank * 3).fill(0.25) }],
    [adapterKey(0, 'q_proj', 'B'), { shape: [2, rank], data: new Float32Array(rank * 2).fill(-1e-9) }]
  ]);
  const config = {
    baseModel: 'org/base',
    rank,
    alpha: 16,
    dropout: 0,
    targetModules: ['q_proj'],
    rsLora: false,
    ...changes
  };
  return { config, tensors };
}

const adapterArbitrary: fc.Arbitrary<Adapter> = fc
  .record({
    rank: fc.integer({ min: 1, max: 4 }),
    layers: fc.integer({ min: 1, max: 3 }),
    modules: fc.subarray([...TARGET_MODULES], { minLength: 1 }),
    alpha: fc.integer({ min: 1, max: 64 }),
    rsLora: fc.boolean(),
    dropout: fc.constantFrom(0, 0.05),
    seed: fc.float({ noNaN: true, noDefaultInfinity: true })
  })
  .map(({ rank, layers, modules, alpha, rsLora, dropout, seed }) => {
    const tensors: AdapterTensors = new Map();
    for (let layer = 0; layer < layers; layer++) {
      for (const module of modules) {
        tensors.set(adapterKey(layer, module, 'A'), {
          shape: [rank, 3],
          data: new Float32Array(rank * 3).fill(seed)
        });
        tensors.set(adapterKey(layer, module, 'B'), {
          shape: [5, rank],
          data: new Float32Array(rank * 5).fill(layer)
        });
      }
    }
    return {
      config: { baseModel: 'org/base', rank, alpha, dropout, rsLora, targetModules: modules },
      tensors
    };
  });

it('an adapter survives writing and reading', async () => {
  await fc.assert(
    fc.asyncProperty(adapterArbitrary, async (adapter) => {
      const read = await readAdapter(files(adapter));
      expect(read.config).toEqual(adapter.config);
      expect(new Map([...read.tensors].sort())).toEqual(new Map([...adapter.tensors].sort()));
    }),
    fuzz(100)
  );
});

it('reads an adapter that PEFT saved', async () => {
  const { config, tensors } = await readAdapter(await fromPath(golden('models/llama-tied/adapter')));
  expect(config).toMatchObject({ rank: 8, alpha: 16, rsLora: false, targetModules: TARGET_MODULES });
  expect(tensors.get(adapterKey(0, 'down_proj', 'A'))!.shape).toEqual([8, 176]);
});

it.each<[string, Record<string, unknown>]>([
  ['ways to begin that leave the base alone', { init_lora_weights: 'gaussian', eva_config: { rho: 2 } }],
  ['empty fields', { modules_to_save: [], rank_pattern: null, loftq_config: {}, use_bdlora: null }],
  ['where it came from', { peft_version: '0.21.2', auto_mapping: { unsloth_fixed: true }, revision: 'main' }]
])('passes %s', async (_, changes) => {
  const [config, weights] = writeAdapter(small());
  const json = { ...(JSON.parse(new TextDecoder().decode(config.bytes)) as object), ...changes };
  const read = await readAdapter([
    fromBytes(config.name, new TextEncoder().encode(JSON.stringify(json))),
    fromBytes(weights.name, weights.bytes)
  ]);
  expect(read.config).toEqual(small().config);
});

describe('an adapter whose modules differ', () => {
  /** B · A by module, times the scale. */
  function products({ config, tensors }: Adapter): Map<string, number[]> {
    const scale = config.alpha / (config.rsLora ? Math.sqrt(config.rank) : config.rank);
    return new Map(
      [...tensors.keys()]
        .filter((key) => key.endsWith('lora_A.weight'))
        .map((key) => {
          const [a, b] = [tensors.get(key)!, tensors.get(key.replace('lora_A', 'lora_B'))!];
          const [rank, columns] = a.shape;
          return [
            key,
            Array.from({ length: b.shape[0] * columns }, (_, at) => {
              const [row, column] = [Math.floor(at / columns), at % columns];
              let sum = 0;
              for (let i = 0; i < rank; i++) sum += b.data[row * rank + i] * a.data[i * columns + column];
              return scale * sum;
            })
          ];
        })
    );
  }

  const own = (json: Record<string, unknown>, ranks: Record<string, number>) => {
    const data = (length: number, seed: number) =>
      Float32Array.from({ length }, (_, i) => Math.sin(seed + i));
    const list = Object.entries(ranks).flatMap(([path, rank], i) => [
      { name: `base_model.model.model.${path}.lora_A.weight`, shape: [rank, 3], data: data(rank * 3, i) },
      { name: `base_model.model.model.${path}.lora_B.weight`, shape: [2, rank], data: data(rank * 2, i + 9) }
    ]);
    const config = { peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: ['q_proj', 'v_proj'], ...json };
    return {
      list,
      read: () =>
        readAdapter([
          fromBytes('adapter_config.json', new TextEncoder().encode(JSON.stringify(config))),
          fromBytes('adapter_model.safetensors', writeSafetensors(list))
        ])
    };
  };
  const [q, v] = ['layers.0.self_attn.q_proj', 'layers.0.self_attn.v_proj'];

  it.each<[string, Record<string, unknown>, Record<string, number>, Record<string, number>]>([
    ['rank_pattern', { rank_pattern: { v_proj: 2 } }, { [q]: 4, [v]: 2 }, { [q]: 8 / 4, [v]: 8 / 2 }],
    ['a larger rank', { rank_pattern: { v_proj: 6 } }, { [q]: 4, [v]: 6 }, { [q]: 8 / 4, [v]: 8 / 6 }],
    [
      'alpha_pattern',
      { alpha_pattern: { 'self_attn.(v|k)_proj': 3 } },
      { [q]: 4, [v]: 4 },
      { [q]: 2, [v]: 3 / 4 }
    ],
    [
      'both, stabilised',
      { use_rslora: true, rank_pattern: { q_proj: 1 }, alpha_pattern: { 'layers\\.[0-3]\\..*q_proj': 5 } },
      { [q]: 1, [v]: 4 },
      { [q]: 5, [v]: 4 }
    ]
  ])('by %s does what PEFT makes of it', async (_, json, ranks, scales) => {
    const { list, read } = own(json, ranks);
    const adapter = await read();
    expect(adapter.config.rank).toBe(Math.max(...Object.values(ranks)));
    const made = products(adapter);
    for (const [path, scale] of Object.entries(scales)) {
      const key = `base_model.model.model.${path}.lora_A.weight`;
      const stored = new Map(list.filter(({ name }) => name.includes(path)).map((t) => [t.name, t] as const));
      const config = { ...small().config, rank: 1, alpha: scale, rsLora: false };
      const wanted = products({ config, tensors: stored as unknown as AdapterTensors }).get(key)!;
      made.get(key)!.forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 5));
    }
    // What is written again is one rank for all, and does the same.
    const again = await readAdapter(files(adapter));
    expect(products(again)).toEqual(made);
  });

  it('by layers says on which it sits, and comes back so', async () => {
    const path = 'layers.1.self_attn.q_proj';
    const { read } = own({ target_modules: ['q_proj'], layers_to_transform: [1] }, { [path]: 4 });
    const adapter = await read();
    expect(adapter.config).toMatchObject({ targetModules: ['q_proj'], only: [path] });
    expect((await readAdapter(files(adapter))).config).toEqual(adapter.config);
  });

  it('must be whole: what its configuration names has tensors, and nothing else has', async () => {
    await expect(own({ layers_to_transform: 1 }, { [q]: 4 }).read()).rejects.toThrow(
      `adapter_model.safetensors has tensors for ${q}, which adapter_config.json does not name`
    );
    await expect(own({ layers_to_transform: [0, 1] }, { [q]: 4, [v]: 4 }).read()).rejects.toThrow(
      'layers.1.self_attn.q_proj.lora_A.weight is missing'
    );
    await expect(own({ target_modules: ['v_proj'] }, { [q]: 4 }).read()).rejects.toThrow('does not name');
    await expect(own({}, { [q]: 4, 'layers.1.self_attn.q_proj': 4, [v]: 4 }).read()).rejects.toThrow(
      'layers.1.self_attn.v_proj.lora_A.weight is missing'
    );
    await expect(own({ target_modules: '.*q_proj' }, { [q]: 4 }).read()).resolves.toBeDefined();
  });
});

it('an adapter with a value that is no number names tensor, row and column', async () => {
  const adapter = small();
  adapter.tensors.get(adapterKey(0, 'q_proj', 'B'))!.data[3] = NaN;
  await expect(readAdapter(files(adapter))).rejects.toThrow(
    `Tensor ${adapterKey(0, 'q_proj', 'B')} of adapter_model.safetensors has NaN in row 1, column 1`
  );
});

it('writes the configuration that PEFT expects', () => {
  const [config] = writeAdapter(small({ dropout: 0.1, rsLora: true }));
  expect(JSON.parse(new TextDecoder().decode(config.bytes))).toMatchObject({
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'org/base',
    r: 2,
    lora_alpha: 16,
    lora_dropout: 0.1,
    target_modules: ['q_proj'],
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    use_rslora: true,
    use_dora: false,
    layers_to_transform: null,
    modules_to_save: null
  });
});

describe('an adapter that cannot be used', () => {
  const withConfig = (changes: Record<string, unknown>) => {
    const [config, weights] = writeAdapter(small());
    const json = { ...(JSON.parse(new TextDecoder().decode(config.bytes)) as object), ...changes };
    return [
      fromBytes('adapter_config.json', new TextEncoder().encode(JSON.stringify(json))),
      fromBytes(weights.name, weights.bytes)
    ];
  };
  const withTensors = (shapes: Record<string, [number, number]>) => {
    const tensors = Object.entries(shapes).map(([name, shape]) => ({
      name,
      shape,
      data: new Float32Array(shape[0] * shape[1])
    }));
    return [files(small())[0], fromBytes('adapter_model.safetensors', writeSafetensors(tensors))];
  };

  it.each<[Record<string, unknown>, string]>([
    [{ peft_type: 'IA3' }, 'another method than LoRA'],
    [{ use_dora: true }, 'DoRA (use_dora)'],
    [{ bias: 'all' }, 'trained biases'],
    [{ lora_bias: true }, 'trained biases'],
    [{ fan_in_fan_out: true }, 'transposed weights'],
    [{ modules_to_save: ['lm_head'] }, 'modules_to_save'],
    [{ layer_replication: [[0, 1]] }, 'layer_replication'],
    [{ use_qalora: true }, 'QA-LoRA'],
    [{ use_bdlora: { nblocks: 2 } }, 'BD-LoRA'],
    [{ trainable_token_indices: [5, 6] }, 'trained tokens of the embedding (trainable_token_indices)'],
    [{ target_parameters: ['mlp.experts.gate_up_proj'] }, 'target_parameters'],
    [{ alora_invocation_tokens: [120, 118] }, 'aLoRA'],
    [{ megatron_config: { tensor_parallel: 2 } }, 'Megatron layers'],
    [{ arrow_config: { top_k: 3 } }, 'Arrow'],
    [
      { init_lora_weights: 'pissa_niter_4' },
      'a base changed by how it was begun (init_lora_weights "pissa_niter_4")'
    ],
    [{ init_lora_weights: 'olora' }, 'init_lora_weights "olora"'],
    [{ init_lora_weights: 'loftq' }, 'path_initial_model_for_weight_conversion'],
    [{ task_type: 'SEQ_CLS' }, 'the task SEQ_CLS'],
    [{ layers_pattern: 'blocks', layers_to_transform: [0] }, 'layers called blocks'],
    [{ a_field_of_tomorrow: 3 }, 'a_field_of_tomorrow = 3'],
    [{ alpha_pattern: { '(q|v)+_proj': 4 } }, 'the pattern "(q|v)+_proj"']
  ])('for %j is refused', async (changes, what) => {
    const reading = readAdapter(withConfig(changes));
    await expect(reading).rejects.toThrow(UnsupportedAdapterError);
    await expect(reading).rejects.toThrow(what);
  });

  it('for a rank that is no number is refused', async () => {
    await expect(readAdapter(withConfig({ r: 'eight' }))).rejects.toThrow(InvalidAdapterError);
  });

  it('for a missing file names it', async () => {
    await expect(readAdapter([files(small())[0]])).rejects.toThrow(
      "adapter_model.safetensors is missing among the adapter's files."
    );
  });

  const [A, B] = [adapterKey(0, 'q_proj', 'A'), adapterKey(0, 'q_proj', 'B')];
  it.each<[string, Record<string, [number, number]>, string]>([
    ['nothing in it', {}, 'There are no tensors in adapter_model.safetensors.'],
    ['A without B', { [A]: [2, 3] }, `Tensor ${B} is missing`],
    [
      'another rank',
      { [A]: [4, 3], [B]: [2, 4] },
      `Tensor ${A} of adapter_model.safetensors has shape [4, 3] instead of [2, in].`
    ],
    [
      'an unknown module',
      { 'base_model.model.model.layers.0.self_attn.qkv_proj.lora_A.weight': [2, 3] },
      'sits on a module that adapters cannot have here'
    ],
    [
      'a module in the wrong place',
      { 'base_model.model.model.layers.0.mlp.q_proj.lora_A.weight': [2, 3] },
      'sits on a module'
    ],
    [
      'DoRA magnitudes',
      { [A]: [2, 3], [B]: [2, 2], [A.replace('lora_A', 'lora_magnitude_vector')]: [2, 1] },
      'a DoRA adapter'
    ]
  ])('with %s is refused', async (_, shapes, message) => {
    await expect(readAdapter(withTensors(shapes))).rejects.toThrow(message);
  });

  it('for another base model is refused', async () => {
    const base = (out: number, input: number) => ({ has: () => true, shape: () => [out, input] });
    await expect(readAdapter(files(small()), base(2, 3))).resolves.toBeDefined();
    await expect(readAdapter(files(small()), base(2, 4))).rejects.toThrow(
      `Tensor ${A} of adapter_model.safetensors has shape [2, 3] instead of a fit to the model's model.layers.0.self_attn.q_proj.weight of [2, 4].`
    );
    await expect(readAdapter(files(small()), base(3, 3))).rejects.toThrow(B);
    await expect(readAdapter(files(small()), { has: () => false, shape: () => [] })).rejects.toThrow(
      'the model has no model.layers.0.self_attn.q_proj.weight'
    );
  });

  it('for damaged files never ends in anything but a TabtuneError', async () => {
    const written = writeAdapter(small());
    const edit = fc.tuple(fc.nat(1), fc.nat(), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        const damaged = written.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }));
        for (const [file, at, byte] of edits) damaged[file].bytes[at % damaged[file].bytes.length] = byte;
        const reading = readAdapter(damaged.map(({ name, bytes }) => fromBytes(name, bytes)));
        const error: unknown = await reading.then(
          () => undefined,
          (reason: unknown) => reason
        );
        if (error !== undefined) expect(error).toBeInstanceOf(TabtuneError);
      }),
      fuzz(500)
    );
  });

  it('is not written either', () => {
    const adapter = small();
    adapter.tensors.delete(B);
    expect(() => writeAdapter(adapter)).toThrow(`Tensor ${B} is missing in the adapter to be written.`);
  });
});
