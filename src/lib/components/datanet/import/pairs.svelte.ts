import type { ImportMapping } from '$lib/datanets/import/import';
import type { DatanetPage } from '../page.svelte';
import { parseTags } from '../rows/row-words';
import type { Drafter } from './drafter';
import type { ImportItem } from './importing.svelte';

/** More parts than anybody writes about in one sitting. */
const mostParts = 5000;

/** Questions and answers about the parts of a document, written by hand or drafted first. */
export class PairWriting {
  parts = $state.raw<string[]>([]);
  at = $state(0);
  question = $state('');
  answer = $state('');
  /** A model wrote the first draft of what is in the fields. It stays so, however much is changed. */
  drafted = $state(false);
  drafting = $state(false);
  saving = $state(false);
  written = $state(0);
  error = $state.raw<unknown>();
  readonly #page: DatanetPage;
  #turn = 0;

  constructor(page: DatanetPage) {
    this.#page = page;
  }

  get complete(): boolean {
    return this.question.trim() !== '' && this.answer.trim() !== '';
  }

  /** Takes the document's parts. An older answer is dropped. */
  async read(item: ImportItem, mapping: ImportMapping): Promise<void> {
    const turn = ++this.#turn;
    try {
      const { rows } = await this.#page.client.call((datanets) =>
        datanets.previewImport(item.input, mapping, mostParts)
      );
      if (turn !== this.#turn) return;
      this.parts = rows.flatMap((row) => ('text' in row ? [row.text] : []));
      this.at = Math.min(this.at, Math.max(0, this.parts.length - 1));
      this.error = undefined;
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    }
  }

  /** Goes to another part. What was written and not added is kept in the fields. */
  go(step: number): void {
    this.at = Math.max(0, Math.min(this.at + step, this.parts.length - 1));
  }

  async draft(drafter: Drafter): Promise<void> {
    this.drafting = true;
    this.error = undefined;
    try {
      const pair = await drafter.draft(this.parts[this.at] ?? '');
      this.question = pair.question;
      this.answer = pair.answer;
      this.drafted = true;
    } catch (error) {
      this.error = error;
    } finally {
      this.drafting = false;
    }
  }

  /** Adds the pair to the draft and empties the fields. Another pair may follow about the same part. */
  async add(mapping: ImportMapping): Promise<boolean> {
    if (!this.complete || this.saving) return false;
    this.saving = true;
    try {
      const content = {
        messages: [
          { role: 'user', content: this.question.trim() },
          { role: 'assistant', content: this.answer.trim() }
        ]
      };
      const change = {
        source: [mapping.source, `part ${this.at + 1}`].filter(Boolean).join(', '),
        tags: parseTags((mapping.tags ?? []).join(',')),
        drafted: this.drafted
      };
      await this.#page.client.call((datanets) => datanets.addRow(this.#page.id, content, change));
      this.question = '';
      this.answer = '';
      this.drafted = false;
      this.written += 1;
      this.error = undefined;
      return true;
    } catch (error) {
      this.error = error;
      return false;
    } finally {
      this.saving = false;
    }
  }
}
