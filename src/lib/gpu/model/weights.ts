import type { Nf4Tensor } from '../nf4/layout';

export type { Nf4Tensor } from '../nf4/layout';

/** Where a model's weights come from: any checkpoint, by Hugging Face's tensor names. */
export interface WeightSource {
  has(name: string): boolean;
  /** [out, in], row-major; [width] for norms and biases. */
  shape(name: string): readonly number[];
  /** f32 values in row-major order, in chunks of any length: a tensor is never whole in memory unless it is small. */
  stream(name: string, signal?: AbortSignal): AsyncIterable<Float32Array>;
  /** The tensor's own 4-bit bytes, where the checkpoint was quantised by bitsandbytes. */
  nf4(name: string, signal?: AbortSignal): Promise<Nf4Tensor | undefined>;
}

/** The seven projections of a layer, in the order in which they lie in memory. */
export const projections = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj'
] as const;
export type Projection = (typeof projections)[number];

/** Projections that read the same input are multiplied together. */
export const groups = {
  qkv: ['q_proj', 'k_proj', 'v_proj'],
  o: ['o_proj'],
  gateUp: ['gate_proj', 'up_proj'],
  down: ['down_proj']
} as const satisfies Record<string, readonly Projection[]>;
export type Group = keyof typeof groups;
export const groupNames = Object.keys(groups) as Group[];

/** `self_attn.q_proj`, `mlp.down_proj`: a projection's module within its layer. */
export function modulePath(projection: Projection): string {
  return `${projection === 'gate_proj' || projection === 'up_proj' || projection === 'down_proj' ? 'mlp' : 'self_attn'}.${projection}`;
}

export const tensorNames = {
  embedding: 'model.embed_tokens.weight',
  head: 'lm_head.weight',
  finalNorm: 'model.norm.weight',
  attentionNorm: (layer: number) => `model.layers.${layer}.input_layernorm.weight`,
  mlpNorm: (layer: number) => `model.layers.${layer}.post_attention_layernorm.weight`,
  projection: (layer: number, projection: Projection) =>
    `model.layers.${layer}.${modulePath(projection)}.weight`,
  bias: (layer: number, projection: Projection) => `model.layers.${layer}.${modulePath(projection)}.bias`
};
