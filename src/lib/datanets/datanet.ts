import type { Policy } from './policy/policy';
import type { Row } from './row';

/** A licence and where it can be seen to hold. */
export interface Licence {
  /** An SPDX licence expression, such as `CC-BY-4.0`, or `LicenseRef-…` for terms of one's own. */
  spdx: string;
  /** Where the licence is stated: an address, a document, or words. */
  evidence?: string;
}

/** What a Datanet says of itself. All of it is somebody's text and is shown as text; `description` is Markdown. */
export interface DatanetFacts {
  name: string;
  summary: string;
  description: string;
  tags: string[];
  licence: Licence;
  /** BCP 47, such as `en` or `pt-BR`. */
  language: string;
  /** What the data is meant for. */
  purpose: string;
  /** How the owner is reached. */
  contact: string;
}

/** Who wrote rows. `id` is what rows carry: the `did:key` of a person who signs, or a plain name. */
export interface Contributor {
  id: string;
  name: string;
  role?: string;
}

export const SPLITS = ['train', 'validation', 'test'] as const;

/** What a row is for. A row without a split is trained on. */
export type Split = (typeof SPLITS)[number];

/**
 * A row as it stands in a Datanet. Its identity (`rowCid`) is that of `messages` or `text` alone, so that the same
 * words are the same row whoever brings them; the Merkle leaf joins it to its contributor.
 */
export type DatanetRow = Row & {
  contributor: string;
  /** Where it differs from the Datanet's. An SPDX expression. */
  licence?: string;
  /** The contribution it came with: the CID of that signed statement. */
  contribution?: string;
  tags?: string[];
  split?: Split;
  /** A model wrote its first draft. Set once, never cleared by an edit. */
  drafted?: boolean;
};

/** A signed contribution as a version lists it. */
export interface ContributionEntry {
  /** CID of the signed statement. */
  id: string;
  contributor: string;
  licence: Licence;
  /** Stricter rules than the Datanet's; absent: the Datanet's alone. */
  policy?: Policy;
  /** Rows of it that are in the version. */
  rows: number;
}
