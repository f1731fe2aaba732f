import { parseDecoderConfig, type DecoderConfig } from '../../lib/gpu/model/config';

/** A model's shape and the training work that is measured on it. */
export interface Preset {
  readonly name: string;
  readonly config: DecoderConfig;
  /** Of the adapter on all seven projections. Alpha is twice the rank. */
  readonly rank: number;
  /** Rows of a batch, and trained tokens of each: a row has one token more, which predicts the first of them. */
  readonly batch: number;
  readonly length: number;
  /** Storage of embedding and head. */
  readonly vocabularyFormat: 'f16' | 'f32';
  readonly checkpointing: boolean;
  /**
   * `sequence`: all numbers from one stream, tensor by tensor in a fixed order, so that another framework can be given
   * the same model and its losses compared digit by digit. `streamed`: any tensor from its own seed, at any size.
   */
  readonly numbers: 'sequence' | 'streamed';
}

/** Hyperparameters of all presets. No warm-up, no clipping: the least that a step can be. */
export const hyperparameters = { learningRate: 5e-3, weightDecay: 0.01, maxGradNorm: 0 } as const;

const llama = {
  model_type: 'llama',
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true
};

const shared = { vocabularyFormat: 'f16', checkpointing: true, numbers: 'streamed' } as const;
const small = { vocabularyFormat: 'f32', checkpointing: false, numbers: 'sequence' } as const;

export const presets: readonly Preset[] = [
  {
    ...small,
    name: 'tiny',
    rank: 8,
    batch: 4,
    length: 64,
    config: parseDecoderConfig({
      ...llama,
      hidden_size: 128,
      num_hidden_layers: 4,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      intermediate_size: 352,
      vocab_size: 4096
    })
  },
  {
    ...small,
    name: 'small',
    rank: 16,
    batch: 2,
    length: 128,
    config: parseDecoderConfig({
      ...llama,
      hidden_size: 288,
      num_hidden_layers: 6,
      num_attention_heads: 6,
      num_key_value_heads: 2,
      intermediate_size: 768,
      vocab_size: 8192
    })
  },
  {
    ...shared,
    name: 'smollm2-135m',
    rank: 16,
    batch: 4,
    length: 256,
    config: parseDecoderConfig({
      ...llama,
      rope_theta: 100000,
      hidden_size: 576,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      intermediate_size: 1536,
      vocab_size: 49152
    })
  },
  {
    ...shared,
    name: 'llama-3.2-1b',
    rank: 16,
    batch: 2,
    length: 512,
    config: parseDecoderConfig({
      ...llama,
      rope_theta: 500000,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 32,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192
      },
      hidden_size: 2048,
      num_hidden_layers: 16,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      head_dim: 64,
      intermediate_size: 8192,
      vocab_size: 128256
    })
  },
  {
    ...shared,
    name: 'mistral-7b',
    rank: 16,
    batch: 1,
    length: 1024,
    config: parseDecoderConfig({
      ...llama,
      model_type: 'mistral',
      tie_word_embeddings: false,
      sliding_window: 4096,
      hidden_size: 4096,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      intermediate_size: 14336,
      vocab_size: 32000
    })
  }
];
