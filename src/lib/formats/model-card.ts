/**
 * README.md of an adapter's folder: a model card as the Hugging Face hub reads it, with YAML in front and Markdown after it.
 * https://huggingface.co/docs/hub/model-cards
 */
import { cardMetadata } from './model-card-metadata';
import { cardText } from './model-card-text';

/** What a card says. All text in it is somebody's: nothing of it has to be harmless. */
export interface ModelCard {
  name: string;
  /** SHA-256 in hexadecimal, where it is known. */
  base: { name: string; sha256?: string };
  lora: { rank: number; alpha: number; targets: readonly string[]; rsLora: boolean };
  /** Versions of Datanets; none for rows that belong to no Datanet. */
  data: readonly CardData[];
  contributors: readonly CardContributor[];
  training?: CardTraining;
  /** Mean held-out loss in nats. */
  heldOut?: { rows: number; before?: number; after?: number };
  measuring?: CardMeasuring;
  /** Signed claims in the folder. */
  claims: readonly { file: string; says: string; signer: string }[];
  /** SHA-256 of `adapter_model.safetensors`. */
  sha256: string;
}

export interface CardData {
  /** The Datanet's own id. */
  datanet: string;
  name: string;
  number: number;
  /** CID of the signed version, and the Merkle root of its rows. */
  version: string;
  root: string;
  /** SPDX expression; absent where it was not noted. */
  licence?: string;
  /** BCP 47. */
  language?: string;
  rows: number;
  heldOut: number;
  /** By a run that this one went on from. */
  inherited: boolean;
}

export interface CardContributor {
  id: string;
  name: string;
  rows?: number;
  /** In [0, 1], with a 90 % interval, where they were measured. */
  share?: { value: number; low: number; high: number };
  /** By the rules of the rows. */
  mustBeNamed: boolean;
}

export interface CardTraining {
  rows: number;
  /** SHA-256 of the rows in their order. */
  rowsSha256: string;
  steps: number;
  /** Ended before its last step. */
  stopped: boolean;
  options: Readonly<Record<string, string | number | boolean>>;
  device: string;
  software: string;
}

/** How shares were measured, and what speaks for them. */
export interface CardMeasuring {
  estimator: string;
  /** Steps of the run. */
  moments: readonly number[];
  questions: number;
  /** Rank correlation of other estimators' shares with these. */
  agreement: readonly { estimator: string; correlation: number }[];
  lds?: { score: number; models: number };
  leaveOneOut?: { correlation: number; contributors: number };
}

/** The text of `README.md`, UTF-8. The library for YAML comes with the first card. */
export async function writeModelCard(card: ModelCard): Promise<string> {
  const { stringify } = await import('yaml');
  // Every text in quotes and on its line: so it is text to YAML 1.1 (PyYAML, which the hub uses) and 1.2 alike, and no line
  // of it ends the head.
  const head = stringify(cardMetadata(card), {
    ...{ version: '1.1', defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 },
    aliasDuplicateObjects: false
  });
  return `---\n${head}---\n\n${cardText(card)}`;
}
