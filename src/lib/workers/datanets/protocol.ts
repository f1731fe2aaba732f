/**
 * What the page asks of the data worker about Datanets: the second half of the one contract. All of it survives
 * structured clone. The first half is `../protocol.ts`.
 */
import type { ClaimRequest } from '../claims/protocol';
import type { CheckName, Finding } from '../../datanets/checks/finding';
import type { CheckReport } from '../../datanets/checks/report';
import type { Contributor, DatanetFacts, Licence, Split } from '../../datanets/datanet';
import type {
  ImportInput,
  ImportInspection,
  ImportMapping,
  ImportProblem
} from '../../datanets/import/import';
import type { Conditions, Policy, Use } from '../../datanets/policy/policy';
import type { RowContent } from '../../datanets/row';
import type { ChainRequest } from '../../datanets/verify/chain-request';
import type { VerifyReport } from '../../datanets/verify/verify';
import type {
  AccessGrant,
  AccessRequest,
  Contribution,
  Decision,
  Invitation,
  Person,
  Refusal,
  Revocation,
  Signed,
  Statement,
  StatementKind,
  Validation,
  Version,
  WalletSignature,
  Withdrawal
} from '../../datanets/trust/statements';

/**
 * What this browser is to a Datanet. `owner`: its draft and versions are here. `contributor`: an invitation was opened
 * and rows for it are written here. `reader`: a version of somebody else was received.
 */
export type DatanetRole = 'owner' | 'contributor' | 'reader';

export interface DatanetSummary {
  /** Of this browser. An owner's is the Datanet's own. */
  id: string;
  /** The Datanet's, the same everywhere. */
  datanet: string;
  role: DatanetRole;
  facts: DatanetFacts;
  owner: Person;
  /** Rows in the draft, or in the received version. */
  rows: number;
  /** For owners: the newest version. For readers: the one received. */
  head?: VersionSummary;
  /** The draft differs from the newest version. */
  changed: boolean;
  /** Proposals that wait for the owner, and requests. */
  waiting: { proposals: number; requests: number };
  updated: number;
}

export interface DatanetDetail extends DatanetSummary {
  policy: Policy;
  contributors: (Contributor & { rows: number })[];
  tags: string[];
  versions: VersionSummary[];
  /** Of a contributor: what was invited to. */
  invitation?: Signed<Invitation>;
  /** Of a reader of a permissioned version: whether it can be read, and why not. */
  access?: { readable: boolean; reason?: string; grant?: Signed<AccessGrant> };
}

export interface VersionSummary {
  /** Of the signed version. A root is that of the rows, which several versions may share under other rules. */
  cid: string;
  root: string;
  number: number;
  created: string;
  rows: number;
  bytes: number;
  contributors: number;
  permissioned: boolean;
  changes: string;
  splits: Record<Split, number>;
}

/** Which rows: those of a draft (by local id), of a version (by root), of a proposal (by its contribution's CID). */
export type RowsRef =
  { of: 'draft'; id: string } | { of: 'version'; root: string } | { of: 'proposal'; contribution: string };

/** All that are given must hold. Lengths are in characters of the row's text. */
export interface RowQuery {
  /** Case is ignored. Looked for in the text, the source and the contributor's name. */
  text?: string;
  contributor?: string;
  tag?: string;
  split?: Split;
  /** `published`: in the newest version as it is; `new`: not; `drafted`: first written by a model. */
  status?: RowStatus;
  minLength?: number;
  maxLength?: number;
  /** Rows with an open finding of this check, of the last report. */
  finding?: CheckName;
  order?: 'position' | 'length' | 'contributor';
}

export type RowStatus = 'published' | 'new' | 'drafted';

/** A row as a list shows it. */
export interface RowItem {
  /** Names the row within its draft, version or proposal; stays when others go. */
  key: number;
  cid: string;
  content: RowContent;
  contributor: string;
  source?: string;
  licence?: string;
  contribution?: string;
  tags: string[];
  split?: Split;
  drafted: boolean;
  status: RowStatus;
  length: number;
  findings: Finding[];
}

/** A query's answer, held by the worker; a newer view of the same rows ends an older one. */
export interface RowView {
  view: string;
  total: number;
}

export interface RowChange {
  content?: RowContent;
  source?: string;
  tags?: string[];
  split?: Split | null;
}

export type DatanetEvent =
  | { phase: 'reading'; file: string; done: number; total?: number; rows: number; problems: number }
  | {
      phase: 'writing' | 'searching' | 'checking' | 'hashing' | 'sealing' | 'opening';
      done: number;
      total: number;
    };

