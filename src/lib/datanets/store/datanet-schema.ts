/** What is kept of Datanets. Rows lie in blocks, and tables say which rows a draft, a version or a proposal has. */
import type { Finding } from '../checks/finding';
import type { Contributor, DatanetFacts } from '../datanet';
import type { Policy } from '../policy/policy';
import type { Identity } from '../trust/identity';
import type { Person, Signed, Statement, StatementKind, Version, WrappedKey } from '../trust/statements';
import type { TableColumns } from './row-table';

/**
 * What this browser is to a Datanet. `owner`: its draft and versions are here. `contributor`: an invitation was opened
 * and rows for it are written here. `reader`: a version of somebody else was received.
 */
export type DatanetRole = 'owner' | 'contributor' | 'reader';

export interface DatanetRecord {
  /** Of this browser. An owner's is the Datanet's own. */
  id: string;
  /** The Datanet's, the same everywhere. */
  datanet: string;
  role: DatanetRole;
  facts: DatanetFacts;
  policy: Policy;
  /** Names of those who wrote rows. Who did is in the table. */
  contributors: Contributor[];
  owner: Person;
  /** Milliseconds since 1970. */
  created: number;
  updated: number;
  /** Grows with every change to facts, policy, contributors or rows. */
  revision: number;
  /** Grows with every change to the draft's rows: what a tab read before it is too old to be written over it. */
  rowsRevision: number;
  /** Rows in the draft, or in the received version. */
  rows: number;
  /** CID of the statement of the newest version; of a reader, of the one received last. */
  head?: string;
  /** Of a contributor: CID of the signed invitation. */
  invitation?: string;
}

/**
 * Rows, in the order they were written: canonical JSON of their content alone (`{"messages":…}` or `{"text":…}`), one
 * after another. Never changed; a row that is edited is written again in another block.
 */
export interface BlockRecord {
  id: string;
  /** Local id of the Datanet that it goes with. */
  datanet: string;
  /** The import that wrote it; absent for rows written one by one. */
  staged?: string;
  bytes: ArrayBuffer;
  /** Where each row begins, and at the end where the last one ends. */
  offsets: Uint32Array;
}

/** Whose rows a table lists: a draft's by local id, a version's or a proposal's by the CID of its statement. */
export interface TableRef {
  of: 'draft' | 'version' | 'proposal';
  name: string;
}

export interface TableRecord extends TableRef {
  /** Local id of the Datanet that it goes with. */
  datanet: string;
  columns: TableColumns;
}

/** A version that was made or received here. */
export interface VersionRecord {
  /** Of the signed statement. Two versions with the same rows have the same root, and differ here. */
  cid: string;
  root: string;
  /** Local id of the Datanet. */
  datanet: string;
  number: number;
  signed: Signed<Version>;
  /** The Datanet's `revision` that it was made from. Absent for a received one. */
  revision?: number;
  /** Of a permissioned version made here: its data key, wrapped for the owner. */
  key?: WrappedKey;
}

/** A file as it was received, or as it left where it cannot be made again. Sealed ones stay sealed. */
export interface BundleRecord {
  /** CID of the signed statement in it. */
  cid: string;
  /** Local id of the Datanet. */
  datanet: string;
  blob: Blob;
}

export interface StatementRecord {
  cid: string;
  /** The Datanet's own id. */
  datanet: string;
  kind: StatementKind;
  /** Milliseconds since 1970: when it was signed here, or taken in. */
  received: number;
  signed: Signed<Statement>;
  /** Its chain was asked as it was signed here: the contract account beside it accepts its signature. */
  walletHolds?: true;
}

/** The person of this browser: a single record. */
export interface IdentityRecord extends Identity {
  key: 'person';
}

/** An import that goes on, or that was cut off where no lock of its name is held. Goes as it is committed. */
export interface ImportRecord {
  id: string;
  datanet: string;
  started: number;
}

/** What the last checks of some rows found. */
export interface ReportRecord extends TableRef {
  datanet: string;
  /** The Datanet's `rowsRevision` that was checked, of a draft. */
  rowsRevision?: number;
  /** As the page shows it. Must survive structured clone. */
  report: Record<string, unknown>;
  findings: Finding[];
}

/** The stores of version 2. */
export interface DatanetStores {
  datanets: { key: string; value: DatanetRecord; indexes: { updated: number; datanet: string } };
  blocks: { key: string; value: BlockRecord; indexes: { datanet: string; staged: string } };
  tables: { key: [string, string]; value: TableRecord; indexes: { datanet: string } };
  versions: { key: string; value: VersionRecord; indexes: { datanet: string; root: string } };
  bundles: { key: string; value: BundleRecord; indexes: { datanet: string } };
  statements: {
    key: string;
    value: StatementRecord;
    indexes: { datanet: string; 'datanet kind': [string, string] };
  };
  identity: { key: string; value: IdentityRecord };
  imports: { key: string; value: ImportRecord };
  reports: { key: [string, string]; value: ReportRecord; indexes: { datanet: string } };
}
