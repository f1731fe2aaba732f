/** What is kept of who made a model: moments of runs, sketches of their rows, results, and what claims have led to. */

/** A run as it was after one of its steps. */
export interface MomentRecord {
  run: string;
  /** Optimizer steps taken. */
  step: number;
  /** The adapter: f32, as the engine lays it out. */
  values: ArrayBuffer;
  /** Mean learning rate of the steps since the moment before. */
  learningRate: number;
}

/** Gradients of a run's rows at one of its moments, as `GradientSketches` of the engine has them. */
export interface SketchRecord {
  run: string;
  /** Which moment of the run, from 0. */
  moment: number;
  /** The moment's, beside what was measured at it. */
  step: number;
  learningRate: number;
  rows: number;
  /** Layers. */
  segments: number;
  /** Values of a layer's sketch. */
  width: number;
  hidden: number;
  /** Of the sketch's signs. Sketches compare only where shape and seed are the same. */
  seed: number;
  /** f32 [rows, segments, width] */
  values: ArrayBuffer;
  /** f32 [rows, segments] */
  squares: ArrayBuffer;
  /** f32 [rows, hidden] */
  representations: ArrayBuffer;
  /** Positions of the measured rows among the run's: what leaves nothing to train on is not measured. */
  index: Uint32Array;
  /** Of all rows that were to be measured, in their order, as `rowsSha256` forms it: other rows have other sketches. */
  rowsSha256: string;
}

/** The result of an attribution as workers and page know it. All of it must survive structured clone. */
export interface AttributionRecord {
  run: string;
  /** Milliseconds since 1970. */
  created: number;
}

/** What belongs to an adapter besides its tensors, imported with it or signed here. */
export interface ProvenanceRecord {
  adapter: string;
  /** CID of the signed run manifest, among the statements. */
  manifest?: string;
  /** CID of the signed attribution receipt, among the statements. */
  receipt?: string;
  /** Claims that it came with and that cannot be believed, as their files were: to show what is wrong with them. */
  broken?: { manifest?: string; receipt?: string };
  /** README.md of the folder: somebody's Markdown. */
  card?: string;
}

/** An attestation of a claim on a chain. */
export interface ClaimAnchor {
  chainId: number;
  /** EAS's UID. */
  uid: string;
  transaction: string;
  attester: string;
  /** Milliseconds since 1970. */
  created: number;
  /** Transaction that revoked it. */
  revoked?: string;
  /** Of EAS, where it is another contract than the one that is published for the chain. */
  contract?: string;
}

export interface AnchorRecord extends ClaimAnchor {
  /** CID of the signed claim. */
  cid: string;
}

/** A splitter or distributor that was made from a receipt, and payments into it. */
export interface PayoutRecord {
  id: string;
  /** CID of the receipt. */
  receipt: string;
  engine: 'payment-splitter' | 'merkle-distributor' | 'splits-v2';
  chainId: number;
  address: string;
  transaction: string;
  /** Milliseconds since 1970. */
  created: number;
  /** In the order of the list. Shares in millionths. */
  payees: { id: string; name: string; address: string; share: number }[];
  /** Of a Merkle list: the token that it pays, and the sum of its amounts as a decimal string in the smallest unit. */
  list?: { token: string; total: string };
  /** Decimal strings, smallest unit; `token` absent for the chain's own coin. */
  payments: { amount: string; token?: string; transaction: string; created: number }[];
}

/** The stores of version 3. */
export interface AttributionStores {
  moments: { key: [string, number]; value: MomentRecord };
  sketches: { key: [string, number]; value: SketchRecord };
  attributions: { key: string; value: AttributionRecord };
  provenance: { key: string; value: ProvenanceRecord };
  anchors: { key: [string, number, string]; value: AnchorRecord };
  payouts: { key: string; value: PayoutRecord };
}
