import { StoppedError } from '../errors';
import { readTrainingRows } from '../datanets/import/rows';
import { requireRows } from '../datanets/parse';
import { encodePreview, encodeRow, type EncodedRow } from '../datanets/encode';
import { rowRefusal, type RowRefusal } from '../datanets/statistics';
import type { Store } from '../datanets/store/store';
import type { ChatTokenizer } from '../formats/tokenizer';
import { joinModel } from '../jobs/model';
import type { Row } from '../datanets/row';
import { readAdapterFiles, zipAdapter } from './adapter-files';
import { companionsOf, readCompanions } from './claims/companions';
import { estimateMemory } from './memory-estimate';
import { unlessUsed, usedNow, type Thing } from './in-use';
import { choiceKey, fetchSiteFile, openChoice, type ModelLibrary } from './model-files';
import { summariseModel } from './model-summary';
import type {
  AdapterSummary,
  CachedModel,
  DataEvent,
  DataWorker,
  HubModelChoice,
  DeviceSummary,
  EncodingOptions,
  MemoryEstimate,
  ModelChoice,
  ModelSummary,
  ParameterValues,
  PreviewRow,
  RowInput,
  RowSetSummary,
  RowStatistics,
  RunSummary,
  StorageUse,
  TrainingChoice,
  TrainingOutlook
} from './protocol';
import { addRowSet, deleteRowSet, summariseRowSet } from './row-sets';
import { summariseRows } from './row-statistics';
import { NothingSavedError, readCheckpoint } from './saved-state';
import { loadRunData, outlookOf, questionsOf, type RunData } from './run-data';
import { factsAt, factsOf, summariseRun } from './run-facts';
import { deleteRun } from './run-uses';
import { describeAdapter, loadAdapter, saveAdapter, summariseAdapter } from './stored-adapter';

/** How long encoding may run before the next call gets its turn. */
const sliceMilliseconds = 25;

/** Parsing, tokenising, downloads and the store's lists. Runs in the data worker. */
export class DataService implements DataWorker {
  readonly #store: Promise<Store>;
  readonly #library: ModelLibrary;
  readonly #locks: LockManager | undefined;
  #tokenizer: { key: string; loading: Promise<ChatTokenizer> } | undefined;
  #download: AbortController | undefined;
  #loaded: { key: string; data: Promise<RunData> } | undefined;
  /** Grows with each request for statistics: an older one stops. */
  #statisticsTurn = 0;

  /** @param locks tell what some tab works with; absent where a browser has none */
  constructor(store: Promise<Store>, library: ModelLibrary, locks?: LockManager) {
    this.#store = store;
    this.#library = library;
    this.#locks = locks;
    // A database that does not open fails each call that needs it.
    store.catch(() => undefined);
  }

