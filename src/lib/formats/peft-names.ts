import { UnsupportedAdapterError } from './peft-errors';

/** The projections of a decoder layer that an adapter can sit on, with the part of the layer they lie in. */
export const MODULES: Readonly<Record<string, string>> = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp'
};

/** The names of all projections, in the order of a layer. */
export const TARGET_MODULES: readonly string[] = Object.keys(MODULES);

/** What a list of targets names: `all-linear`, or projections separated by commas, in the order of the text. */
export function targetNames(text: string): string[] {
  if (text.trim() === 'all-linear') return [...TARGET_MODULES];
  return text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/** The key of one half of one adapter. */
export function adapterKey(layer: number, module: string, half: 'A' | 'B'): string {
  return `base_model.model.model.layers.${layer}.${MODULES[module]}.${module}.lora_${half}.weight`;
}

/** Where PEFT puts a model's own names. */
export const PREFIX = 'base_model.model.model.';

/**
 * A key taken apart.
 * @throws UnsupportedAdapterError for a key that no adapter here has
 */
export function parseKey(key: string, file: string): { layer: number; module: string; half: 'A' | 'B' } {
  const match = /^base_model\.model\.model\.layers\.(\d+)\.(self_attn|mlp)\.(\w+)\.lora_([AB])\.weight$/.exec(
    key
  );
  if (match && Object.hasOwn(MODULES, match[3]) && MODULES[match[3]] === match[2]) {
    return { layer: Number(match[1]), module: match[3], half: match[4] as 'A' | 'B' };
  }
  if (key.includes('lora_magnitude_vector')) {
    throw new UnsupportedAdapterError(
      `${file} holds ${key}: a DoRA adapter, which is not supported. Train it as plain LoRA.`,
      {
        details: { file, tensor: key }
      }
    );
  }
  throw new UnsupportedAdapterError(
    `Tensor ${key} of ${file} sits on a module that adapters cannot have here; possible are ${TARGET_MODULES.join(', ')}. ` +
      'Train the adapter on these only.',
    { details: { file, tensor: key } }
  );
}
