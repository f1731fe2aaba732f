/** What an owner thinks of a row so far. */
export type Verdict = 'undecided' | 'approved' | 'rejected';

/** As it is kept between visits. */
export interface KeptVerdicts {
  approved: number[];
  rejected: [number, string][];
}

/** Verdicts by the key of the row: plain maps, as there may be a hundred thousand rows to approve at once. */
export class Verdicts {
  readonly approved: Set<number>;
  /** With the reason of each. */
  readonly rejected: Map<number, string>;

  constructor(kept?: KeptVerdicts) {
    this.approved = new Set(kept?.approved);
    this.rejected = new Map(kept?.rejected);
  }

  of(key: number): Verdict {
    return this.approved.has(key) ? 'approved' : this.rejected.has(key) ? 'rejected' : 'undecided';
  }

  approve(keys: readonly number[]): void {
    for (const key of keys) {
      this.rejected.delete(key);
      this.approved.add(key);
    }
  }

  reject(keys: readonly number[], reason: string): void {
    for (const key of keys) {
      this.approved.delete(key);
      // Anew at the end, so that the newest reason is the last.
      this.rejected.delete(key);
      this.rejected.set(key, reason);
    }
  }

  clear(): void {
    this.approved.clear();
    this.rejected.clear();
  }

  /** The reasons given, each once, the newest first. */
  reasons(): string[] {
    const given = [...this.rejected.values()].reverse().map((reason) => reason.trim());
    return [...new Set(given)].filter(Boolean);
  }

  /** Rejected rows whose contributor would not learn why. */
  unexplained(): number {
    let count = 0;
    for (const reason of this.rejected.values()) if (reason.trim() === '') count += 1;
    return count;
  }

  kept(): KeptVerdicts {
    return { approved: [...this.approved], rejected: [...this.rejected] };
  }
}

export function isKeptVerdicts(value: unknown): value is KeptVerdicts {
  if (typeof value !== 'object' || value === null || !('approved' in value) || !('rejected' in value))
    return false;
  const { approved, rejected } = value;
  return (
    Array.isArray(approved) &&
    approved.every((key) => typeof key === 'number') &&
    Array.isArray(rejected) &&
    rejected.every(
      (entry) => Array.isArray(entry) && typeof entry[0] === 'number' && typeof entry[1] === 'string'
    )
  );
}
