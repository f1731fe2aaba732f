/** What may be done with rows. The names are of this project; `odrl.ts` writes them as ODRL and CAWG say them. */
export const USES = ['training', 'evaluation', 'retrieval', 'display', 'redistribution'] as const;

export type Use = (typeof USES)[number];

/** Conditions under which a use is allowed. All that are given must hold. */
export interface Conditions {
  /** The use must be for one of these purposes, in the words of the owner. */
  purposes?: string[];
  /** Not at or after this moment: ISO 8601 with a time zone. */
  expires?: string;
  /** At most so many runs by one person. */
  runs?: number;
  /** Contributors must be named where results are shown. */
  attribution?: boolean;
}

export type Rule = { rule: 'allowed' } | { rule: 'forbidden' } | ({ rule: 'conditions' } & Conditions);

/** One rule a use. */
export type Policy = Record<Use, Rule>;
