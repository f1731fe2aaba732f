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

/**
 * What two purposes have in common that mean the same: letters in one case and one form, blanks as one. Policies keep
 * the owner's own words; they are compared by this.
 */
export function purposeKey(purpose: string): string {
  return purpose.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

/** One of those purposes that mean the same, the words that come first, in order. */
export function distinctPurposes(purposes: readonly string[]): string[] {
  const first = new Map<string, string>();
  for (const each of [...purposes].sort()) {
    const key = purposeKey(each);
    if (!first.has(key)) first.set(key, each);
  }
  return [...first.values()];
}

export type Rule = { rule: 'allowed' } | { rule: 'forbidden' } | ({ rule: 'conditions' } & Conditions);

/** One rule a use. */
export type Policy = Record<Use, Rule>;
