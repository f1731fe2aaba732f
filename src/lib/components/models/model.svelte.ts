import { readSetting, writeSetting } from '$lib/components/app/settings';
import { isStop } from '$lib/components/ui/describe-error';
import { TabtuneError } from '$lib/errors';
import type { WorkerClient } from '$lib/workers/client';
import type {
  CachedModel,
  DataEvent,
  DataWorker,
  HubModelChoice,
  ModelChoice,
  ModelSummary
} from '$lib/workers/protocol';
import { withEvents } from '$lib/workers/with-events';

/** What is remembered of a choice: files of this computer cannot be, only their name. */
export type RememberedModel =
  { kind: 'starter' } | ({ kind: 'hub' } & HubModelChoice) | { kind: 'files'; name: string };

export type ModelSourceKind = ModelChoice['kind'];

/** The base model: which one, whether it is open, what the cache holds. */
export class ModelState {
  /** The source that the picker shows. */
  source = $state<ModelSourceKind>('starter');
  hubId = $state('');
  /** Branch, tag or commit; empty: `main`. */
  hubRevision = $state('');
  /** The GGUF files that a model has to be chosen from, after it was asked for without one. */
  hubFiles = $state.raw<{ path: string; size: number }[]>([]);
  choice = $state.raw<ModelChoice>();
  summary = $state.raw<ModelSummary>();
  opening = $state(false);
  download = $state.raw<Extract<DataEvent, { phase: 'downloading' }>>();
  error = $state.raw<unknown>();
  cached = $state.raw<CachedModel[]>([]);
  /** Files that were chosen before a reload, by name: they must be chosen again. */
  lostFiles = $state<string>();
  readonly #data: WorkerClient<DataWorker>;
  readonly #storage: Storage;
  readonly #starterFolder: string;
  /** Grows with each choice: an answer to an older one is dropped. */
  #turn = 0;

  constructor(data: WorkerClient<DataWorker>, storage: Storage, starterFolder: string) {
    this.#data = data;
    this.#storage = storage;
    this.#starterFolder = starterFolder;
  }

  get busy(): boolean {
    return this.opening || this.download !== undefined;
  }

  /** Opens what was chosen before a reload. */
  async restore(): Promise<void> {
    const remembered = readSetting(this.#storage, 'model', isRemembered);
    await this.refreshCache();
    if (!remembered || this.choice) return;
    this.source = remembered.kind;
    if (remembered.kind === 'starter') await this.chooseStarter();
    else if (remembered.kind === 'files') this.lostFiles = remembered.name;
    else {
      this.hubId = remembered.id;
      this.hubRevision = remembered.revision ?? '';
      const isIt = (model: CachedModel) =>
        model.id === remembered.id && model.revision === remembered.revision;
      if (this.cached.some((model) => isIt(model) && model.complete)) await this.#open(remembered);
    }
  }

  async chooseStarter(): Promise<void> {
    this.source = 'starter';
    await this.#open({ kind: 'starter', folder: this.#starterFolder });
  }

  /** Opens a folder's files, or one GGUF. */
  async chooseFiles(files: File[]): Promise<void> {
    this.source = 'files';
    this.lostFiles = undefined;
    const [first] = files;
    const name = files.length === 1 ? first.name : first.webkitRelativePath.split('/')[0] || 'chosen files';
    await this.#open({ kind: 'files', name, files });
  }

  /** Downloads what the cache lacks of a model on the hub, then opens it. */
  async chooseHub(model: HubModelChoice, token?: string): Promise<void> {
    this.source = 'hub';
    this.hubId = model.id.trim();
    this.hubRevision = model.revision?.trim() ?? '';
    this.hubFiles = [];
    const choice: HubModelChoice = {
      id: this.hubId,
      ...(this.hubRevision === '' ? {} : { revision: this.hubRevision }),
      ...(model.file === undefined ? {} : { file: model.file })
    };
    const turn = ++this.#turn;
    this.error = undefined;
    this.download = { phase: 'downloading', file: '', done: 0, total: 0 };
    try {
      await withEvents<DataEvent, void>(
        (event) => {
          if (event.phase === 'downloading' && turn === this.#turn) this.download = event;
        },
        (onEvent) => this.#data.call((data) => data.download(choice, token, onEvent))
      );
    } catch (error) {
      if (turn !== this.#turn || isStop(error)) return;
      this.error = error;
      this.hubFiles = filesToChoose(error);
      return;
    } finally {
      if (turn === this.#turn) this.download = undefined;
      await this.refreshCache();
    }
    if (turn === this.#turn) await this.#open({ kind: 'hub', ...choice });
  }

  /** Ends a download; what has arrived stays in the cache for the next try. */
  async cancelDownload(): Promise<void> {
    await this.#data.call((data) => data.cancelDownload());
  }

  async refreshCache(): Promise<void> {
    try {
      this.cached = await this.#data.call((data) => data.cachedModels());
    } catch {
      // A browser without a private file system has no cache to show.
      this.cached = [];
    }
  }

  async deleteCached(id: string, revision?: string): Promise<void> {
    try {
      await this.#data.call((data) => data.deleteCachedModel(id, revision));
      if (this.choice?.kind === 'hub' && this.choice.id === id && this.choice.revision === revision) {
        this.choice = undefined;
        this.summary = undefined;
      }
    } catch (error) {
      this.error = error;
    }
    await this.refreshCache();
  }

  async #open(choice: ModelChoice): Promise<void> {
    const turn = ++this.#turn;
    this.opening = true;
    this.error = undefined;
    this.summary = undefined;
    this.choice = undefined;
    try {
      const summary = await this.#data.call((data) => data.openModel(choice));
      if (turn !== this.#turn) return;
      this.summary = summary;
      this.choice = choice;
      writeSetting(this.#storage, 'model', remember(choice));
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    } finally {
      if (turn === this.#turn) this.opening = false;
    }
  }
}

function remember(choice: ModelChoice): RememberedModel {
  if (choice.kind === 'hub') return choice;
  return choice.kind === 'files' ? { kind: 'files', name: choice.name } : { kind: 'starter' };
}

/** Whether a setting is a model that was chosen before. */
export function isRemembered(value: unknown): value is RememberedModel {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id, revision, file, name } = value as Record<string, unknown>;
  const textOrNone = (field: unknown) => field === undefined || typeof field === 'string';
  return (
    kind === 'starter' ||
    (kind === 'hub' && typeof id === 'string' && textOrNone(revision) && textOrNone(file)) ||
    (kind === 'files' && typeof name === 'string')
  );
}

/** The files that an error says a model has to be chosen from. */
function filesToChoose(error: unknown): { path: string; size: number }[] {
  if (!(error instanceof TabtuneError) || error.name !== 'HubFileChoiceError') return [];
  return error.details['files'] as { path: string; size: number }[];
}
