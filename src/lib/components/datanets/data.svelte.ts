import { proxy } from 'comlink';
import { TabtuneError } from '$lib/errors';
import { readSetting, writeSetting } from '$lib/components/app/settings';
import type { WorkerClient } from '$lib/workers/client';
import type {
  DatanetEvent,
  DatanetSummary,
  DatanetWorker,
  VersionSummary
} from '$lib/workers/datanets/protocol';
import type {
  DataEvent,
  DataWorker,
  EncodingOptions,
  ModelChoice,
  PreviewRow,
  RowInput,
  RowProblem,
  RowSetSummary,
  RowStatistics,
  TrainingChoice,
  TrainingOutlook
} from '$lib/workers/protocol';
import {
  chooseRows,
  readChoice,
  stillThere,
  versionsIn,
  withoutDatanet,
  withPurpose,
  withVersion,
  withWeight
} from './choice';

/** Rows shown at first, and at each press of "more". */
const pageSize = 6;

/** How often rows can be taken. Each time, a row takes its place in memory. */
export const [MIN_WEIGHT, MAX_WEIGHT] = [0.1, 10];

/** A Datanet of which some version can be trained on. */
export interface TrainableDatanet extends DatanetSummary {
  /** Newest first. */
  versions: VersionSummary[];
}

/** A file that is Tabtune's, and nothing to train on. */
export class NoVersionError extends TabtuneError {
  constructor(file: string, effect: string) {
    super(`${file} has nothing to train on. Open it under Datanets. ${effect}`, { details: { file } });
  }
}

/** The data: what there is to train on, what is chosen, and what it looks like to the chosen model. */
export class DataState {
  sets = $state.raw<RowSetSummary[]>([]);
  datanets = $state.raw<TrainableDatanet[]>([]);
  choice = $state.raw<TrainingChoice>();
  /** What a run may use of the choice; of the choice as it is now, or undefined. */
  outlook = $state.raw<TrainingOutlook>();
  problems = $state.raw<RowProblem[]>([]);
  preview = $state.raw<PreviewRow[]>([]);
  statistics = $state.raw<RowStatistics>();
  questions = $state.raw<string[]>([]);
  importing = $state.raw<DataEvent | DatanetEvent>();
  reading = $state(false);
  error = $state.raw<unknown>();
  readonly #data: WorkerClient<DataWorker & DatanetWorker>;
  readonly #storage: Storage;
  readonly #starterFolder: string;
  #turn = 0;

  constructor(data: WorkerClient<DataWorker & DatanetWorker>, storage: Storage, starterFolder: string) {
    this.#data = data;
    this.#storage = storage;
    this.#starterFolder = starterFolder;
  }

  /** The set of rows that is chosen, where it is one. */
  get set(): RowSetSummary | undefined {
    const { choice } = this;
    return choice?.kind === 'rows' ? this.sets.find((set) => set.id === choice.rowSet) : undefined;
  }

