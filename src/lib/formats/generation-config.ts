/**
 * generation_config.json: how whoever published a model would have it answer. Training does not read it. Of it, the end
 * tokens are used; how tokens are drawn is the person's choice here; what would bar or force tokens is told, since answers
 * are drawn without it.
 */

/** Read: tokens that begin and end. */
const used = ['bos_token_id', 'eos_token_id', 'pad_token_id', 'decoder_start_token_id'];

/** How tokens are drawn and how many: the form of the chat and the flags of the command line say it instead. */
const drawing = [
  ...['do_sample', 'temperature', 'top_k', 'top_p', 'min_p', 'typical_p', 'epsilon_cutoff', 'eta_cutoff'],
  ...['max_length', 'max_new_tokens', 'min_length', 'min_new_tokens', 'max_time', 'num_beams'],
  ...['num_beam_groups', 'early_stopping', 'length_penalty', 'diversity_penalty', 'num_return_sequences'],
  ...['repetition_penalty', 'presence_penalty', 'frequency_penalty', 'low_memory', 'top_h']
];

/** How another program runs the model, with the same answers. */
const running = [
  ...['use_cache', 'cache_implementation', 'cache_config', 'output_attentions', 'output_hidden_states'],
  ...['output_scores', 'output_logits', 'return_dict_in_generate', 'compile_config', 'disable_compile'],
  ...['num_assistant_tokens', 'num_assistant_tokens_schedule', 'assistant_confidence_threshold'],
  ...['prompt_lookup_num_tokens', 'max_matching_ngram_size', 'assistant_early_exit', 'prefill_chunk_size'],
  ...[
    'assistant_lookbehind',
    'target_lookbehind',
    'is_assistant',
    'remove_invalid_values',
    'renormalize_logits'
  ],
  ...['transformers_version', '_from_model_config', '_commit_hash', '_name_or_path', 'generation_kwargs'],
  ...['max_window_size', 'chat_format', 'trust_remote_code', 'return_legacy_cache', 'token_healing']
];

const quiet: ReadonlySet<string> = new Set([...used, ...drawing, ...running]);

/**
 * What a generation_config.json asks for and does not get, in sentences; empty where nothing.
 * @param generation its object
 */
export function generationNotices(generation: unknown): string[] {
  if (typeof generation !== 'object' || generation === null) return [];
  const fields = Object.entries(generation).filter(([name, value]) => !quiet.has(name) && asksFor(value));
  if (fields.length === 0) return [];
  const named = fields.map(([name, value]) => `${name} = ${JSON.stringify(value).slice(0, 60)}`).join(', ');
  return [
    `Answers are drawn without what generation_config.json says in ${named}. Training is not touched by it.`
  ];
}

/** Values that ask for nothing: absent ones, and those that transformers writes as its own defaults. */
function asksFor(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === 1 || value === '')
    return false;
  return !(typeof value === 'object' && Object.keys(value).length === 0);
}