export interface ImportReport {
  rows: number;
  problems: ImportProblem[];
  problemCount: number;
}

export interface CheckOptions {
  /** Which; default all. */
  checks?: CheckName[];
  /** Similarity from which rows are near duplicates. Default 0.8. */
  similarity?: number;
}

/** What may be asked to be signed. The worker makes the statement, the page shows its words, `sign` signs it. */
export type StatementRequest =
  | { kind: 'invitation'; id: string; expires?: string }
  | { kind: 'contribution'; id: string; source: string; licence: Licence; policy?: Policy }
  | { kind: 'decision'; contribution: string; rejected: { key: number; reason: string }[] }
  | { kind: 'withdrawal'; contribution: string; reason: string }
  | { kind: 'validation'; id: string; root: string; verdict: Validation['verdict']; words: string }
  | { kind: 'version'; id: string; permissioned: boolean; changes: string }
  | { kind: 'access-request'; id: string; root: string; uses: Use[]; purpose: string; words: string }
  | { kind: 'access-grant'; request: string; uses: Use[]; conditions: Conditions }
  | { kind: 'refusal'; request: string; reason: string }
  | { kind: 'revocation'; grant: string; reason: string }
  | { kind: 'wallet-link'; address: string }
  | ClaimRequest;

export interface PreparedStatement {
  /** Hand it to `sign`. Forgotten when the worker ends. */
  prepared: string;
  statement: Statement;
  /** What is signed, in sentences. */
  words: string[];
  /** Things to think about before signing: findings that are open, a licence that does not fit. */
  warnings: string[];
}

/** A signed statement as it leaves: a file, and a link where it fits in one. */
export interface SignedFile {
  kind: StatementKind;
  /** CID of the signed statement. */
  cid: string;
  file: File;
  /** The fragment of a link (`#open=…`), which browsers never send to a server. */
  fragment?: string;
}

/** A file or link that somebody gave, looked at and checked, and not yet kept. */
export interface Received {
  received: string;
  kind: StatementKind;
  words: string[];
  by: Person;
  /** What `keep` will do: `Adds a proposal of 12 rows to "Pelhaven"`. */
  effect: string;
  /** What could not be checked of it, and what that would take. */
  unknown?: string;
}

/** An account of a wallet (EIP-55) as it is shown beside what a person signed. */
export interface ShownWallet {
  address: string;
  /** The person signed that it is theirs, and it signed so, too. Without that it may be anybody's that signed the same. */
  linked: boolean;
  /** It is a contract account whose chain was not asked whether it signed. */
  unasked: boolean;
}

/** A contribution that waits for its owner, or was decided. */
export interface Proposal {
  contribution: string;
  statement: Contribution;
  wallets: ShownWallet[];
  received: number;
  decision?: Known<Decision>;
  withdrawn?: Known<Withdrawal>;
}

/** That somebody says an account of a wallet to be theirs. */
export interface WalletLinkItem {
  cid: string;
  by: Person;
  address: string;
  /** A contract account's, whose chain was not asked: it may be anybody's. */
  unasked?: true;
}

/** A signed statement with what it is known by. */
export type Known<S extends Statement> = Signed<S> & { cid: string };

export interface Exchange {
  invitations: Known<Invitation>[];
  proposals: Proposal[];
  requests: (Known<AccessRequest> & { answer?: Known<AccessGrant> | Known<Refusal> })[];
  grants: (Known<AccessGrant> & { revoked?: Known<Revocation> })[];
  validations: Known<Validation>[];
}

export interface VersionDiff {
  added: DiffRow[];
  removed: DiffRow[];
  /** Counts of all; the lists hold the first 500. */
  counts: { added: number; removed: number; kept: number };
  /** Contributors that only one of the two has. */
  contributors: { added: string[]; removed: string[] };
  facts: (keyof DatanetFacts)[];
  policy: Use[];
}

export interface DiffRow {
  cid: string;
  contributor: string;
  content: RowContent;
}

export type ExportFormat = 'datanet' | 'jsonl' | 'parquet' | 'croissant';

/** A run, and the adapter that came of it, that used rows of a Datanet. */
export interface DatanetUse {
  run: string;
  name: string;
  created: number;
  adapter?: string;
  root: string;
  rows: number;
  /** Rows of it per contribution (CID), or '' for those without. */
  contributions: Record<string, number>;
}

export interface DatanetWorker {
  /** This browser's person; made at the first call, with keys that never leave it. */
  person(): Promise<Person>;
  renamePerson(name: string): Promise<Person>;

