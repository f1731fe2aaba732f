import type { GgufValue } from './gguf-reader';

/**
 * What a GGUF file may say below its architecture's prefix: computed, without effect on what is computed, or refused by
 * name. Names as in llama.cpp's `llama-arch.cpp`.
 */

/** Read by `ggufConfig` and `ropeScalingFromMetadata`. */
const computed = [
  ...['block_count', 'context_length', 'embedding_length', 'feed_forward_length', 'expert_count'],
  ...['attention.head_count', 'attention.head_count_kv', 'attention.key_length', 'attention.value_length'],
  ...['attention.layer_norm_rms_epsilon', 'attention.sliding_window'],
  ...['rope.dimension_count', 'rope.freq_base', 'rope.scale_linear'],
  ...['rope.scaling.type', 'rope.scaling.factor', 'rope.scaling.original_context_length']
];

/** Says nothing about a dense decoder with RMS norms, or what its tensors say themselves. */
const harmless = [
  ...['vocab_size', 'expert_used_count', 'expert_feed_forward_length', 'attention.layer_norm_epsilon'],
  ...['rope.scaling.finetuned', 'tensor_data_layout', 'attention.recurrent_layers']
];

/** Entries that ask for nothing at this value. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  'attention.causal': [true],
  logit_scale: [1],
  embedding_scale: [1],
  residual_scale: [1],
  'rope.scaling.attn_factor': [1]
};

const known: ReadonlySet<string> = new Set([...computed, ...harmless]);

/** The first entry of the architecture that would change what is computed, and is not; undefined where there is none. */
export function unknownMetadata(
  metadata: ReadonlyMap<string, GgufValue>
): { key: string; value: string } | undefined {
  const prefix = `${String(metadata.get('general.architecture'))}.`;
  for (const [key, value] of metadata) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const asks = value !== false && value !== 0 && value !== '' && !neutral[name]?.includes(value);
    if (asks && !known.has(name)) return { key, value: String(value).slice(0, 60) };
  }
  return undefined;
}
