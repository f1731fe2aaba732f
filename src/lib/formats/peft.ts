import { z } from 'zod';
import { TabtuneError } from '../errors';
import { openSafetensors, streamF32, writeSafetensors } from './safetensors';
import { baseName, readJson, type ByteSource } from './source';

/**
 * LoRA adapters as PEFT saves and loads them: adapter_config.json and adapter_model.safetensors, with the keys
 * `base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight` [r, in] and `…lora_B.weight` [out, r].
 */

/** The files of an adapter are missing, inconsistent, or do not fit the base model. */
export class InvalidAdapterError extends TabtuneError {}

/** The adapter uses a part of PEFT that is not supported here. */
export class UnsupportedAdapterError extends TabtuneError {}

/** The projections of a decoder layer that an adapter can sit on, with the part of the layer they lie in. */
const MODULES: Readonly<Record<string, string>> = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp'
};

/** The names of all projections, in the order of a layer. */
export const TARGET_MODULES: readonly string[] = Object.keys(MODULES);

/** What a list of targets names: `all-linear`, or projections separated by commas, in the order of the text. */
export function targetNames(text: string): string[] {
  if (text.trim() === 'all-linear') return [...TARGET_MODULES];
  return text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

export interface AdapterConfig {
  /** Hugging Face id or path of the base model; PEFT looks it up there. */
  readonly baseModel: string;
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  /** Some of TARGET_MODULES. */
  readonly targetModules: readonly string[];
  /** Scale alpha / sqrt(rank) instead of alpha / rank. */
  readonly rsLora: boolean;
}

/** PEFT key to matrix: lora_A [rank, in], lora_B [out, rank], row-major. */
export type AdapterTensors = Map<string, { shape: [number, number]; data: Float32Array }>;

export interface Adapter {
  readonly config: AdapterConfig;
  readonly tensors: AdapterTensors;
}

/** A file to be saved. */
export interface OutputFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The key of one half of one adapter. */
export function adapterKey(layer: number, module: string, half: 'A' | 'B'): string {
  return `base_model.model.model.layers.${layer}.${MODULES[module]}.${module}.lora_${half}.weight`;
}

/**
 * The two files of an adapter, F32, as `PeftModel.from_pretrained` reads them.
 * @throws InvalidAdapterError when a key or shape is not that of a LoRA adapter of this rank.
 */
export function writeAdapter({ config, tensors }: Adapter): OutputFile[] {
  checkTensors(tensors, config.rank, 'the adapter to be written');
  const json = `${JSON.stringify(peftConfig(config), null, 2)}\n`;
  const list = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  return [
    { name: 'adapter_config.json', bytes: new TextEncoder().encode(json) },
    { name: 'adapter_model.safetensors', bytes: writeSafetensors(list, { metadata: { format: 'pt' } }) }
  ];
}

/**
 * Reads an adapter that PEFT or Tabtune wrote.
 * @param base the model it is to be put on; its weights' shapes are then compared
 * @throws InvalidAdapterError, UnsupportedAdapterError, and the errors of safetensors.
 */
export async function readAdapter(
  files: readonly ByteSource[],
  base?: { has(name: string): boolean; shape(name: string): readonly number[] },
  signal?: AbortSignal
): Promise<Adapter> {
  const configFile = requireFile(files, 'adapter_config.json');
  const weightFile = requireFile(files, 'adapter_model.safetensors');
  const peft = parseConfig(configFile, await readJson(configFile, signal));
  const stored = await openSafetensors(weightFile, signal);
  const tensors: AdapterTensors = new Map();
  for (const [name, entry] of stored.tensors) {
    const key = name.replace(/\.lora_([AB])\.default\.weight$/, '.lora_$1.weight');
    const { layer, module } = parseKey(key, weightFile.name);
    if (entry.shape.length !== 2) throw wrongShape(key, weightFile.name, entry.shape, 'two dimensions');
    const data = new Float32Array(entry.shape[0] * entry.shape[1]);
    let at = 0;
    for await (const chunk of streamF32(weightFile, entry, signal)) {
      data.set(chunk, at);
      at += chunk.length;
    }
    tensors.set(key, { shape: [entry.shape[0], entry.shape[1]], data });
    if (base)
      checkAgainstBase(
        key,
        entry.shape,
        base,
        `model.layers.${layer}.${MODULES[module]}.${module}.weight`,
        weightFile.name
      );
  }
  checkTensors(tensors, peft.r, weightFile.name);
  const used = new Set([...tensors.keys()].map((key) => parseKey(key, weightFile.name).module));
  return {
    tensors,
    config: {
      baseModel: peft.base_model_name_or_path ?? '',
      rank: peft.r,
      alpha: peft.lora_alpha,
      dropout: peft.lora_dropout,
      // PEFT may name targets by a pattern; the tensors say which were meant.
      targetModules: TARGET_MODULES.filter((module) => used.has(module)),
      rsLora: peft.use_rslora
    }
  };
}

/** adapter_config.json: every field that PEFT's LoraConfig has had since use_dora came, at its default unless ours to choose. */
export function peftConfig(config: AdapterConfig): Record<string, unknown> {
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: config.baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    loftq_config: {},
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    megatron_config: null,
    megatron_core: 'megatron.core',
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.rank,
    rank_pattern: {},
    revision: null,
    target_modules: [...config.targetModules],
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: config.rsLora
  };
}

const emptyMap = z.record(z.string(), z.unknown()).nullish();
const peftSchema = z.object({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(1).default(0),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  bias: z.string().default('none'),
  lora_bias: z.boolean().default(false),
  fan_in_fan_out: z.boolean().default(false),
  rank_pattern: emptyMap,
  alpha_pattern: emptyMap,
  modules_to_save: z.array(z.string()).nullish(),
  layer_replication: z.array(z.unknown()).nullish(),
  use_qalora: z.boolean().nullish(),
  use_bdlora: z.unknown().optional()
});
type PeftConfig = z.infer<typeof peftSchema>;

