/** Hugging Face tensor names beside ggml's, for decoders of the Llama family (gguf-py's tensor_mapping). */

const GLOBAL: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output'
};

const PER_LAYER: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down'
};

/** ggml's name for a Hugging Face tensor name, or undefined where there is none. */
export function ggmlName(name: string): string | undefined {
  const match = /^(?:model\.layers\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name);
  if (!match) return undefined;
  const [, layer, stem, kind] = match;
  const table = layer === undefined ? GLOBAL : PER_LAYER;
  if (!Object.hasOwn(table, stem)) return undefined;
  return `${layer === undefined ? '' : `blk.${layer}.`}${table[stem]}.${kind}`;
}

const USED_STEMS: ReadonlySet<string> = new Set(Object.values(PER_LAYER));

/** Whether a decoder of so many layers reads a tensor of this ggml name, or what it says is in the config already. */
export function isUsedTensor(name: string, layers: number): boolean {
  if (name === 'rope_freqs.weight') return true;
  const match = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name);
  if (!match) return Object.values(GLOBAL).some((stem) => name === `${stem}.weight`);
  const [, layer, stem, kind] = match;
  // The config says which of q, k and v have biases; a model that must have none is refused by it.
  const placed = kind === 'weight' ? USED_STEMS.has(stem) : /^attn_[qkv]$/.test(stem);
  return placed && Number(layer) < layers;
}
