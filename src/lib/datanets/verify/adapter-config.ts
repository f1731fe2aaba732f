/**
 * Whether the configuration beside an adapter is that of the run that made it. A manifest names the weights by their SHA-256,
 * and the configuration by nothing but the options of the run: other rank, scale or base would make another model of them.
 */
import { peftConfig, targetNames } from '../../formats/peft';
import { shownText } from '../one-line';
import type { PaceOptions } from '../pace';
import { quoted } from '../policy/sentences';
import type { RunManifest } from '../trust/claims';
import { listed } from '../trust/short';
import type { Related } from './related';
import type { CheckList } from './report';
import { parseJson } from '../../json';

/** Fields of PEFT, and the options of a run that they are made of. */
const MADE_OF = {
  r: 'rank',
  lora_alpha: 'alpha',
  use_rslora: 'rsLora',
  lora_dropout: 'dropout',
  target_modules: 'targets'
} as const;

/** Fields that change nothing of what an adapter does, or only together with another that must be off. */
const WITHOUT_BEARING: ReadonlySet<string> = new Set([
  ...['inference_mode', 'peft_version', 'runtime_config'],
  ...['megatron_core', 'qalora_group_size']
]);

/** Fields that are on in each adapter, also where the file does not say so. */
const ON_UNSAID: ReadonlySet<string> = new Set(['init_lora_weights', 'task_type']);

/** Characters of a name or value that a reason shows. */
const SHOWN = 80;

export interface ConfigComparison {
  /** What differs, each with what was found: `r is “4”, not “8”`. */
  differs: string[];
  /** Options of the run that the manifest does not tell: what is made of them was not compared. */
  unsaid: string[];
}

/**
 * Compares `adapter_config.json` with what the run would have written. Fields that Tabtune does not know must be off.
 * @returns undefined where the text is no object of JSON
 */
export function compareConfig(
  { base, config }: Pick<RunManifest, 'base' | 'config'>,
  text: string
): ConfigComparison | undefined {
  const found = objectOf(text);
  if (!found) return undefined;
  const { rank, alpha, dropout, rsLora, targets } = config;
  const wanted = peftConfig({
    ...{ baseModel: base.name, rank: Number(rank), alpha: Number(alpha), dropout: Number(dropout) },
    ...{ rsLora: rsLora === true, targetModules: [...new Set(targetNames(String(targets)))] }
  });
  const missing = Object.entries(MADE_OF).filter(([, option]) => config[option] === undefined);
  const passed = new Set([...WITHOUT_BEARING, ...missing.map(([field]) => field)]);
  const fields = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  const differs = [...fields]
    .filter((field) => !passed.has(field) && !isSame(field, wanted[field], found[field]))
    .map((field) => {
      return `${shownText(field, SHOWN)} is ${valueWords(found[field])}, not ${valueWords(wanted[field])}`;
    });
  return { differs, unsaid: missing.map(([, option]) => option) };
}

function isSame(field: string, wanted: unknown, found: unknown): boolean {
  if (field === 'base_model_name_or_path') {
    return typeof found === 'string' && baseNameOf(found) === wanted;
  }
  if (field === 'target_modules') {
    // PEFT keeps them as a set, and writes them in any order.
    return isTexts(found) && isTexts(wanted) && sortedText(found) === sortedText(wanted);
  }
  if (found === undefined && ON_UNSAID.has(field)) return true;
  return found === wanted || (isOff(found) && isOff(wanted));
}

/** A base model as a run manifest names it. */
export function baseNameOf(model: string): string {
  return shownText(model, 300) || 'Unnamed';
}

function isOff(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === false || value === 0 || value === 'none';
}

function sortedText(items: readonly string[]): string {
  return JSON.stringify([...items].sort());
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** Never all of it: what a stranger nests may be deep. */
function valueWords(value: unknown): string {
  if (value === undefined) return 'not there';
  if (isTexts(value)) return quoted(shownText(value.join(', '), SHOWN));
  return typeof value === 'object' && value !== null
    ? 'something else'
    : quoted(shownText(String(value), SHOWN));
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const json = parseJson('adapter_config.json', text);
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : undefined;
  } catch {
    // What is no JSON says nothing.
    return undefined;
  }
}

/**
 * The check `configuration` of a run manifest, made where its adapter was given with the configuration beside it.
 * @throws ZipArchiveError, UnreadableFileError, the abort reason
 */
export async function checkConfiguration(
  list: CheckList,
  manifest: RunManifest,
  related: Related,
  options: PaceOptions
): Promise<void> {
  const name = 'configuration';
  for (const file of related.named) {
    if (file.config === undefined || (await file.sha256(options)) !== manifest.adapter.sha256) continue;
    const compared = compareConfig(manifest, file.config);
    if (!compared) list.fails(name, 'adapter_config.json beside the adapter is no object of JSON.');
    else if (compared.differs.length > 0) {
      list.fails(
        name,
        `adapter_config.json beside the adapter is not that of the run: ${listed(compared.differs)}. The weights would make another model than the run did.`
      );
    } else if (compared.unsaid.length > 0) {
      list.unknown(
        name,
        `The manifest does not tell all that adapter_config.json is made of: ${listed(compared.unsaid)}.`
      );
    } else {
      list.holds(
        name,
        'Base model, rank, scale, dropout and targets in adapter_config.json are those of the run, and nothing in it changes what the weights mean.'
      );
    }
  }
}