/** What of PEFT is not supported: how it shows in the config, and what to call it. */
const UNSUPPORTED: readonly [string, (config: PeftConfig) => boolean][] = [
  ['another method than LoRA', (config) => config.peft_type !== 'LORA'],
  ['DoRA (use_dora)', (config) => config.use_dora],
  ['trained biases (bias, lora_bias)', (config) => config.bias !== 'none' || config.lora_bias],
  ['transposed weights (fan_in_fan_out)', (config) => config.fan_in_fan_out],
  ['ranks that differ by layer (rank_pattern)', (config) => !isEmpty(config.rank_pattern)],
  ['alphas that differ by layer (alpha_pattern)', (config) => !isEmpty(config.alpha_pattern)],
  ['whole trained modules (modules_to_save)', (config) => (config.modules_to_save ?? []).length > 0],
  ['repeated layers (layer_replication)', (config) => config.layer_replication != null],
  ['QA-LoRA (use_qalora)', (config) => config.use_qalora === true],
  ['BD-LoRA (use_bdlora)', (config) => Boolean(config.use_bdlora)]
];

function parseConfig(file: ByteSource, json: unknown): PeftConfig {
  const parsed = peftSchema.safeParse(json);
  if (!parsed.success) {
    throw new InvalidAdapterError(
      `${file.name} is not a LoRA configuration: ${z.prettifyError(parsed.error)}. Choose an adapter saved by PEFT or Tabtune.`,
      { cause: parsed.error, details: { file: file.name } }
    );
  }
  for (const [what, applies] of UNSUPPORTED) {
    if (!applies(parsed.data)) continue;
    throw new UnsupportedAdapterError(
      `The adapter in ${file.name} uses ${what}, which is not supported. Train or export it as plain LoRA.`,
      { details: { file: file.name, feature: what } }
    );
  }
  return parsed.data;
}

function parseKey(key: string, file: string): { layer: number; module: string; half: 'A' | 'B' } {
  const match = /^base_model\.model\.model\.layers\.(\d+)\.(self_attn|mlp)\.(\w+)\.lora_([AB])\.weight$/.exec(
    key
  );
  if (match && Object.hasOwn(MODULES, match[3]) && MODULES[match[3]] === match[2]) {
    return { layer: Number(match[1]), module: match[3], half: match[4] as 'A' | 'B' };
  }
  if (key.includes('lora_magnitude_vector')) {
    throw new UnsupportedAdapterError(
      `${file} holds ${key}: a DoRA adapter, which is not supported. Train it as plain LoRA.`,
      {
        details: { file, tensor: key }
      }
    );
  }
  throw new UnsupportedAdapterError(
    `Tensor ${key} of ${file} sits on a module that adapters cannot have here; possible are ${TARGET_MODULES.join(', ')}. ` +
      'Train the adapter on these only.',
    { details: { file, tensor: key } }
  );
}

/** Every key known, every A with its B, every rank the one configured, at least one tensor. */
function checkTensors(tensors: AdapterTensors, rank: number, file: string): void {
  if (tensors.size === 0) {
    throw new InvalidAdapterError(
      `There are no tensors in ${file}. The adapter is empty; train or download it again.`,
      {
        details: { file }
      }
    );
  }
  for (const [key, { shape, data }] of tensors) {
    const { layer, module, half } = parseKey(key, file);
    if (shape[half === 'A' ? 0 : 1] !== rank) {
      throw wrongShape(key, file, shape, half === 'A' ? `[${rank}, in]` : `[out, ${rank}]`);
    }
    if (shape[0] * shape[1] !== data.length) throw wrongShape(key, file, shape, `${data.length} values`);
    const other = adapterKey(layer, module, half === 'A' ? 'B' : 'A');
    if (!tensors.has(other)) {
      throw new InvalidAdapterError(
        `Tensor ${other} is missing in ${file}. Copy or download the adapter again.`,
        {
          details: { file, tensor: other }
        }
      );
    }
  }
}

function checkAgainstBase(
  key: string,
  shape: readonly number[],
  base: { has(name: string): boolean; shape(name: string): readonly number[] },
  weight: string,
  file: string
): void {
  if (!base.has(weight)) {
    throw new InvalidAdapterError(
      `The adapter in ${file} has ${key}, but the model has no ${weight}. Choose its own base model.`,
      {
        details: { file, tensor: key, weight }
      }
    );
  }
  const [out, input] = base.shape(weight);
  const expected = key.endsWith('lora_A.weight') ? shape[1] === input : shape[0] === out;
  if (!expected) throw wrongShape(key, file, shape, `a fit to the model's ${weight} of [${out}, ${input}]`);
}

function wrongShape(
  key: string,
  file: string,
  shape: readonly number[],
  expected: string
): InvalidAdapterError {
  return new InvalidAdapterError(
    `Tensor ${key} of ${file} has shape [${shape.join(', ')}] instead of ${expected}. ` +
      'The adapter belongs to another model or configuration; choose the matching one.',
    { details: { file, tensor: key, shape: [...shape], expected } }
  );
}

function requireFile(files: readonly ByteSource[], name: string): ByteSource {
  const file = files.find((candidate) => baseName(candidate) === name);
  if (file) return file;
  throw new InvalidAdapterError(
    `${name} is missing among the adapter's files. Choose the folder that has adapter_config.json and adapter_model.safetensors.`,
    { details: { missing: name, files: files.map(baseName) } }
  );
}

function isEmpty(map: Record<string, unknown> | null | undefined): boolean {
  return Object.keys(map ?? {}).length === 0;
}
