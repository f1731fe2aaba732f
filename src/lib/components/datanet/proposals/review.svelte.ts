import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { readSetting, writeSetting } from '$lib/components/app/settings';

/** What an owner thinks of a row so far. */
export type Verdict = 'undecided' | 'approved' | 'rejected';

interface KeptReview {
  approved: number[];
  rejected: [number, string][];
}

/**
 * An owner's answer to a proposal while it is made, row by row. It is kept through reloads, and signed as a whole:
 * until then it is nobody's but the owner's.
 */
export class Review {
  /** Keys of all rows of the proposal. */
  all = $state.raw<readonly number[]>([]);
  readonly #approved = new SvelteSet<number>();
  readonly #rejected = new SvelteMap<number, string>();
  readonly #storage: Storage;
  readonly #name: string;

  constructor(storage: Storage, contribution: string) {
    this.#storage = storage;
    this.#name = `review.${contribution}`;
    const kept = readSetting(storage, this.#name, isKept);
    for (const key of kept?.approved ?? []) this.#approved.add(key);
    for (const [key, reason] of kept?.rejected ?? []) this.#rejected.set(key, reason);
  }

  get approved(): number {
    return this.#approved.size;
  }

  get rejected(): number {
    return this.#rejected.size;
  }

  get undecided(): number {
    return Math.max(0, this.all.length - this.approved - this.rejected);
  }

  /** Rejected rows whose contributor would not learn why. */
  readonly unexplained = $derived.by(
    () => [...this.#rejected.values()].filter((reason) => reason.trim() === '').length
  );

  /** The reasons given so far, each once, the newest first. */
  readonly reasons = $derived.by(() => {
    const given = [...this.#rejected.values()].map((reason) => reason.trim()).reverse();
    return given.filter((reason, index) => reason !== '' && given.indexOf(reason) === index);
  });

  /** Every row has an answer, and every rejection a reason. */
  get complete(): boolean {
    return this.all.length > 0 && this.undecided === 0 && this.unexplained === 0;
  }

  verdict(key: number): Verdict {
    return this.#approved.has(key) ? 'approved' : this.#rejected.has(key) ? 'rejected' : 'undecided';
  }

  reason(key: number): string {
    return this.#rejected.get(key) ?? '';
  }

  approve(keys: readonly number[]): void {
    for (const key of keys) {
      this.#rejected.delete(key);
      this.#approved.add(key);
    }
    this.#keep();
  }

  reject(keys: readonly number[], reason: string): void {
    for (const key of keys) {
      this.#approved.delete(key);
      this.#rejected.set(key, reason);
    }
    this.#keep();
  }

  /** Approves what has no answer yet. */
  approveRest(): void {
    this.approve(this.all.filter((key) => this.verdict(key) === 'undecided'));
  }

  reset(): void {
    this.#approved.clear();
    this.#rejected.clear();
    this.#keep();
  }

  /** The answer as it is signed: rows that are not named are approved. */
  answer(): { key: number; reason: string }[] {
    return Array.from(this.#rejected, ([key, reason]) => ({ key, reason: reason.trim() }));
  }

  /** It was signed: there is nothing to come back to. */
  forget(): void {
    writeSetting(this.#storage, this.#name, null);
  }

  #keep(): void {
    const kept: KeptReview = { approved: [...this.#approved], rejected: [...this.#rejected] };
    writeSetting(this.#storage, this.#name, kept);
  }
}

function isKept(value: unknown): value is KeptReview {
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