  /** Shows what this browser holds, and what of it was chosen before a reload. */
  async restore(): Promise<void> {
    await this.#refresh();
    const isChoice = (value: unknown): value is unknown => readChoice(value) !== undefined;
    const remembered = readSetting(this.#storage, 'rows', isChoice);
    const sets = this.sets.map(({ id }) => id);
    const roots = this.datanets.flatMap(({ datanet, versions }) =>
      versions.map(({ root }) => ({ datanet, root }))
    );
    this.choose(stillThere(readChoice(remembered), sets, roots));
  }

  /** Shows what came or went meanwhile, on other pages or in other tabs. The choice stays. */
  async lookAgain(): Promise<void> {
    if (!this.importing) await this.#refresh();
  }

  choose(choice: TrainingChoice | undefined): void {
    if (JSON.stringify(choice) === JSON.stringify(this.choice)) return;
    this.choice = choice;
    this.outlook = undefined;
    this.problems = [];
    this.preview = [];
    this.statistics = undefined;
    writeSetting(this.#storage, 'rows', choice ?? null);
    void this.#readAbout();
  }

  chooseSet(id: string): void {
    this.choose(chooseRows(id));
  }

  /** Takes one version of a Datanet in, or the Datanet out. */
  chooseVersion(datanet: TrainableDatanet, root: string | undefined): void {
    const { datanet: id } = datanet;
    this.choose(root === undefined ? withoutDatanet(this.choice, id) : withVersion(this.choice, id, root));
  }

  /** The version of a Datanet that is chosen, with its weight. */
  chosenOf(datanet: TrainableDatanet): { root: string; weight: number } | undefined {
    return versionsIn(this.choice).find((version) => version.datanet === datanet.datanet);
  }

  /** A version of a Datanet that is newer than the one that is chosen. */
  newerOf(datanet: TrainableDatanet): VersionSummary | undefined {
    const chosen = this.chosenOf(datanet);
    const [newest] = datanet.versions;
    return chosen && chosen.root !== newest.root ? newest : undefined;
  }

  setWeight({ datanet }: TrainableDatanet, weight: number): void {
    if (!Number.isFinite(weight)) return;
    this.choose(withWeight(this.choice, datanet, Math.min(MAX_WEIGHT, Math.max(MIN_WEIGHT, weight))));
  }

  setPurpose(purpose: string | undefined): void {
    this.choose(withPurpose(this.choice, purpose));
  }

  async importFile(file: File): Promise<void> {
    if (/\.datanet$/i.test(file.name)) await this.#receive(async () => file);
    else await this.#import({ kind: 'file', file });
  }

  async importText(text: string): Promise<void> {
    await this.#import({ kind: 'text', text });
  }

  /** Keeps the project's own Datanet as any other that was received, and chooses it. */
  async importStarter(): Promise<void> {
    const address = `${this.#starterFolder}pelhaven.datanet`;
    await this.#receive(() => this.#data.call((data) => data.siteFile(address)));
  }

  async remove(id: string): Promise<void> {
    try {
      await this.#data.call((data) => data.deleteRowSet(id));
      if (this.set?.id === id) this.choose(undefined);
    } catch (error) {
      this.error = error;
    }
    await this.#refresh();
  }

  /** Encodes what is chosen for a model, for the preview and the statistics. An older answer is dropped. */
  async read(model: ModelChoice | undefined, options: EncodingOptions): Promise<void> {
    const turn = ++this.#turn;
    const { choice } = this;
    if (!choice || !model) {
      this.preview = [];
      this.statistics = undefined;
      return;
    }
    this.reading = true;
    this.error = undefined;
    try {
      const count = Math.max(pageSize, this.preview.length);
      const preview = await this.#data.call((data) => data.preview(choice, model, 0, count, options));
      if (turn !== this.#turn) return;
      this.preview = preview;
      const statistics = await this.#data.call((data) => data.statistics(choice, model, options));
      if (turn === this.#turn) this.statistics = statistics;
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    } finally {
      if (turn === this.#turn) this.reading = false;
    }
  }

  /** Adds the next rows to the preview. */
  async more(model: ModelChoice, options: EncodingOptions): Promise<void> {
    const { choice } = this;
    const turn = this.#turn;
    if (!choice) return;
    try {
      const next = await this.#data.call((data) =>
        data.preview(choice, model, this.preview.length, pageSize, options)
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
      const set = await this.#data.call((data) => data.importRows(input, this.#progress()));
      await this.#refresh();
      this.chooseSet(set.id);
    } catch (error) {
      this.error = error;
    } finally {
      this.importing = undefined;
    }
  }

  /** Opens a bundle, keeps it, and chooses its version. */
  async #receive(bring: () => Promise<File>): Promise<void> {
    this.error = undefined;
    this.importing = { phase: 'opening', done: 0, total: 0 };
    try {
      const file = await bring();
      const { received, kind, effect } = await this.#data.call((data) => data.open(file, this.#progress()));
      // Whatever else it is should be looked at before it is taken in.
      if (kind !== 'version') throw new NoVersionError(file.name, effect);
      const id = await this.#data.call((data) => data.keep(received));
      await this.#refresh();
      const datanet = this.datanets.find((each) => each.id === id);
      if (datanet) this.choose(withVersion(undefined, datanet.datanet, datanet.versions[0].root));
    } catch (error) {
      this.error = error;
    } finally {
      this.importing = undefined;
    }
  }

  #progress(): (event: DataEvent | DatanetEvent) => void {
    return proxy((event) => {
      if (this.importing) this.importing = event;
    });
  }

  async #refresh(): Promise<void> {
    try {
      const [sets, datanets] = await Promise.all([
        this.#data.call((data) => data.rowSets()),
        this.#trainable()
      ]);
      this.sets = sets;
      this.datanets = datanets;
    } catch (error) {
      this.error = error;
    }
  }

  /** Datanets with a version. Only where there are several, the older ones have to be asked for. */
  async #trainable(): Promise<TrainableDatanet[]> {
    const all = await this.#data.call((data) => data.list());
    return Promise.all(
      all.flatMap((datanet) => (datanet.head ? this.#withVersions(datanet, datanet.head) : []))
    );
  }

  async #withVersions(datanet: DatanetSummary, head: VersionSummary): Promise<TrainableDatanet> {
    if (head.number === 1) return { ...datanet, versions: [head] };
    const { versions } = await this.#data.call((data) => data.detail(datanet.id));
    const newestFirst = [...versions].sort((a, b) => b.number - a.number);
    // A version that was published again with the same rows stands for the one before.
    const distinct = newestFirst.filter(
      ({ root }, i) => newestFirst.findIndex((each) => each.root === root) === i
    );
    return { ...datanet, versions: distinct };
  }

  async #readAbout(): Promise<void> {
    const { choice } = this;
    this.questions = [];
    if (!choice) return;
    try {
      const outlook = await this.#data.call((data) => data.outlook(choice));
      if (choice !== this.choice) return;
      this.outlook = outlook;
      const [questions, problems] = await Promise.all([
        this.#data.call((data) => data.questions(choice, 6)),
        choice.kind === 'rows' ? this.#data.call((data) => data.rowProblems(choice.rowSet)) : []
      ]);
      if (choice !== this.choice) return;
      this.questions = questions;
      this.problems = problems;
    } catch (error) {
      if (choice === this.choice) this.error = error;
    }
  }
}
