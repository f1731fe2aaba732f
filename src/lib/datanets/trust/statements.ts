import type { Contributor, ContributionEntry, DatanetFacts, Licence, Split } from '../datanet';
import type { AttributionReceipt, Retraction, RunManifest } from './claims';
import type { Conditions, Policy, Use } from '../policy/policy';

/**
 * The statements that people sign. Each is plain JSON, hashed and signed in its canonical form (RFC 8785), known by
 * the CID of what was said and who signed it (`statementCid`), and has words (`words.ts`) that are shown before anybody
 * signs it.
 */

/** A person: a name, and the two public keys of `identity.ts`. What the name says is up to the person. */
export interface Person {
  /** `did:key` of the P-256 key that signs. This is who the person is. */
  id: string;
  name: string;
  /** `did:key` of the P-256 key that data keys are wrapped for. */
  agreement: string;
}

export interface Common {
  /** Who says it. The signature must be by `by.id`. */
  by: Person;
  /** ISO 8601, UTC. */
  created: string;
}

/** An owner asks for rows. */
export interface Invitation extends Common {
  kind: 'invitation';
  datanet: string;
  facts: DatanetFacts;
  /** The Datanet's rules, which a contribution may tighten and not loosen. */
  policy: Policy;
  expires?: string;
}

/** Somebody hands in rows. */
export interface Contribution extends Common {
  kind: 'contribution';
  datanet: string;
  /** CID of the signed invitation. */
  invitation: string;
  /** Where the rows come from, in words. */
  source: string;
  licence: Licence;
  policy?: Policy;
  /** The rows: how many, the Merkle root over (row CID, contributor), and the digest of their canonical lines. */
  rows: RowsDigest;
  /** The other files of the archive where the rows are sealed in it. Older ones do not name them. */
  files?: FileDigest[];
}

export interface RowsDigest {
  count: number;
  /** Merkle root, `0x` and 64 hexadecimal digits. */
  root: string;
  /** SHA-256 of the canonical JSON Lines, hexadecimal, and their length in bytes. */
  sha256: string;
  bytes: number;
}

/** An owner answers a contribution, row by row. Rows of it that are not named are approved. */
export interface Decision extends Common {
  kind: 'decision';
  datanet: string;
  contribution: string;
  rejected: { row: string /* CID */; reason: string }[];
  approved: number;
}

/** A contributor takes a contribution back. */
export interface Withdrawal extends Common {
  kind: 'withdrawal';
  datanet: string;
  contribution: string;
  reason: string;
}

/** Somebody looked at a version and says what they think of it. */
export interface Validation extends Common {
  kind: 'validation';
  datanet: string;
  root: string;
  verdict: 'sound' | 'unsound';
  /** Counts of open findings by check, as the validator's page found them. */
  findings: Record<string, number>;
  words: string;
}

/** A version of a Datanet, as its owner publishes it. */
export interface Version extends Common {
  kind: 'version';
  datanet: string;
  /** From 1. */
  number: number;
  facts: DatanetFacts;
  policy: Policy;
  contributors: Contributor[];
  contributions: ContributionEntry[];
  rows: RowsDigest;
  splits: Record<Split, number>;
  /** The other files of the bundle, in their order: what they are called, and what is in them. */
  files: FileDigest[];
  /** Set where the rows leave the owner encrypted only. */
  permissioned: boolean;
  /** Root of the version before. */
  previous?: string;
  /** What changed, in words. */
  changes: string;
}

export interface FileDigest {
  name: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/** Somebody asks to use a version. */
export interface AccessRequest extends Common {
  kind: 'access-request';
  datanet: string;
  /** CID of the signed version: several can have the same rows, under other rules and another key. */
  version: string;
  root: string;
  uses: Use[];
  purpose: string;
  words: string;
}

/** An owner lets one person use one version, and hands the key to that person alone. */
export interface AccessGrant extends Common {
  kind: 'access-grant';
  datanet: string;
  /** CID of the signed version: several can have the same rows, under other rules and another key. */
  version: string;
  root: string;
  to: Person;
  /** CID of the signed request, where there was one. */
  request?: string;
  /** What is allowed, each under the conditions below and never beyond the policy. */
  uses: Use[];
  conditions: Conditions;
  key: WrappedKey;
}

/** A data key that only one person can unwrap: ECDH-ES+A256KW of RFC 7518 over P-256. */
export interface WrappedKey {
  algorithm: 'ECDH-ES+A256KW';
  /** `did:key` of the ephemeral public key. */
  ephemeral: string;
  /** The wrapped AES-256 key, base64url. */
  value: string;
}

/** An owner says no to a request. */
export interface Refusal extends Common {
  kind: 'refusal';
  datanet: string;
  request: string;
  reason: string;
}

/** An owner ends a grant before its time. */
export interface Revocation extends Common {
  kind: 'revocation';
  datanet: string;
  grant: string;
  reason: string;
}

/** A person says that a wallet is theirs, too. Holds with that wallet's signature beside the person's. */
export interface WalletLink extends Common {
  kind: 'wallet-link';
  /** Checksummed (EIP-55). */
  address: string;
}

export type Statement =
  | Invitation
  | Contribution
  | Decision
  | Withdrawal
  | Validation
  | Version
  | AccessRequest
  | AccessGrant
  | Refusal
  | Revocation
  | WalletLink
  | RunManifest
  | AttributionReceipt
  | Retraction;

export type StatementKind = Statement['kind'];

/** A statement with the signature of who says it. */
export interface Signed<S extends Statement = Statement> {
  statement: S;
  signature: Signature;
  /** A wallet's (`wallet-kinds.ts`): of a claim where the person chose to, and of every wallet link. */
  wallet?: WalletSignature;
}

/** EIP-712 over the claim that `attribution/claims/typed-data.ts` makes of the statement. */
export interface WalletSignature {
  standard: 'EIP-712';
  /** Checksummed (EIP-55). */
  address: string;
  chainId: number;
  /** `0x` and the signature in hexadecimal. */
  value: string;
}

/** ECDSA over P-256 with SHA-256, of the canonical statement behind a prefix of its own; base64url of r and s. */
export interface Signature {
  algorithm: 'ES256';
  /** The `did:key` that made it: `statement.by.id`. */
  key: string;
  value: string;
}

export type { AttributionReceipt, Retraction, RunManifest } from './claims';
