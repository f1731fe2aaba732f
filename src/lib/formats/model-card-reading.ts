/** What a model card names, where it is one that `writeModelCard` wrote: so that it can be compared with what lies beside it. */
import { escaped } from './model-card-text';

export interface CardNames {
  /** As the card's Markdown writes it: see `isNamedSo`. */
  base: string;
  baseSha256?: string;
  rank: string;
  alpha: string;
  rsLora: boolean;
  /** Of `adapter_model.safetensors`. */
  sha256: string;
}

const INTRODUCTION = 'A LoRA adapter for ';
const WEIGHTS = 'The SHA-256 of `adapter_model.safetensors` is `';
const INTRODUCED =
  /^A LoRA adapter for (.*), rank (\S+), alpha (\S+) \(scaled by alpha \/ (rank|sqrt\(rank\))\), on .*\. It was trained with Tabtune, on the device of whoever made it, and works on that base only\.(?: The base has the SHA-256 `([0-9a-f]{64})`\.)?$/;
const WEIGHED = /^The SHA-256 of `adapter_model\.safetensors` is `([0-9a-f]{64})`\./;
const HEAD_BASE = /^base_model: ("(?:[^"\\]|\\.)*")$/;

/** Longer than any line that is compared. Patterns take a time that grows faster than a line does. */
const MAX_LINE = 4000;

/** @returns undefined for any other text, also for one that says these things twice, or two things of the base */
export function readModelCard(text: string): CardNames | undefined {
  const lines = text.split('\n');
  const only = (beginning: string, pattern: RegExp) => {
    const [line, second] = lines.filter((each) => each.startsWith(beginning));
    if (line === undefined || second !== undefined || line.length > MAX_LINE) return undefined;
    return pattern.exec(line) as (string | undefined)[] | null;
  };
  const introduced = only(INTRODUCTION, INTRODUCED);
  const weighed = only(WEIGHTS, WEIGHED);
  if (!introduced || !weighed) return undefined;
  const [, base, rank, alpha, scale, baseSha256] = introduced;
  // What is no id of a model stands in the text alone.
  if (lines.some((line) => line.startsWith('base_model'))) {
    const head = only('base_model', HEAD_BASE);
    if (!head || escaped(JSON.parse(head[1]!) as string) !== base) return undefined;
  }
  return {
    ...{ base: base!, rank: rank!, alpha: alpha!, rsLora: scale !== 'rank', sha256: weighed[1]! },
    ...(baseSha256 === undefined ? {} : { baseSha256 })
  };
}

/** Whether a card that names this base means a model that is called so. */
export function isNamedSo(names: CardNames, model: string): boolean {
  return names.base === (escaped(model) || 'a base model that is not named');
}
