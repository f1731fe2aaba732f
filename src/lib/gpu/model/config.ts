import { TabtuneError } from '../../errors';
import type { RopeScaling } from '../kernels/rope/rope-table';
import { unknownField, unknownRopeField } from './config-fields';

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
  /** Layers that see all keys in spite of the window. */
  readonly fullLayers?: readonly number[];
  readonly tiedHead: boolean;
  /** q, k and v have biases (Qwen2). */
  readonly qkvBias: boolean;
  readonly maxPositions: number;
}

/** What a family means beyond its config.json. Adding a family is adding a row, where it needs no new arithmetic. */
interface Family {
  /** Its own architectures, in lower case: another one (a classifier, a model with code of its own) computes otherwise. */
  readonly architectures: readonly string[];
  readonly qkvBias: boolean;
  /** What transformers takes where the field is absent. */
  readonly absent: { readonly kvHeads?: number; readonly maxPositions: number };
  /** Keys that are seen, and by which layers all. */
  readonly window: (config: RawConfig, layers: number) => Window;
}

type RawConfig = Readonly<Record<string, unknown>>;
type Window = Pick<DecoderConfig, 'window' | 'fullLayers'>;

const seesAll: Window = { window: 0 };

const families: Readonly<Record<string, Family>> = {
  llama: {
    architectures: ['llamaforcausallm'],
    qkvBias: false,
    absent: { maxPositions: 2048 },
    window: (c, layers) =>
      slidingLayers(c, layers)?.some(Boolean) ? unsupported('layer_types', c.layer_types) : seesAll
  },
  mistral: {
    architectures: ['mistralforcausallm', 'ministralforcausallm'],
    qkvBias: false,
    absent: { kvHeads: 8, maxPositions: 131072 },
    // With layer_types transformers takes the model for a Ministral, where only the layers that say so slide.
    window: (c, layers) => windowOf(c.sliding_window, 4096, slidingLayers(c, layers))
  },
  qwen2: {
    architectures: ['qwen2forcausallm'],
    qkvBias: true,
    absent: { kvHeads: 32, maxPositions: 32768 },
    window: (c, layers) => {
      const from = typeof c.max_window_layers === 'number' ? c.max_window_layers : 28;
      const sliding = slidingLayers(c, layers) ?? Array.from({ length: layers }, (_, layer) => layer >= from);
      return c.use_sliding_window === true ? windowOf(c.sliding_window, 4096, sliding) : seesAll;
    }
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
  checkArchitecture(raw, family);
  const strange = unknownField(raw);
  if (strange !== undefined) unsupported(strange, raw[strange]);
  const activation = raw.hidden_act ?? 'silu';
  if (activation !== 'silu' && activation !== 'swish') unsupported('hidden_act', activation);
  if (raw.mlp_bias === true) unsupported('mlp_bias', true);
  const hidden = integer(raw, 'hidden_size');
  const heads = integer(raw, 'num_attention_heads');
  const kvHeads = keyValueHeads(raw, family, heads);
  const headDim = raw.head_dim == null ? hidden / heads : integer(raw, 'head_dim');
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) unsupported('head_dim', headDim);
  if (heads % kvHeads !== 0) unsupported('num_key_value_heads', kvHeads);
  // Llama's attention_bias would give o_proj a bias too, which no published checkpoint of the family has.
  if (!family.qkvBias && raw.attention_bias === true) unsupported('attention_bias', true);
  const layers = integer(raw, 'num_hidden_layers');
  const maxPositions = number(raw.max_position_embeddings, family.absent.maxPositions);
  // As transformers: `rope_scaling` is the older name, and wins where both are there.
  const [ropeField, rope] = object(raw.rope_scaling)
    ? (['rope_scaling', object(raw.rope_scaling)!] as const)
    : (['rope_parameters', object(raw.rope_parameters) ?? {}] as const);
  const strangeRope = unknownRopeField(rope);
  if (strangeRope !== undefined) unsupported(`${ropeField}.${strangeRope}`, rope[strangeRope]);
  return {
    family: name,
    hidden,
    heads,
    kvHeads,
    headDim,
    qkvBias: family.qkvBias,
    layers,
    intermediate: integer(raw, 'intermediate_size'),
    vocabulary: integer(raw, 'vocab_size'),
    normEpsilon: number(raw.rms_norm_eps, 1e-6),
    ropeTheta: number(rope.rope_theta ?? raw.rope_theta, 10000),
    ropeScaling: parseScaling(ropeField, rope, raw.original_max_position_embeddings, maxPositions),
    ...family.window(raw, layers),
    tiedHead: raw.tie_word_embeddings === true,
    maxPositions
  };
}

/** Keys that a layer sees back from a position; 0: all. */
export function windowOfLayer({ window, fullLayers }: DecoderConfig, layer: number): number {
  return fullLayers?.includes(layer) ? 0 : window;
}

function parseScaling(
  field: string,
  scaling: RawConfig,
  original: unknown,
  maxPositions: number
): RopeScaling | null {
  const type = scaling.rope_type ?? scaling.type ?? 'default';
  if (type === 'default') return null;
  const required = (name: string) => {
    const value = scaling[name];
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    return unsupported(`${field}.${name}`, value ?? null);
  };
  if (type === 'linear') return { type, factor: required('factor') };
  if (type === 'llama3') {
    return {
      type,
      factor: required('factor'),
      low_freq_factor: required('low_freq_factor'),
      high_freq_factor: required('high_freq_factor'),
      // As transformers 5: the model's own field, the scaling's, then the longest text the model was made for.
      original_max_position_embeddings: number(
        original ?? scaling.original_max_position_embeddings,
        maxPositions
      )
    };
  }
  return unsupported(`${field}.rope_type`, type);
}

/** A config that names architectures has to name the family's own: the weights alone do not tell a classifier from a model. */
function checkArchitecture(raw: RawConfig, family: Family): void {
  const named = Array.isArray(raw.architectures) ? (raw.architectures as unknown[]) : [];
  if (named.length === 0 || named.some((a) => family.architectures.includes(String(a).toLowerCase()))) return;
  unsupported('architectures', raw.architectures);
}

/** Absent it has the family's own default; null is one for each query head. */
function keyValueHeads(raw: RawConfig, { absent }: Family, heads: number): number {
  if (raw.num_key_value_heads === undefined) return absent.kvHeads ?? heads;
  return raw.num_key_value_heads === null ? heads : integer(raw, 'num_key_value_heads');
}

/** By layer whether it slides, where `layer_types` says. */
function slidingLayers(raw: RawConfig, layers: number): boolean[] | undefined {
  const types = raw.layer_types;
  if (types === undefined || types === null) return undefined;
  const understood =
    Array.isArray(types) &&
    types.length === layers &&
    types.every((type) => type === 'full_attention' || type === 'sliding_attention');
  return understood ? types.map((type) => type === 'sliding_attention') : unsupported('layer_types', types);
}

/** @param sliding by layer; undefined: all layers slide */
function windowOf(stated: unknown, absent: number, sliding: readonly boolean[] | undefined): Window {
  const window = stated === undefined ? absent : stated;
  if (window === null) return seesAll;
  if (typeof window !== 'number' || !Number.isInteger(window) || window <= 0)
    return unsupported('sliding_window', window);
  const fullLayers = (sliding ?? []).flatMap((slides, layer) => (slides ? [] : [layer]));
  if (sliding && fullLayers.length === sliding.length) return seesAll;
  return fullLayers.length > 0 ? { window, fullLayers } : { window };
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
