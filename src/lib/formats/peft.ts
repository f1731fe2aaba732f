import { parsePeftConfig } from './peft-config';
import { InvalidAdapterError, missingTensor, wrongShape } from './peft-errors';
import { checkPlacing, checkRanks, makeUniform, type AdapterTensors } from './peft-modules';
import { adapterKey, MODULES, parseKey } from './peft-names';
import { openSafetensors, streamF32, writeSafetensors } from './safetensors';
import { baseName, readJson, type ByteSource } from './source';

/**
 * LoRA adapters as PEFT saves and loads them: adapter_config.json and adapter_model.safetensors, with the keys
 * `base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight` [r, in] and `…lora_B.weight` [out, r].
 */

export { InvalidAdapterError, UnsupportedAdapterError } from './peft-errors';
export type { AdapterTensors } from './peft-modules';
export { adapterKey, TARGET_MODULES, targetNames } from './peft-names';

export interface AdapterConfig {
  /** Hugging Face id or path of the base model; PEFT looks it up there. */
  readonly baseModel: string;
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  /** Some of TARGET_MODULES. */
  readonly targetModules: readonly string[];
  /** Modules with an adapter, as `layers.3.self_attn.q_proj`, where not every layer need have one on each target. */
  readonly only?: readonly string[];
  /** Scale alpha / sqrt(rank) instead of alpha / rank. */
  readonly rsLora: boolean;
}

export interface Adapter {
  readonly config: AdapterConfig;
  readonly tensors: AdapterTensors;
  /** SHA-256 of the base it was trained on (see Checkpoint.sha256), where that was kept beside its files. */
  readonly trainedOn?: string;
}

/** A file to be saved. */
export interface OutputFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
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
  const peft = parsePeftConfig(configFile, await readJson(configFile, signal));
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
    checkFinite(key, weightFile.name, data, entry.shape[1]);
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
  const ranks = checkTensors(tensors, undefined, weightFile.name);
  checkRanks(tensors, ranks, peft, weightFile.name);
  const placing = checkPlacing([...ranks.keys()], peft, configFile.name, weightFile.name);
  return {
    tensors,
    config: {
      baseModel: peft.base_model_name_or_path ?? '',
      dropout: peft.lora_dropout,
      rsLora: peft.use_rslora,
      ...placing,
      ...makeUniform(tensors, ranks, peft, configFile.name)
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
    target_modules: config.only ? config.only.map((path) => `model.${path}`) : [...config.targetModules],
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: config.rsLora
  };
}

/**
 * Every key known, every A with its B and of one rank with it, at least one tensor.
 * @param rank that all must have, where it is known
 * @returns ranks by module path
 */
function checkTensors(
  tensors: AdapterTensors,
  rank: number | undefined,
  file: string
): ReadonlyMap<string, number> {
  if (tensors.size === 0) {
    throw new InvalidAdapterError(
      `There are no tensors in ${file}. The adapter is empty; train or download it again.`,
      {
        details: { file }
      }
    );
  }
  const ranks = new Map<string, number>();
  for (const [key, { shape, data }] of tensors) {
    const { layer, module, half } = parseKey(key, file);
    const path = `layers.${layer}.${MODULES[module]}.${module}`;
    const other = tensors.get(adapterKey(layer, module, half === 'A' ? 'B' : 'A'));
    if (!other) throw missingTensor(adapterKey(layer, module, half === 'A' ? 'B' : 'A'), file);
    const own = half === 'A' ? shape[0] : other.shape[0];
    const expected = rank ?? own;
    if (shape[half === 'A' ? 0 : 1] !== expected)
      throw wrongShape(key, file, shape, half === 'A' ? `[${expected}, in]` : `[out, ${expected}]`);
    if (shape[0] * shape[1] !== data.length) throw wrongShape(key, file, shape, `${data.length} values`);
    ranks.set(path, own);
  }
  return ranks;
}

/** @throws InvalidAdapterError naming the tensor and the row of a value that is no number */
function checkFinite(key: string, file: string, data: Float32Array, columns: number): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const [row, column] = [Math.floor(bad / columns), bad % columns];
  throw new InvalidAdapterError(
    `Tensor ${key} of ${file} has ${data[bad]} in row ${row}, column ${column}: the adapter diverged in training, or the file is damaged. Choose another.`,
    { details: { file, tensor: key, row, column, value: String(data[bad]) } }
  );
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

function requireFile(files: readonly ByteSource[], name: string): ByteSource {
  const file = files.find((candidate) => baseName(candidate) === name);
  if (file) return file;
  throw new InvalidAdapterError(
    `${name} is missing among the adapter's files. Choose the folder that has adapter_config.json and adapter_model.safetensors.`,
    { details: { missing: name, files: files.map(baseName) } }
  );
}
