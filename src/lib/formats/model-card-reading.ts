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

const INTRODUCTION =
  /^A LoRA adapter for (.*), rank (\S+), alpha (\S+) \(scaled by alpha \/ (rank|sqrt\(rank\))\), on .*\. It was trained with Tabtune, on the device of whoever made it, and works on that base only\.(?: The base has the SHA-256 `([0-9a-f]{64})`\.)?$/gm;
const WEIGHTS = /^The SHA-256 of `adapter_model\.safetensors` is `([0-9a-f]{64})`\./gm;

/** @returns undefined for any other text, also for one that says these things twice */
export function readModelCard(text: string): CardNames | undefined {
  const [introductions, weights] = [INTRODUCTION, WEIGHTS].map((each) => [...text.matchAll(each)]);
  if (introductions.length !== 1 || weights.length !== 1) return undefined;
  const [, base, rank, alpha, scale, baseSha256] = introductions[0] as (string | undefined)[];
  return {
    ...{ base: base!, rank: rank!, alpha: alpha!, rsLora: scale !== 'rank', sha256: weights[0][1] },
    ...(baseSha256 === undefined ? {} : { baseSha256 })
  };
}

/** Whether a card that names this base means a model that is called so. */
export function isNamedSo(names: CardNames, model: string): boolean {
  return names.base === (escaped(model) || 'a base model that is not named');
}
