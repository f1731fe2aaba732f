import type { GgufFile } from './gguf';
import { UnsupportedGgufError } from './gguf';
import { unknownMetadata } from './gguf-metadata';
import { InvalidGgufError, type GgufValue } from './gguf-reader';
import { ropeScalingFromMetadata, type RopeScaling } from './gguf-rope';

/** A model family as GGUF names it, beside its Hugging Face names. */
interface Family {
  readonly modelType: string;
  readonly architecture: string;
  /**
   * llama.cpp's converter reorders the rows of q and k from half-split to interleaved rotary pairs for these, as Meta's
   * own checkpoints have them; Hugging Face's order has to be restored.
   */
  readonly interleavedRope: boolean;
}

/** The families that can be read. A new one is a row. Mistral's files say `llama`; `mistral` occurs in a few. */
const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { modelType: 'llama', architecture: 'LlamaForCausalLM', interleavedRope: true },
  mistral: { modelType: 'mistral', architecture: 'MistralForCausalLM', interleavedRope: true },
  qwen2: { modelType: 'qwen2', architecture: 'Qwen2ForCausalLM', interleavedRope: false }
};

/** Looks a metadata key up below the architecture's prefix. */
type Lookup = (key: string) => GgufValue | undefined;

/** The family of a file. @throws UnsupportedGgufError naming the architecture. */
export function ggufFamily(file: GgufFile): Family {
  return ggufFamilyOf(file.metadata.get('general.architecture'), file.source.name);
}

/**
 * The family of an architecture.
 * @param file what is said to hold it
 * @throws UnsupportedGgufError naming the architecture.
 */
export function ggufFamilyOf(name: GgufValue | undefined, file: string): Family {
  const family = typeof name === 'string' && Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  if (family) return family;
  throw new UnsupportedGgufError(
    `${file} holds a model of the architecture ${String(name)}; these can be read: ` +
      `${Object.keys(FAMILIES).join(', ')}. Choose a model of one of these families.`,
    { details: { file, architecture: String(name) } }
  );
}

/**
 * The config.json that Hugging Face would have for this model.
 * @param ropeScaling the scaling found in rope_freqs.weight, which metadata does not carry
 * @throws InvalidGgufError when a required entry is missing or of another type.
 * @throws UnsupportedGgufError for mixtures of experts and layers that differ in size.
 */
export function ggufConfig(file: GgufFile, ropeScaling: RopeScaling | undefined): Record<string, unknown> {
  const family = ggufFamily(file);
  const lookup: Lookup = (key) =>
    file.metadata.get(`${String(file.metadata.get('general.architecture'))}.${key}`);
  const required = (key: string) => requiredInteger(file, lookup, key);
  const strange = unknownMetadata(file.metadata);
  if (Number(lookup('expert_count') ?? 0) > 0) {
    throw new UnsupportedGgufError(
      `${file.source.name} is a mixture of experts, which is not supported. Choose a dense model.`,
      { details: { file: file.source.name } }
    );
  }
  if (strange) {
    throw new UnsupportedGgufError(
      `${file.source.name} has ${strange.key} = ${strange.value}, which changes what the model computes and is not supported. ` +
        'Choose another file of this model, or its Hugging Face version.',
      { details: { file: file.source.name, key: strange.key } }
    );
  }
  const hiddenSize = required('embedding_length');
  const heads = required('attention.head_count');
  const layers = required('block_count');
  const headDim = integer(file, lookup, 'attention.key_length') ?? hiddenSize / heads;
  const valueDim = integer(file, lookup, 'attention.value_length') ?? headDim;
  if (valueDim !== headDim) {
    throw new UnsupportedGgufError(
      `${file.source.name} has heads of ${headDim} for keys and of ${valueDim} for values, which is not supported. Choose another model.`,
      { details: { file: file.source.name, headDim, valueDim } }
    );
  }
  const rotary = integer(file, lookup, 'rope.dimension_count') ?? headDim;
  if (rotary !== headDim) {
    throw new UnsupportedGgufError(
      `${file.source.name} rotates ${rotary} of ${headDim} dimensions of a head; only whole heads are supported. Choose another model.`,
      { details: { file: file.source.name, rotary, headDim } }
    );
  }
  const window = integer(file, lookup, 'attention.sliding_window');
  if (window !== undefined && family.modelType === 'qwen2') {
    throw new UnsupportedGgufError(
      `${file.source.name} has a sliding window of ${window} and does not say for which layers. Use the Hugging Face version of this model.`,
      { details: { file: file.source.name, window } }
    );
  }
  const named = ropeScalingFromMetadata(lookup, file.source.name);
  if (named && ropeScaling) {
    throw new UnsupportedGgufError(
      `${file.source.name} scales its rotary embedding twice: by rope_freqs.weight and by rope.scaling. Use the Hugging Face version of this model.`,
      { details: { file: file.source.name } }
    );
  }
  const scaling = ropeScaling ?? named;
  // llama.cpp keeps Mistral under `llama`; only Mistral's config has a window.
  const sliding = family.modelType === 'llama' && window !== undefined;
  return {
    architectures: [sliding ? 'MistralForCausalLM' : family.architecture],
    model_type: sliding ? 'mistral' : family.modelType,
    hidden_size: hiddenSize,
    intermediate_size: required('feed_forward_length'),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: integer(file, lookup, 'attention.head_count_kv') ?? heads,
    head_dim: headDim,
    hidden_act: 'silu',
    max_position_embeddings: required('context_length'),
    rms_norm_eps: requiredFloat(file, lookup, 'attention.layer_norm_rms_epsilon'),
    rope_theta: ropeTheta(lookup),
    rope_scaling: scaling ?? null,
    sliding_window: window ?? null,
    attention_bias: file.tensors.has('blk.0.attn_q.bias'),
    mlp_bias: file.tensors.has('blk.0.ffn_gate.bias'),
    tie_word_embeddings: !file.tensors.has('output.weight'),
    vocab_size: vocabSize(file, hiddenSize),
    bos_token_id: tokenId(file, 'bos_token_id'),
    eos_token_id: tokenId(file, 'eos_token_id'),
    pad_token_id: tokenId(file, 'padding_token_id')
  };
}

