import { readSetting, writeSetting } from '$lib/components/app/settings';
import { isKeptVerdicts, Verdicts, type Verdict } from './verdicts';

/**
 * An owner's answer to a proposal while it is made, row by row. It is kept through reloads, and signed as a whole:
 * until then it is nobody's but the owner's.
 */
export class Review {
  /** Keys of all rows of the proposal. */
  all = $state.raw<readonly number[]>([]);
  readonly #verdicts: Verdicts;
  /** Grows with each change: one signal for all rows, as a signal a row would be too many. */
  #changes = $state(0);
  readonly #storage: Storage;
  readonly #name: string;

  constructor(storage: Storage, contribution: string) {
    this.#storage = storage;
    this.#name = `review.${contribution}`;
    this.#verdicts = new Verdicts(readSetting(storage, this.#name, isKeptVerdicts));
  }

  get approved(): number {
    return this.#read().approved.size;
  }

  get rejected(): number {
    return this.#read().rejected.size;
  }

  get undecided(): number {
    return Math.max(0, this.all.length - this.approved - this.rejected);
  }

  /** Rejected rows whose contributor would not learn why. */
  readonly unexplained = $derived.by(() => this.#read().unexplained());

  /** The reasons given so far, each once, the newest first. */
  readonly reasons = $derived.by(() => this.#read().reasons());

  /** Every row has an answer, and every rejection a reason. */
  get complete(): boolean {
    return this.all.length > 0 && this.undecided === 0 && this.unexplained === 0;
  }

  verdict(key: number): Verdict {
    return this.#read().of(key);
  }

  reason(key: number): string {
    return this.#read().rejected.get(key) ?? '';
  }

  approve(keys: readonly number[]): void {
    this.#change((verdicts) => verdicts.approve(keys));
  }

  reject(keys: readonly number[], reason: string): void {
    this.#change((verdicts) => verdicts.reject(keys, reason));
  }

  /** Approves what has no answer yet. */
  approveRest(): void {
    this.#change((verdicts) => verdicts.approve(this.all.filter((key) => verdicts.of(key) === 'undecided')));
  }

  reset(): void {
    this.#change((verdicts) => verdicts.clear());
  }

  /** The answer as it is signed: rows that are not named are approved. */
  answer(): { key: number; reason: string }[] {
    return Array.from(this.#verdicts.rejected, ([key, reason]) => ({ key, reason: reason.trim() }));
  }

  /** It was signed: there is nothing to come back to. */
  forget(): void {
    writeSetting(this.#storage, this.#name, null);
  }

  #read(): Verdicts {
    void this.#changes;
    return this.#verdicts;
  }

  #change(change: (verdicts: Verdicts) => void): void {
    change(this.#verdicts);
    this.#changes += 1;
    writeSetting(this.#storage, this.#name, this.#verdicts.kept());
  }
}
