/**
 * What the page asks of the data worker about claims: making, keeping and handing over what is said of a model. Signing
 * itself goes the way of all statements: `prepare` shows words, `sign` signs (`../datanets/protocol.ts`). Survives
 * structured clone. Part of the data worker, called like the rest of it.
 */
import type {
  AttributionReceipt,
  RunManifest,
  Signed,
  StatementKind,
  WalletSignature
} from '../../datanets/trust/statements';
import type { ClaimAnchor, PayoutRecord } from '../../datanets/store/attribution-schema';
import type { Check, VerifyReport } from '../../datanets/verify/verify';

/** Added to `StatementRequest`. */
export type ClaimRequest =
  /** Of the run that made an adapter. */
  | { kind: 'run-manifest'; adapter: string; expires?: string }
  /** Of the attribution that was measured for the run of an adapter, under its newest signed manifest. */
  | { kind: 'attribution-receipt'; adapter: string; expires?: string }
  /** Of an own validation, manifest or receipt, by its CID. */
  | { kind: 'retraction'; claim: string; reason: string };

/** A claim that is kept here: one of those that a wallet can sign. */
export interface ClaimSummary {
  cid: string;
  kind: Extract<
    StatementKind,
    'contribution' | 'validation' | 'access-grant' | 'run-manifest' | 'attribution-receipt'
  >;
  /** `How Pelhaven on starter was made`. */
  title: string;
  created: string;
  /** By this browser's person. */
  own: boolean;
  by: string;
  wallet?: WalletSignature;
  /** The wallet is a contract account, whose chain was not asked whether it accepts the signature. */
  walletUnasked?: true;
  /** Why it holds no longer: retracted, revoked, withdrawn, expired. */
  ended?: string;
  /** The adapter of this browser that a manifest or receipt is of. */
  adapter?: string;
  anchors: ClaimAnchor[];
}

/** What an adapter brought with it or was signed of it here, and what of that holds. */
export interface Provenance {
  manifest?: ClaimOf<RunManifest>;
  receipt?: ClaimOf<AttributionReceipt>;
  /** Files that should have been claims and have not their form. */
  unreadable?: BrokenClaim[];
  /** README.md of the folder: somebody's Markdown. */
  card?: string;
  /** Of an adapter whose run is recorded here: what can be signed of it. */
  run?: { id: string; measured: boolean };
}

/** A claim of an adapter, to be believed as far as its checks hold. */
export interface ClaimOf<S extends RunManifest | AttributionReceipt> {
  cid: string;
  signed: Signed<S>;
  /** What it says, in sentences. */
  words: string[];
  checks: Check[];
  /** By this browser's person. */
  own: boolean;
}

/** A file of an adapter that should be a claim, and is none that can be read. */
export interface BrokenClaim {
  /** `claims/run-manifest.json`. */
  file: string;
  checks: Check[];
}

export interface ClaimWorker {
  /** All that are kept here, newest first. */
  claims(): Promise<ClaimSummary[]>;
  /** The words of a claim that is kept here, and each check of it. */
  claim(cid: string): Promise<{ signed: Signed; words: string[]; report: VerifyReport }>;
  /** Provenance of an adapter: that which it was imported with, or that which was signed here. */
  provenance(adapter: string): Promise<Provenance>;
  /** Notes an anchor that a wallet made, or its end. */
  noteAnchor(cid: string, anchor: ClaimAnchor): Promise<void>;
  payouts(): Promise<PayoutRecord[]>;
  notePayout(payout: PayoutRecord): Promise<void>;
  /** Wallets of contributors that are known here: linked, or that signed a contribution. Id to checksummed address. */
  walletsOf(contributors: string[]): Promise<Record<string, string>>;
}

export type { ClaimAnchor, PayoutRecord };
