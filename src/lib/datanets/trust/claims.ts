/** What is claimed of a model: how it was made, and by whose rows. Signed as all statements are (`statements.ts`). */
import type { Licence } from '../datanet';
import type { Common } from './statements';

/** How an adapter was made, complete enough to make it again from the same inputs. */
export interface RunManifest extends Common {
  kind: 'run-manifest';
  /** What the person calls the adapter. */
  name: string;
  /** The base model, and the SHA-256 (hexadecimal) of its weights, as `Checkpoint.sha256` forms it. */
  base: { name: string; sha256: string };
  /** Versions of Datanets in the order of the run; none for rows that belong to no Datanet. */
  datanets: ManifestData[];
  /** SHA-256 (hexadecimal) of the trained rows in their order, as `rowsSha256` forms it, and how many there are. */
  data: { sha256: string; rows: number; heldOut: number };
  /** Of the adapter that the run went on from, where it did: SHA-256 of `adapter_model.safetensors`. */
  startedFrom?: string;
  /** Every option of the run by its name (`jobs/options.ts`), the seed among them. */
  config: Record<string, number | string | boolean>;
  /** SHA-256 (hexadecimal) of the canonical JSON of `config`: what a chain or a wallet shows for all of it. */
  configSha256: string;
  /** SHA-256 (hexadecimal) of `adapter_model.safetensors` as it is exported. */
  adapter: { sha256: string };
  /** Optimizer steps taken. */
  steps: number;
  /** Mean held-out loss before and after, in nats; absent where none was measured. */
  heldOutLoss?: { before: number; after: number };
  /** What it ran on, as the browser names it. */
  device: string;
  /** `tabtune 0.1.0`. */
  software: string;
  /** ISO 8601, UTC. */
  expires?: string;
}

/** A version that a run used. */
export interface ManifestData {
  datanet: string;
  name: string;
  number: number;
  /** CID of the signed version. */
  version: string;
  /** Merkle root of its rows. */
  root: string;
  licence: Licence;
  /** Times 1000: 1000 takes each row once an epoch. */
  weight: number;
  /** Rows of it that were trained on, and that were measured. */
  rows: number;
  heldOut: number;
  /** `used`: by this run; `inherited`: by a run that this one went on from. */
  part: 'used' | 'inherited';
}

/** Whose rows made an adapter, how that was measured, and how far it can be trusted. */
export interface AttributionReceipt extends Common {
  kind: 'attribution-receipt';
  /** CID of the signed run manifest. */
  manifest: string;
  /** SHA-256 (hexadecimal) of `adapter_model.safetensors`. */
  adapter: string;
  method: AttributionMethod;
  /** In the order of the run's rows. Their shares sum to 1,000,000, or are all 0 where no row helped. */
  shares: SignedShare[];
  /** Merkle root (OpenZeppelin standard tree) over [contributor id as string, share as uint256], in the order of `shares`. */
  sharesRoot: string;
  trust: AttributionTrust;
  expires?: string;
}

export interface AttributionMethod {
  /** Of `jobs/influence.ts`. */
  estimator: string;
  /** Steps of the run at which gradients were taken. */
  moments: number[];
  /** Values of a layer's sketch, and the seed of its signs. */
  sketch: { width: number; seed: number };
  /** The questions whose answers are explained: how many, and the SHA-256 of their rows (`rowsSha256`). */
  questions: { count: number; sha256: string };
  /** Which rules make shares of influence; `attribution/shares.ts` says what 1 is. */
  rules: number;
}

/** All in millionths of the whole. */
export interface SignedShare {
  /** Contributor id, as rows name it. */
  id: string;
  name: string;
  rows: number;
  share: number;
  /** Bootstrap interval of 90 %, over questions and moments. */
  low: number;
  high: number;
  /** Checksummed (EIP-55), where the contributor has shown a wallet to be theirs. */
  wallet?: string;
}

/** In thousandths; -1000 to 1000 for correlations. What was not measured is absent. */
export interface AttributionTrust {
  /** Spearman's correlation of each other estimator's shares with these. */
  agreement: Record<string, number>;
  /** Linear datamodeling score of the estimator, and over how many models. */
  lds?: { score: number; models: number };
  /** Spearman's correlation of shares with what leaving each contributor out cost. */
  leaveOneOut?: { correlation: number; contributors: number };
}

/** Somebody takes back a validation, a run manifest or a receipt of theirs. */
export interface Retraction extends Common {
  kind: 'retraction';
  /** CID of the signed claim. */
  claim: string;
  reason: string;
}
