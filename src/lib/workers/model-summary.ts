import type { Checkpoint } from '../formats/checkpoint';
import type { ModelSummary } from './protocol';

/** Weights of a decoder layer of the Llama family, with the biases that some have. */
const layerTensors = [
  'input_layernorm.weight',
  'post_attention_layernorm.weight',
  ...['q_proj', 'k_proj', 'v_proj', 'o_proj'].flatMap((name) => [
    `self_attn.${name}.weight`,
    `self_attn.${name}.bias`
  ]),
  ...['gate_proj', 'up_proj', 'down_proj'].map((name) => `mlp.${name}.weight`)
];

/** What the page shows of an opened model. `bytes` is the size of its files. */
export function summariseModel(
  checkpoint: Checkpoint,
  bytes: number,
  hasChatTemplate: boolean,
  notices: readonly string[]
): ModelSummary {
  const config = checkpoint.config as Record<string, unknown>;
  const number = (name: string) => (typeof config[name] === 'number' ? config[name] : 0);
  const layers = number('num_hidden_layers');
  const architectures = Array.isArray(config['architectures']) ? (config['architectures'] as unknown[]) : [];
  return {
    name: checkpoint.name,
    config,
    architecture: String(architectures[0] ?? config['model_type'] ?? 'unknown'),
    parameters: countParameters(checkpoint, layers),
    layers,
    hiddenSize: number('hidden_size'),
    vocabularySize: number('vocab_size'),
    maxLength: number('max_position_embeddings'),
    bytes,
    license: checkpoint.license,
    hasChatTemplate,
    notices: [...notices]
  };
}

function countParameters(checkpoint: Checkpoint, layers: number): number {
  const names = ['model.embed_tokens.weight', 'model.norm.weight'];
  // A tied head is the embedding again.
  if ((checkpoint.config as { tie_word_embeddings?: boolean }).tie_word_embeddings !== true) {
    names.push('lm_head.weight');
  }
  // As many as there are, whatever the config says.
  for (let layer = 0; layer < layers; layer += 1) {
    const own = layerTensors.map((name) => `model.layers.${layer}.${name}`);
    if (!own.some((name) => checkpoint.has(name))) break;
    names.push(...own);
  }
  return names
    .filter((name) => checkpoint.has(name))
    .reduce((sum, name) => sum + checkpoint.shape(name).reduce((size, side) => size * side, 1), 0);
}
