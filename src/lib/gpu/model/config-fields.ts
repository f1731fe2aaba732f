/**
 * Every field that a config.json of the supported families can have, by what becomes of it: computed, without effect on
 * what is computed, or refused by name. A field that is on no list is refused as soon as it says anything.
 */

/** What the engine reads. */
const computed = [
  ...['model_type', 'architectures', 'hidden_size', 'intermediate_size', 'num_hidden_layers', 'vocab_size'],
  ...['num_attention_heads', 'num_key_value_heads', 'head_dim', 'hidden_act', 'rms_norm_eps'],
  ...['attention_bias', 'mlp_bias', 'tie_word_embeddings', 'max_position_embeddings'],
  ...['rope_theta', 'rope_scaling', 'rope_parameters', 'original_max_position_embeddings'],
  ...['sliding_window', 'use_sliding_window', 'max_window_layers', 'layer_types']
];

/** Read where files meet: the tokeniser and the end of an answer, and how the weights are stored. */
const readElsewhere = [
  ...['bos_token_id', 'eos_token_id', 'pad_token_id', 'quantization_config'],
  // Applied by transformers in training only; whoever opens the model is told where it is not 0.
  'attention_dropout'
];

/** Names, versions and addresses: nothing is computed from them. */
const labels = [
  ...['_name_or_path', 'name_or_path', 'transformers_version', '_commit_hash', 'base_model_name_or_path'],
  ...['dtype', 'torch_dtype', '_torch_dtype', 'auto_map', 'custom_pipelines', 'finetuning_task', 'task'],
  ...['unsloth_version', 'unsloth_fixed', 'model_name', 'task_specific_params', 'problem_type', 'dataset'],
  ...['id2label', 'label2id', 'num_labels', 'tokenizer_class', 'model_max_length', 'vocab_file', 'prefix'],
  // Code of the model's own: run by nobody here. The architecture has to be the family's.
  ...['transformers.js_config', 'tokenizer_model_type', 'is_llama_config', 'sep_token_id', 'unk_token_id'],
  ...['decoder_start_token_id', '_sliding_window_pattern', 'upcast', 'fused_lm_head']
];

/** How other programs run, spread or start the model, with the same result. */
const running = [
  ...['use_cache', 'use_flash_attn', 'use_flash_attention', '_flash_attn_2_enabled', 'flash_attn'],
  ...[
    'attn_implementation',
    '_attn_implementation',
    '_attn_implementation_autoset',
    '_attn_implementation_internal'
  ],
  ...['attention_implementation', '_experts_implementation', 'gradient_checkpointing', 'use_bfloat16'],
  ...['tensor_parallel_size', 'pretraining_tp', 'tp_plan', '_num_labels', 'torchscript', 'return_dict'],
  ...[
    'use_return_dict',
    'output_attentions',
    'output_hidden_states',
    'output_scores',
    'return_dict_in_generate'
  ],
  ...['chunk_size_feed_forward', 'pruned_heads', 'tf_legacy_loss', 'initializer_range', 'init_std'],
  ...['rope_scaling_original', 'max_sequence_length', 'max_seq_len', 'seq_length', 'n_positions']
];

/** How an answer is drawn: here the person says, whatever the model suggests (transformers 4 kept it in config.json). */
const drawing = [
  ...[
    'do_sample',
    'temperature',
    'top_k',
    'top_p',
    'typical_p',
    'max_length',
    'min_length',
    'max_new_tokens'
  ],
  ...['num_beams', 'num_beam_groups', 'diversity_penalty', 'early_stopping', 'length_penalty'],
  ...['repetition_penalty', 'no_repeat_ngram_size', 'encoder_no_repeat_ngram_size', 'num_return_sequences'],
  ...['bad_words_ids', 'forced_bos_token_id', 'forced_eos_token_id', 'remove_invalid_values'],
  ...['exponential_decay_length_penalty', 'suppress_tokens', 'begin_suppress_tokens', 'generation_config']
];

const known: ReadonlySet<string> = new Set([
  ...computed,
  ...readElsewhere,
  ...labels,
  ...running,
  ...drawing
]);

/** Fields of other families that ask for nothing at one value, which converters write out. */
const neutral: Readonly<Record<string, readonly unknown[]>> = {
  partial_rotary_factor: [1],
  rotary_pct: [1],
  embedding_multiplier: [1],
  residual_multiplier: [1],
  logits_scaling: [1],
  logit_scale: [1],
  num_local_experts: [0, 1],
  num_experts: [0, 1],
  mlp_only_layers: [0],
  dropout: [0],
  hidden_dropout: [0],
  hidden_dropout_prob: [0],
  attention_probs_dropout_prob: [0],
  embd_pdrop: [0],
  resid_pdrop: [0],
  is_decoder: [true],
  causal: [true],
  is_causal: [true]
};

/** Fields of `rope_scaling` and `rope_parameters`. */
const ropeFields: ReadonlySet<string> = new Set([
  ...['rope_type', 'type', 'rope_theta', 'factor', 'low_freq_factor', 'high_freq_factor'],
  ...['original_max_position_embeddings', 'finetuned']
]);

/** The first field that would change what is computed, and is not; undefined where all is understood. */
export function unknownField(config: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(config).find((name) => !known.has(name) && says(name, config[name]));
}

/** As `unknownField`, of the object that says how positions are rotated. */
export function unknownRopeField(rope: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(rope).find((name) => !ropeFields.has(name) && says(name, rope[name]));
}

/** Whether a field asks for something. Null, false and empty ones do not, nor do those that hold their neutral value. */
function says(name: string, value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (typeof value === 'object' && Object.keys(value).length === 0) return false;
  return !(Object.hasOwn(neutral, name) && neutral[name].includes(value));
}