  async openModel(choice: ModelChoice): Promise<ModelSummary> {
    const { checkpoint, bytes } = await openChoice(choice, this.#library);
    const joining = joinModel(checkpoint);
    this.#tokenizer = { key: choiceKey(choice), loading: joining.then(({ tokenizer }) => tokenizer) };
    const { tokenizer, notices } = await joining;
    return summariseModel(checkpoint, bytes, tokenizer.hasChatTemplate, notices);
  }

  async download(
    model: HubModelChoice,
    token: string | undefined,
    onEvent: (event: DataEvent) => void
  ): Promise<void> {
    this.#download?.abort(new StoppedError('Another download took its place.'));
    const control = new AbortController();
    this.#download = control;
    try {
      await this.#library.download(model, token, control.signal, (file, done, total) =>
        onEvent({ phase: 'downloading', file, done, total })
      );
    } finally {
      if (this.#download === control) this.#download = undefined;
    }
  }

  async cancelDownload(): Promise<void> {
    this.#download?.abort(new StoppedError());
  }

  async cachedModels(): Promise<CachedModel[]> {
    return this.#library.list();
  }

  async deleteCachedModel(id: string, revision?: string): Promise<void> {
    await this.#unlessUsed({ kind: 'model', id }, () => this.#library.remove(id, revision));
  }

  async importRows(input: RowInput, onEvent: (event: DataEvent) => void): Promise<RowSetSummary> {
    const onProgress = (rows: number, problems: number) => onEvent({ phase: 'parsing', rows, problems });
    const parsed =
      input.kind === 'file'
        ? await readTrainingRows(input.file.name, input.file, { onProgress })
        : await readTrainingRows('Pasted rows', new Blob([input.text]), { onProgress });
    requireRows(parsed);
    const store = await this.#store;
    const set = await addRowSet(store, parsed);
    return summariseRowSet(store, set);
  }

  async siteFile(address: string): Promise<File> {
    return new File([await fetchSiteFile(address)], address.slice(address.lastIndexOf('/') + 1));
  }

  async rowSets(): Promise<RowSetSummary[]> {
    const store = await this.#store;
    return Promise.all((await store.rowSets()).map((set) => summariseRowSet(store, set)));
  }

  async rowProblems(id: string) {
    return (await (await this.#store).rowSet(id)).problems;
  }

  async deleteRowSet(id: string): Promise<void> {
    const store = await this.#store;
    await this.#unlessUsed({ kind: 'set of rows', id }, () => deleteRowSet(store, id));
  }

  async outlook(data: TrainingChoice): Promise<TrainingOutlook> {
    // Asked anew: what was allowed a while ago may not be any more.
    this.#loaded = undefined;
    return outlookOf(await this.#load(data));
  }

  async preview(
    data: TrainingChoice,
    model: ModelChoice,
    from: number,
    count: number,
    options: EncodingOptions
  ): Promise<PreviewRow[]> {
    const [tokenizer, { rows, hidden, contributors }] = await Promise.all([
      this.#tokenizerOf(model),
      this.#load(data)
    ]);
    const names = new Map(contributors.map(({ id, name }) => [id, name]));
    return rows.slice(from, from + count).map((row, i) => ({
      ...previewRow(row, from + i, tokenizer, options, hidden.has(row)),
      contributor: names.get(row.contributor ?? '') ?? row.contributor
    }));
  }

  async statistics(
    data: TrainingChoice,
    model: ModelChoice,
    options: EncodingOptions
  ): Promise<RowStatistics> {
    this.#statisticsTurn += 1;
    const turn = this.#statisticsTurn;
    const [tokenizer, { rows, heldOut }] = await Promise.all([this.#tokenizerOf(model), this.#load(data)]);
    const encoded: (EncodedRow | undefined)[] = [];
    const refusals: RowRefusal[] = [];
    let sliceStart = performance.now();
    for (const [index, row] of rows.entries()) {
      if (performance.now() - sliceStart > sliceMilliseconds) {
        await new Promise((resolve) => setTimeout(resolve));
        if (turn !== this.#statisticsTurn) break;
        sliceStart = performance.now();
      }
      try {
        encoded.push(encodeRow(row, tokenizer, options));
      } catch (error) {
        refusals.push({ row: index, reason: rowRefusal(error) });
        encoded.push(undefined);
      }
    }
    const longestHeldOut = heldOut.reduce(
      (longest, row) => Math.max(longest, lengthOf(row, tokenizer, options)),
      0
    );
    return summariseRows(encoded, refusals, longestHeldOut);
  }

  async storage(): Promise<StorageUse[]> {
    const [kept, models] = await Promise.all([(await this.#store).usage(), this.#library.list()]);
    return [...kept, ...models.map(({ id, bytes }) => ({ kind: 'model' as const, name: id, bytes }))].sort(
      (a, b) => b.bytes - a.bytes
    );
  }

  async questions(data: TrainingChoice, count: number): Promise<string[]> {
    return questionsOf(await this.#load(data), count);
  }

  async adapters(): Promise<AdapterSummary[]> {
    return (await (await this.#store).adapters()).map(summariseAdapter);
  }

  async deleteAdapter(id: string): Promise<void> {
    const store = await this.#store;
    await this.#unlessUsed({ kind: 'adapter', id }, () => store.deleteAdapter(id));
  }

  async exportAdapter(id: string): Promise<Blob> {
    const store = await this.#store;
    const adapter = await loadAdapter(store, id);
    return zipAdapter(adapter, await companionsOf(store, id, adapter));
  }

  async importAdapter(files: File[]): Promise<AdapterSummary> {
    const { adapter, ...companions } = await readAdapterFiles(files);
    const name =
      files.length === 1 ? files[0].name.replace(/\.zip$/i, '') : `Imported, rank ${adapter.config.rank}`;
    const store = await this.#store;
    const saved = await saveAdapter(store, adapter, { name }, await readCompanions(companions));
    return summariseAdapter(saved);
  }

  async runs(): Promise<RunSummary[]> {
    const store = await this.#store;
    // Before the records: a run that begins in between is then taken for one that is not there yet.
    const trains = await usedNow(this.#locks, 'training');
    const runs = await Promise.all(
      (await store.runs()).map(async (run) =>
        summariseRun(run, await store.checkpoint(run.id), trains({ kind: 'run', id: run.id }))
      )
    );
    return runs.filter((run) => run !== undefined);
  }

  async deleteRun(id: string): Promise<void> {
    const store = await this.#store;
    await this.#unlessUsed({ kind: 'run', id }, () => deleteRun(store, id));
  }

  async keepInterrupted(run: string): Promise<AdapterSummary> {
    const store = await this.#store;
    return this.#unlessUsed({ kind: 'run', id: run }, async () => {
      const [record, checkpoint] = await Promise.all([store.run(run), store.checkpoint(run)]);
      const facts = factsOf(record);
      const state = checkpoint && readCheckpoint(checkpoint, record);
      if (!state || !facts)
        throw new NothingSavedError(
          'This run was cut off before anything was saved. Discard it and start again.'
        );
      const page = factsAt(facts, state.steps);
      const described = await describeAdapter(state.adapter, {
        ...{ name: record.name, run, metrics: { loss: page.lastLoss, steps: page.step } },
        baseSha256: facts.sources?.base
      });
      const ended = { ...record, status: 'stopped' as const, run: { ...record.run, page } };
      const { adapter } = await store.endRun(ended, described, state.adapter.tensors);
      return summariseAdapter(adapter);
    });
  }

  async estimate(
    model: ModelSummary,
    options: ParameterValues,
    device: DeviceSummary | undefined,
    longest: number | undefined
  ): Promise<MemoryEstimate> {
    return estimateMemory(model.config, options, device, longest);
  }

  #unlessUsed<R>(thing: Thing, work: () => Promise<R>): Promise<R> {
    return unlessUsed(this.#locks, thing, work);
  }

  /** The rows of the newest choice are kept: the page asks for its figures, its beginning and its questions in turn. */
  #load(choice: TrainingChoice): Promise<RunData> {
    const key = JSON.stringify(choice);
    if (this.#loaded?.key !== key) {
      const data = this.#store.then((store) => loadRunData(store, choice));
      this.#loaded = { key, data };
      data.catch(() => {
        if (this.#loaded?.data === data) this.#loaded = undefined;
      });
    }
    return this.#loaded.data;
  }

  #tokenizerOf(choice: ModelChoice): Promise<ChatTokenizer> {
    const key = choiceKey(choice);
    if (this.#tokenizer?.key !== key) {
      const loading = openChoice(choice, this.#library)
        .then(({ checkpoint }) => joinModel(checkpoint))
        .then(({ tokenizer }) => tokenizer);
      this.#tokenizer = { key, loading };
    }
    return this.#tokenizer.loading;
  }
}

/** @param hidden it may be trained on and not be shown */
function previewRow(
  row: Row,
  index: number,
  tokenizer: ChatTokenizer,
  options: EncodingOptions,
  hidden: boolean
): PreviewRow {
  const unseen = { index, pieces: [], tokens: 0, trainedTokens: 0, truncated: 0 };
  if (hidden) return { ...unseen, problem: 'It may be trained on, and by its rules not be shown.' };
  try {
    const { tokens, trained, truncated } = encodeRow(row, tokenizer, options);
    return {
      index,
      pieces: encodePreview(row, tokenizer, options),
      tokens: tokens.length,
      trainedTokens: trained.reduce((sum, flag) => sum + flag, 0),
      truncated
    };
  } catch (error) {
    return { ...unseen, problem: rowRefusal(error) };
  }
}

/** Tokens of a row after cutting; none where it cannot be encoded. */
function lengthOf(row: Row, tokenizer: ChatTokenizer, options: EncodingOptions): number {
  try {
    return encodeRow(row, tokenizer, options).tokens.length;
  } catch (error) {
    rowRefusal(error);
    return 0;
  }
}
