import { UnsupportedCheckpointError } from './checkpoint-errors';

/**
 * `quantization_config` of a config.json, field by field as bitsandbytes' 4-bit form has it. Which module is stored how,
 * the weights themselves say: each 4-bit one brings its state, and the others lie in 16 bits.
 */

type Fields = Readonly<Record<string, unknown>>;

/** What is understood, or changes nothing of stored weights: how bitsandbytes computes, and what it left at 16 bits. */
const known: ReadonlySet<string> = new Set([
  ...['quant_method', 'load_in_4bit', '_load_in_4bit', 'load_in_8bit', '_load_in_8bit'],
  ...['bnb_4bit_quant_type', 'bnb_4bit_use_double_quant', 'bnb_4bit_compute_dtype', 'bnb_4bit_quant_storage'],
  ...['llm_int8_skip_modules', 'llm_int8_threshold', 'llm_int8_enable_fp32_cpu_offload'],
  'llm_int8_has_fp16_weight'
]);

/**
 * Refuses what is quantised in a way that is not read.
 * @param config the object of config.json
 * @param file its name, for the message
 * @throws UnsupportedCheckpointError naming the method, or the field that is not known
 */
export function checkQuantization(config: unknown, file: string): void {
  const fields = objectOf(objectOf(config)?.['quantization_config']);
  if (!fields) return;
  const method = fields['quant_method'];
  const eightBit = fields['load_in_8bit'] === true || fields['_load_in_8bit'] === true;
  if (method !== 'bitsandbytes' || eightBit) {
    const what = eightBit
      ? '8-bit bitsandbytes'
      : typeof method === 'string'
        ? method
        : `a method that quantization_config does not name (${Object.keys(fields).join(', ') || 'it is empty'})`;
    throw new UnsupportedCheckpointError(
      `The model in ${file} is quantised with ${what}, which is not read. ` +
        'Choose the unquantised model, a bitsandbytes 4-bit one, or a GGUF file.',
      { details: { file, method: String(method) } }
    );
  }
  const strange = Object.keys(fields).find((name) => !known.has(name) && asksFor(fields[name]));
  if (strange === undefined) return;
  throw new UnsupportedCheckpointError(
    `quantization_config in ${file} has ${strange} = ${JSON.stringify(fields[strange])}, which is not known here. ` +
      'Choose the unquantised model, or a GGUF file.',
    { details: { file, field: strange } }
  );
}

function asksFor(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false && value !== '';
}

function objectOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}