/** rope.freq_base, by default the 10000 of the RoPE paper. */
export function ropeTheta(lookup: Lookup): number {
  const theta = lookup('rope.freq_base');
  return typeof theta === 'number' ? shortestDecimal(theta) : 10000;
}

/** A special token's id from the tokenizer's metadata, or null. */
export function tokenId(file: GgufFile, key: string): number | null {
  const id = file.metadata.get(`tokenizer.ggml.${key}`);
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 ? id : null;
}

function vocabSize(file: GgufFile, hiddenSize: number): number {
  const embedding = file.tensors.get('token_embd.weight');
  if (embedding?.shape.length !== 2 || embedding.shape[1] !== hiddenSize) {
    const found = embedding ? `has shape [${embedding.shape.join(', ')}]` : 'is missing';
    throw new InvalidGgufError(
      `Tensor token_embd.weight of ${file.source.name} ${found}; [vocabulary, ${hiddenSize}] is expected. ` +
        'The file is not a whole model; download it again, or choose another.',
      { details: { file: file.source.name, tensor: 'token_embd.weight' } }
    );
  }
  return embedding.shape[0];
}

/** An integer entry. Where a file lists one value per layer, they have to agree. */
function integer(file: GgufFile, lookup: Lookup, key: string): number | undefined {
  const entry = lookup(key);
  if (entry === undefined) return undefined;
  const values = Array.isArray(entry) ? (entry as readonly GgufValue[]) : [entry];
  if (values.some((value) => value !== values[0])) {
    throw new UnsupportedGgufError(
      `${file.source.name} has layers that differ in ${key}, which is not supported. Choose another model.`,
      { details: { file: file.source.name, key } }
    );
  }
  const value = values[0];
  if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0) throw badEntry(file, key, entry);
  return value;
}

function requiredInteger(file: GgufFile, lookup: Lookup, key: string): number {
  const value = integer(file, lookup, key);
  if (value === undefined) throw badEntry(file, key, undefined);
  return value;
}

function requiredFloat(file: GgufFile, lookup: Lookup, key: string): number {
  const value = lookup(key);
  if (typeof value !== 'number') throw badEntry(file, key, value);
  return shortestDecimal(value);
}

function badEntry(file: GgufFile, key: string, value: GgufValue | undefined): InvalidGgufError {
  const what = value === undefined ? 'is missing' : `is ${String(value)}, not a positive integer`;
  return new InvalidGgufError(
    `Metadata ${key} of ${file.source.name} ${what}. The file is not a whole model; download it again, or choose another.`,
    { details: { file: file.source.name, key } }
  );
}

/** The shortest decimal that is the same f32: metadata stores 1e-5 as 9.99999974e-6. */
function shortestDecimal(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}
