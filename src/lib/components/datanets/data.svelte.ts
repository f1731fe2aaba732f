import { proxy } from 'comlink';
import { readSetting, writeSetting } from '$lib/components/app/settings';
import type { WorkerClient } from '$lib/workers/client';
import type {
  DataEvent,
  DataWorker,
  EncodingOptions,
  ModelChoice,
  PreviewRow,
  RowInput,
  RowProblem,
  RowSetSummary,
  RowStatistics
} from '$lib/workers/protocol';

/** Rows shown at first, and at each press of "more". */
const pageSize = 6;

/** The rows: which sets there are, what the chosen one looks like to the chosen model. */
export class DataState {
  sets = $state.raw<RowSetSummary[]>([]);
  chosen = $state<string>();
  problems = $state.raw<RowProblem[]>([]);
  preview = $state.raw<PreviewRow[]>([]);
  statistics = $state.raw<RowStatistics>();
  questions = $state.raw<string[]>([]);
  importing = $state.raw<DataEvent>();
  reading = $state(false);
  error = $state.raw<unknown>();
  readonly #data: WorkerClient<DataWorker>;
  readonly #storage: Storage;
  readonly #starterFolder: string;
  #turn = 0;

  constructor(data: WorkerClient<DataWorker>, storage: Storage, starterFolder: string) {
    this.#data = data;
    this.#storage = storage;
    this.#starterFolder = starterFolder;
  }

  get set(): RowSetSummary | undefined {
    return this.sets.find((set) => set.id === this.chosen);
  }

  /** Shows the sets of this browser, and the one that was chosen before a reload. */
  async restore(): Promise<void> {
    await this.#refresh();
    const remembered = readSetting(this.#storage, 'rows', (value) => typeof value === 'string');
    if (remembered && this.sets.some((set) => set.id === remembered)) this.choose(remembered);
  }

  choose(id: string | undefined): void {
    if (id === this.chosen) return;
    this.chosen = id;
    this.problems = [];
    this.preview = [];
    this.statistics = undefined;
    writeSetting(this.#storage, 'rows', id ?? null);
    void this.#readAbout();
  }

  async importFile(file: File): Promise<void> {
    await this.#import({ kind: 'file', file });
  }

  async importText(text: string): Promise<void> {
    await this.#import({ kind: 'text', text });
  }

  async importStarter(): Promise<void> {
    await this.#import({ kind: 'starter', folder: this.#starterFolder });
  }

  async remove(id: string): Promise<void> {
    try {
      await this.#data.call((data) => data.deleteRowSet(id));
      if (this.chosen === id) this.choose(undefined);
    } catch (error) {
      this.error = error;
    }
    await this.#refresh();
  }

  /** Encodes the chosen set for a model, for the preview and the statistics. An older answer is dropped. */
  async read(model: ModelChoice | undefined, options: EncodingOptions): Promise<void> {
    const turn = ++this.#turn;
    const id = this.chosen;
    if (!id || !model) {
      this.preview = [];
      this.statistics = undefined;
      return;
    }
    this.reading = true;
    this.error = undefined;
    try {
      const count = Math.max(pageSize, this.preview.length);
      const preview = await this.#data.call((data) => data.preview(id, model, 0, count, options));
      if (turn !== this.#turn) return;
      this.preview = preview;
      const statistics = await this.#data.call((data) => data.statistics(id, model, options));
      if (turn === this.#turn) this.statistics = statistics;
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    } finally {
      if (turn === this.#turn) this.reading = false;
    }
  }

  /** Adds the next rows to the preview. */
  async more(model: ModelChoice, options: EncodingOptions): Promise<void> {
    const id = this.chosen;
    const turn = this.#turn;
    if (!id) return;
    try {
      const next = await this.#data.call((data) =>
        data.preview(id, model, this.preview.length, pageSize, options)
      );
      if (turn === this.#turn) this.preview = [...this.preview, ...next];
    } catch (error) {
      this.error = error;
    }
  }

  async #import(input: RowInput): Promise<void> {
    this.error = undefined;
    this.importing = { phase: 'parsing', rows: 0, problems: 0 };
    try {
      const set = await this.#data.call((data) =>
        data.importRows(
          input,
          proxy((event) => {
            if (this.importing) this.importing = event;
          })
        )
      );
      await this.#refresh();
      this.choose(set.id);
    } catch (error) {
      this.error = error;
    } finally {
      this.importing = undefined;
    }
  }

  async #refresh(): Promise<void> {
    try {
      this.sets = await this.#data.call((data) => data.rowSets());
    } catch (error) {
      this.error = error;
    }
  }

  async #readAbout(): Promise<void> {
    const id = this.chosen;
    this.questions = [];
    if (!id) return;
    try {
      const [questions, problems] = await Promise.all([
        this.#data.call((data) => data.questions(id, 6)),
        this.#data.call((data) => data.rowProblems(id))
      ]);
      if (id !== this.chosen) return;
      this.questions = questions;
      this.problems = problems;
    } catch (error) {
      this.error = error;
    }
  }
}
