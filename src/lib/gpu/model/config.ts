import { TabtuneError } from '../../errors';
import type { RopeScaling } from '../kernels/rope/rope-table';

/** The model is of a family, or uses a feature, that the engine does not compute. */
export class UnsupportedModelError extends TabtuneError {}

/** Shape of a decoder of the Llama family, from a Hugging Face config.json. All lengths in elements. */
export interface DecoderConfig {
  readonly family: string;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | null;
  /** Keys this many positions back or more are not seen; 0: all are. */
  readonly window: number;
  readonly tiedHead: boolean;
  /** q, k and v have biases (Qwen2). */
  readonly qkvBias: boolean;
  readonly maxPositions: number;
}

/** What a family means beyond its config.json. Adding a family is adding a row, where it needs no new arithmetic. */
interface Family {
  readonly qkvBias: (config: RawConfig) => boolean;
  readonly window: (config: RawConfig) => number;
}

type RawConfig = Readonly<Record<string, unknown>>;

const families: Readonly<Record<string, Family>> = {
  llama: { qkvBias: (c) => c.attention_bias === true, window: () => 0 },
  mistral: { qkvBias: () => false, window: (c) => positive(c.sliding_window) },
  // Qwen2 slides its window from layer max_window_layers on; published models do not use it.
  qwen2: {
    qkvBias: () => true,
    window: (c) => (c.use_sliding_window === true ? unsupported('use_sliding_window', true) : 0)
  }
};

/**
 * Reads the object of a config.json.
 * @throws UnsupportedModelError naming the family or the field, and what is supported
 */
export function parseDecoderConfig(json: unknown): DecoderConfig {
  if (typeof json !== 'object' || json === null)
    throw new UnsupportedModelError('config.json is not an object: the model folder is damaged.');
  const raw = json as RawConfig;
  const name = String(raw.model_type ?? '');
  const family = Object.hasOwn(families, name) ? families[name] : undefined;
  if (!family) {
    throw new UnsupportedModelError(
      `The model is of type "${name || 'unknown'}" (config.json, model_type). Tabtune runs ${Object.keys(families).join(', ')}: choose a model of these.`,
      { details: { model_type: raw.model_type } }
    );
  }
  const activation = raw.hidden_act ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish') unsupported('hidden_act', activation);
  if (raw.mlp_bias === true) unsupported('mlp_bias', true);
  const hidden = integer(raw, 'hidden_size');
  const heads = integer(raw, 'num_attention_heads');
  const kvHeads = raw.num_key_value_heads == null ? heads : integer(raw, 'num_key_value_heads');
  const headDim = raw.head_dim == null ? hidden / heads : integer(raw, 'head_dim');
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) unsupported('head_dim', headDim);
  if (heads % kvHeads !== 0) unsupported('num_key_value_heads', kvHeads);
  const qkvBias = family.qkvBias(raw);
  // Llama's attention_bias would give o_proj a bias too, which no published checkpoint of the family has.
  if (name === 'llama' && qkvBias) unsupported('attention_bias', true);
  const rope = object(raw.rope_parameters) ?? {};
  return {
    family: name,
    hidden,
    heads,
    kvHeads,
    headDim,
    qkvBias,
    layers: integer(raw, 'num_hidden_layers'),
    intermediate: integer(raw, 'intermediate_size'),
    vocabulary: integer(raw, 'vocab_size'),
    normEpsilon: number(raw.rms_norm_eps, 1e-6),
    ropeTheta: number(raw.rope_theta ?? rope.rope_theta, 10000),
    ropeScaling: parseScaling(object(raw.rope_scaling) ?? object(raw.rope_parameters)),
    window: family.window(raw),
    tiedHead: raw.tie_word_embeddings === true,
    maxPositions: number(raw.max_position_embeddings, 2048)
  };
}

function parseScaling(scaling: RawConfig | undefined): RopeScaling | null {
  const type = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (!scaling || type === 'default') return null;
  if (type === 'linear') return { type, factor: number(scaling.factor, 1) };
  if (type === 'llama3') {
    return {
      type,
      factor: number(scaling.factor, 8),
      low_freq_factor: number(scaling.low_freq_factor, 1),
      high_freq_factor: number(scaling.high_freq_factor, 4),
      original_max_position_embeddings: number(scaling.original_max_position_embeddings, 8192)
    };
  }
  return unsupported('rope_scaling.rope_type', type);
}

/**
 * The most that is taken of each size, at least twice what the largest published models have (Llama 3.1 405B: 126 layers, hidden
 * 16384, 128 heads, intermediate 53248; Gemma 3: 262144 tokens). Plans and checks walk over layers before any weight is
 * read, so that an absurd number here would be work without end.
 */
const LIMITS = {
  num_hidden_layers: 256,
  hidden_size: 2 ** 17,
  num_attention_heads: 2 ** 11,
  num_key_value_heads: 2 ** 11,
  head_dim: 2 ** 11,
  intermediate_size: 2 ** 19,
  vocab_size: 2 ** 21
} as const;

function integer(raw: RawConfig, field: keyof typeof LIMITS): number {
  const value = raw[field];
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= LIMITS[field])
    return value;
  throw new UnsupportedModelError(
    `config.json has ${field} = ${JSON.stringify(value)?.slice(0, 40)}, which must be a whole number from 1 to ${LIMITS[field]}.`,
    { details: { field, value } }
  );
}

function number(value: unknown, absent: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : absent;
}

function positive(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}

function object(value: unknown): RawConfig | undefined {
  return typeof value === 'object' && value !== null ? (value as RawConfig) : undefined;
}

function unsupported(field: string, value: unknown): never {
  throw new UnsupportedModelError(
    `config.json has ${field} = ${JSON.stringify(value)}, which Tabtune does not compute. Choose a model without it.`,
    {
      details: { field, value }
    }
  );
}