  list(): Promise<DatanetSummary[]>;
  detail(id: string): Promise<DatanetDetail>;
  create(facts: DatanetFacts): Promise<DatanetSummary>;
  /**
   * Makes a Datanet of a Croissant description, with the rows of those of its files that are given beside it. All of it
   * or nothing; `missing` names the files that the description speaks of and that were not given.
   */
  createFromCroissant(
    files: File[],
    onEvent: (event: DatanetEvent) => void
  ): Promise<{ id: string; rows: number; missing: string[] }>;
  describe(id: string, facts: DatanetFacts): Promise<void>;
  setPolicy(id: string, policy: Policy): Promise<void>;
  remove(id: string): Promise<void>;

  view(rows: RowsRef, query: RowQuery, onEvent: (event: DatanetEvent) => void): Promise<RowView>;
  items(view: string, from: number, count: number): Promise<RowItem[]>;
  /** Keys of all rows of a view, in its order: to select them together. */
  keys(view: string): Promise<Uint32Array>;
  addRow(id: string, content: RowContent, change: RowChange & { drafted?: boolean }): Promise<RowItem>;
  changeRow(id: string, key: number, change: RowChange): Promise<RowItem>;
  removeRows(id: string, keys: number[]): Promise<void>;
  /** Adds and takes away tags of many rows at once. */
  tagRows(id: string, keys: number[], add: string[], remove: string[]): Promise<void>;
  /** Splits a draft by shares, near duplicates always on one side. */
  splitRows(
    id: string,
    shares: Record<Split, number>,
    seed: number,
    onEvent: (event: DatanetEvent) => void
  ): Promise<Record<Split, number>>;

  inspectImport(input: ImportInput): Promise<ImportInspection>;
  previewImport(
    input: ImportInput,
    mapping: ImportMapping,
    count: number
  ): Promise<{ rows: RowContent[]; problems: ImportProblem[] }>;
  /** All or nothing: cancelled or failed, the draft is as it was. */
  importInto(
    id: string,
    input: ImportInput,
    mapping: ImportMapping,
    onEvent: (event: DatanetEvent) => void
  ): Promise<ImportReport>;
  /** Ends the long call that goes on for this Datanet: an import, a check, a split, an export. */
  cancel(): Promise<void>;

  check(rows: RowsRef, options: CheckOptions, onEvent: (event: DatanetEvent) => void): Promise<CheckReport>;
  report(rows: RowsRef): Promise<CheckReport | undefined>;
  /** Puts masks over what checks found in a draft. Returns how many rows changed. */
  mask(id: string, findings: Finding[]): Promise<number>;

  prepare(request: StatementRequest, onEvent: (event: DatanetEvent) => void): Promise<PreparedStatement>;
  /**
   * Signs what was prepared; `wallet` is a wallet's signature of the same, made by the page, and is checked.
   * @param chain asks a chain through that wallet, until this is answered: what a contract account accepts, only its
   * chain can tell
   */
  sign(prepared: string, wallet?: WalletSignature, chain?: ChainRequest): Promise<SignedFile>;
  /** Any file or link that Tabtune makes: tells what it is and whether it holds. Keeps nothing. */
  open(source: File | string, onEvent: (event: DatanetEvent) => void): Promise<Received>;
  /** Takes it in; gives the local id of the Datanet that it belongs to. */
  keep(received: string): Promise<string>;
  exchange(id: string): Promise<Exchange>;
  /** Links between people and wallets that this browser made or was given. */
  walletLinks(): Promise<WalletLinkItem[]>;
  /** A signed statement of this browser again, to hand over once more. */
  signedFile(cid: string): Promise<SignedFile>;

  /** From one version to another, by CID. */
  diff(from: string, to: string): Promise<VersionDiff>;
  /** The Merkle proof of a row of a version, as a JSON file that anybody can check. */
  proof(root: string, key: number): Promise<File>;
  /** By CID. A root stands for the newest version with it. */
  exportVersion(version: string, format: ExportFormat, onEvent: (event: DatanetEvent) => void): Promise<File>;
  uses(id: string): Promise<DatanetUse[]>;
  /**
   * Checks files for somebody who trusts none of them, each with the others at hand. Needs no store and keeps nothing;
   * the reports are in the order of the files.
   * @param chain asks a chain through the person's wallet; without it, what only a chain can tell stays unknown
   */
  verify(
    files: File[],
    onEvent: (event: DatanetEvent) => void,
    chain?: ChainRequest
  ): Promise<VerifyReport[]>;
}

export type { CheckReport, Contribution, ImportProblem, RowContent, VerifyReport, Version };
