import { z } from 'zod';
import { InvalidAdapterError, UnsupportedAdapterError } from './peft-errors';
import type { ByteSource } from './source';

/**
 * adapter_config.json, field by field as PEFT's LoraConfig has them: computed, without effect on a trained adapter, or
 * refused by name. A field that is on no list is refused as soon as it says anything.
 */

const pattern = z.record(z.string(), z.number().positive()).nullish();
const nameOrNames = z.union([z.string(), z.array(z.string())]).nullish();
const schema = z.looseObject({
  peft_type: z.string(),
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
  r: z.number().int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(1).default(0),
  use_rslora: z.boolean().default(false),
  target_modules: nameOrNames,
  exclude_modules: nameOrNames,
  layers_to_transform: z.union([z.number().int(), z.array(z.number().int())]).nullish(),
  layers_pattern: nameOrNames,
  rank_pattern: pattern,
  alpha_pattern: pattern,
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish()
});
export type PeftConfig = z.infer<typeof schema>;

/** Read into numbers or checked below. */
const computed = Object.keys(schema.shape);

/** Says who, what and where, how an adapter was begun, or how PEFT runs it: nothing is computed from it. */
const harmless = [
  ...['peft_version', 'auto_mapping', 'revision', 'inference_mode', 'runtime_config', 'megatron_core'],
  // Of ways to begin that are refused where they were used, and of QA-LoRA, likewise.
  ...['loftq_config', 'eva_config', 'corda_config', 'lora_ga_config', 'qalora_group_size'],
  // Ties adapters of an embedding and a head, which an adapter cannot have here.
  'ensure_weight_tying'
];

/** What of PEFT is not computed: the fields that ask for it, and what to call it. */
const refused: Readonly<Record<string, string>> = {
  use_dora: 'DoRA',
  bias: 'trained biases',
  lora_bias: 'trained biases',
  fan_in_fan_out: 'transposed weights',
  modules_to_save: 'whole trained modules',
  trainable_token_indices: 'trained tokens of the embedding',
  target_parameters: 'adapters on parameters that are no layers',
  layer_replication: 'repeated layers',
  megatron_config: 'Megatron layers',
  use_qalora: 'QA-LoRA',
  use_bdlora: 'BD-LoRA',
  alora_invocation_tokens: 'aLoRA, which is worn from certain tokens on',
  alora_invocation_string: 'aLoRA, which is worn from certain tokens on',
  arrow_config: 'routing between adapters (Arrow)',
  velora_config: 'VeLoRA',
  kasa_config: 'KaSA',
  monteclora_config: 'MonteCLoRA'
};

/** Ways to begin an adapter that leave the base as it is. Others (PiSSA, OLoRA, CorDA, LoftQ …) are trained on a changed base. */
const plainBeginnings = new Set(['gaussian', 'eva', 'orthogonal']);

const known: ReadonlySet<string> = new Set([...computed, ...harmless]);

/**
 * Checks every field.
 * @throws InvalidAdapterError where it is no LoRA configuration
 * @throws UnsupportedAdapterError naming the field that is not computed
 */
export function parsePeftConfig(file: Pick<ByteSource, 'name'>, json: unknown): PeftConfig {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new InvalidAdapterError(
      `${file.name} is not a LoRA configuration: ${z.prettifyError(parsed.error)}. Choose an adapter saved by PEFT or Tabtune.`,
      { cause: parsed.error, details: { file: file.name } }
    );
  }
  const config = parsed.data;
  const refuse = (what: string, todo = 'Train or export it as plain LoRA.'): never => {
    throw new UnsupportedAdapterError(
      `The adapter in ${file.name} uses ${what}, which is not supported. ${todo}`,
      {
        details: { file: file.name, feature: what }
      }
    );
  };
  if (config.peft_type !== 'LORA') refuse(`another method than LoRA (peft_type ${config.peft_type})`);
  if (config.task_type != null && config.task_type !== 'CAUSAL_LM')
    refuse(`the task ${config.task_type} (task_type)`, 'Choose an adapter for text generation.');
  for (const [field, value] of Object.entries(config)) {
    if (known.has(field) || !says(field, value)) continue;
    const shown = JSON.stringify(value).slice(0, 80);
    refuse(Object.hasOwn(refused, field) ? `${refused[field]} (${field})` : `${field} = ${shown}`);
  }
  const begun = config.init_lora_weights;
  if (typeof begun === 'string' && !plainBeginnings.has(begun.toLowerCase())) {
    refuse(
      `a base changed by how it was begun (init_lora_weights "${begun}")`,
      'Save it anew with path_initial_model_for_weight_conversion, which makes it plain LoRA.'
    );
  }
  const layers = [config.layers_pattern ?? []].flat();
  if (layers.some((name) => name !== 'layers')) refuse(`layers called ${layers.join(', ')} (layers_pattern)`);
  return config;
}

/** Whether a field asks for something. */
function says(field: string, value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (field === 'bias') return value !== 'none';
  // `layer_replication: []` repeats nothing, and an empty map changes nothing.
  return !(typeof value === 'object' && Object.keys(value).length === 0);
}

/** Which modules an adapter sits on. */
export interface Placing {
  /** Their names, such as `q_proj`, each once, in the order of `order`. */
  readonly targetModules: readonly string[];
  /** All of them, as `layers.3.self_attn.q_proj`, where not every layer need have one on each target. */
  readonly only?: readonly string[];
}

const MODULE_PATH = /(?:^|\.)(layers\.\d+\.\w+\.(\w+))$/;

/**
 * `target_modules` as written by `peftConfig`: names, or whole paths where layers differ.
 * @param order all names that there can be
 */
export function placingOf(targets: readonly string[], order: readonly string[]): Placing {
  const only = targets.flatMap((target) => MODULE_PATH.exec(target)?.[1] ?? []);
  const names = new Set(targets.map((target) => target.slice(target.lastIndexOf('.') + 1)));
  const targetModules = order.filter((name) => names.has(name));
  return only.length === targets.length && only.length > 0 ? { targetModules, only } : { targetModules };
}
