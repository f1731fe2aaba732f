/** One run from the store and back: events out, and at any end a record and an adapter that are whole. */
import type { MomentRecord } from '../datanets/store/attribution-schema';
import type { RunRecord } from '../datanets/store/schema';
import type { Store } from '../datanets/store/store';
import { StorageFullError } from '../datanets/store/store-errors';
import { TabtuneError } from '../errors';
import type { FinetuneResult } from '../jobs/finetune';
import type { StepRecord } from '../jobs/run-record';
import type { VersionUse } from '../jobs/training-data';
import type { JobEvent, SavedState } from './gpu-jobs';
import type { FinetuneRequest, RunEvent, StepMetrics } from './protocol';
import type { RunData } from './run-data';
import { factsAt, factsOf, storableRequest, type RunFacts, type RunSources } from './run-facts';
import { requireSameSources } from './run-sources';
import { runUses } from './run-uses';
import { NothingSavedError, readCheckpoint, withState, writeCheckpoint } from './saved-state';
import { describeAdapter } from './stored-adapter';

/** The loss or the gradients were no longer numbers. */
export class DivergedError extends TabtuneError {}

export interface RunStart {
  /** The id of a new run; of one that is resumed, its own. */
  id: string;
  request: FinetuneRequest;
  data: RunData;
  sources: RunSources;
}

/** Keeps the record of a run in step with what the run tells. */
export class RunSession {
  readonly #store: Store;
  readonly #emit: (event: RunEvent) => void;
  #record: RunRecord;
  #facts: RunFacts;
  /** Where the run stood when it was saved last; undefined for one that begins. */
  readonly savedState: SavedState | undefined;
  /** The write that goes on; a state that comes meanwhile is left out, so that none pile up. */
  #writing: Promise<void> | undefined;
  #pending: SavedState | undefined;
  /** Moments since the last saved state: each is kept with the state that comes after it, or with the end. */
  #moments: MomentRecord[] = [];
  #writeError: unknown;

  private constructor(
    store: Store,
    record: RunRecord,
    state: SavedState | undefined,
    emit: (event: RunEvent) => void
  ) {
    this.#store = store;
    this.#record = record;
    this.#facts = factsAt(factsOf(record)!, state?.steps ?? []);
    this.savedState = state;
    this.#emit = emit;
  }

  /**
   * Begins a record, or takes up the one of the run that is resumed.
   * @throws NothingSavedError where a resumed run is over, DataChangedError, AnotherBaseError and OptionsChangedError where it
   * would go on with something else than it began with, NotStoredError
   */
  static async begin(store: Store, start: RunStart, emit: (event: RunEvent) => void): Promise<RunSession> {
    if (start.request.resume !== undefined) return RunSession.#resume(store, start, emit);
    const { id, request, data, sources } = start;
    const page: RunFacts = {
      ...{ request: storableRequest(request), dataName: data.name, sources },
      ...{ step: 0, steps: 0 }
    };
    const { versions } = data;
    const inherited = await inheritedVersions(store, request.adapter);
    const used = {
      ...(versions.length > 0 ? { datanets: versions } : {}),
      ...(inherited.length > 0 ? { inherited } : {})
    };
    const record = await store.addRun({
      id,
      name: `${data.name} on ${request.modelName}`,
      ...(request.data.kind === 'rows' ? { rowSet: request.data.rowSet } : {}),
      run: { ...used, page }
    });
    return new RunSession(store, record, undefined, emit);
  }

  static async #resume(
    store: Store,
    { id, request, data, sources }: RunStart,
    emit: (event: RunEvent) => void
  ): Promise<RunSession> {
    const before = await store.run(id);
    if (before.status === 'done' || before.status === 'stopped') {
      throw new NothingSavedError('This run is over: nothing is left to go on with. Begin a new one.', {
        details: { run: id, status: before.status }
      });
    }
    const unchecked = requireSameSources(before, data, sources, request.modelName);
    if (unchecked) emit({ phase: 'warned', message: unchecked });
    const checkpoint = await store.checkpoint(id);
    const record = await store.updateRun(id, { status: 'running', failure: undefined });
    const state = checkpoint && readCheckpoint(checkpoint, record);
    const session = new RunSession(store, record, state, emit);
    // One that was cut off before anything was saved begins anew.
    if (state) session.#tellResumed(state);
    return session;
  }

  /** Where the run was when it was saved last, from where it goes on after a loss; undefined where it begins anew. */
  async goBack(): Promise<SavedState | undefined> {
    await this.#writing;
    const checkpoint = await this.#store.checkpoint(this.#record.id);
    const state = checkpoint && readCheckpoint(checkpoint, this.#record);
    // What came after that comes once more.
    this.#moments = [];
    this.#facts = factsAt(this.#facts, state?.steps ?? []);
    return state;
  }

  /** Takes an event of the job: tells it on, and keeps what must outlive the tab. */
  take(event: JobEvent): void {
    // A full disk must be told now, not at the end of the run. What was saved before is kept.
    if (this.#writeError !== undefined) throw this.#writeError;
    switch (event.kind) {
      case 'phase':
        // The first step says that training has begun.
        if (event.phase !== 'training') this.#emit({ ...event, phase: event.phase });
        return;
      case 'plan': {
        const { plannedBytes, dispatchesPerStep, steps } = event;
        this.#facts = { ...this.#facts, steps };
        this.#emit({ phase: 'planned', run: this.#record.id, plannedBytes, dispatchesPerStep, steps });
        return;
      }
      case 'step': {
        const { step, steps, loss, secondsLeft } = event;
        const firstLoss = this.#facts.firstLoss ?? loss;
        this.#facts = { ...this.#facts, step, steps, firstLoss, lastLoss: loss };
        this.#emit({ phase: 'training', metrics: metricsOf(event, steps, secondsLeft) });
        return;
      }
      case 'warning':
        this.#emit({ phase: 'warned', message: event.message });
        return;
      case 'held-out': {
        const { moment, loss, rows } = event;
        this.#facts = { ...this.#facts, heldOut: { ...this.#facts.heldOut, rows, [moment]: loss } };
        this.#emit({ phase: 'held-out', moment, loss, rows });
        return;
      }
      case 'checkpoint':
        this.#save(event.state);
        return;
      case 'moment': {
        const { step, values, learningRate } = event;
        this.#moments.push({ run: this.#record.id, step, values: values.slice().buffer, learningRate });
      }
    }
  }

  paused(): void {
    this.#emit({ phase: 'paused', step: this.#facts.step });
  }

  /**
   * Keeps the adapter and closes the record, at once.
   * @throws DivergedError after that, where training did not end well
   */
  async finish({ adapter, record: file, status }: FinetuneResult): Promise<void> {
    await this.#writing;
    const { id, name } = this.#record;
    const described = await describeAdapter(adapter, {
      name,
      run: id,
      baseSha256: file.sha256.base,
      metrics: { loss: this.#facts.lastLoss, steps: this.#facts.step }
    });
    const diverged = status === 'diverged' ? divergence(this.#facts) : undefined;
    const end = status === 'done' ? 'done' : 'stopped';
    const { failure: _, ...record } = this.#record;
    const ended: RunRecord = {
      ...record,
      status: end,
      run: { ...file, ...usedBy(record), ...heldOutOf(this.#facts), page: this.#facts },
      ...(diverged ? { failure: { name: diverged.name, message: diverged.message } } : {})
    };
    const saved = await this.#withMoments(this.#moments, (moments) =>
      this.#store.endRun(ended, described, adapter.tensors, moments)
    );
    if (saved.restored) this.#tellRestored();
    if (this.#store.outdated) this.#emit({ phase: 'warned', message: outdatedMessage });
    this.#emit({ phase: end, adapter: saved.adapter.id, run: id });
    if (diverged) throw diverged;
  }

  /**
   * Notes why the run failed. Its last checkpoint stays: it can be resumed, or its adapter kept. What ended the run is worth more
   * than its record: where that cannot be written, the run is one that was cut off.
   */
  async fail(error: unknown): Promise<void> {
    await this.#writing;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    try {
      const record = await this.#store.run(this.#record.id);
      // What ended with its adapter saved is not to be resumed.
      if (record.status !== 'running') return;
      const page = { ...this.#facts, ...adapterConfigOf(record) };
      await this.#store.updateRun(record.id, {
        status: 'failed',
        failure: { name, message },
        run: { ...record.run, page }
      });
    } catch (failure) {
      if (!(failure instanceof TabtuneError)) throw failure;
    }
  }

  /** Writes the newest state; one that comes during a write waits for it, and only the last of those. */
  #save(state: SavedState): void {
    this.#pending = state;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#pending) {
      const state = this.#pending;
      this.#pending = undefined;
      const record = withState(this.#record, this.#facts, state);
      const moments = this.#moments.filter(({ step }) => step <= state.step);
      this.#moments = this.#moments.filter(({ step }) => step > state.step);
      try {
        const { restored } = await this.#withMoments(moments, (kept) =>
          this.#store.saveCheckpoint(record, writeCheckpoint(state), kept)
        );
        this.#record = record;
        if (restored) this.#tellRestored();
        this.#emit({ phase: 'saved', step: state.step });
      } catch (error) {
        this.#writeError ??= error;
      }
    }
  }

  /** A run is worth more than knowing who made it: where there is no room for both, it goes on without its moments. */
  async #withMoments<R>(
    moments: readonly MomentRecord[],
    write: (moments: readonly MomentRecord[]) => Promise<R>
  ): Promise<R> {
    try {
      return await write(moments);
    } catch (error) {
      if (!(error instanceof StorageFullError) || moments.length === 0) throw error;
      const written = await write([]);
      const steps = moments.map(({ step }) => step).join(', ');
      this.#emit({
        phase: 'warned',
        message: `Who made this model will be less well known: its state at step ${steps} was not kept. ${error.message}`
      });
      return written;
    }
  }

  #tellResumed({ steps }: SavedState): void {
    const { steps: planned, heldOut } = this.#facts;
    const metrics = steps.map((step) => metricsOf(step, planned, 0));
    this.#emit({ phase: 'resumed', steps: metrics, ...(heldOut ? { heldOut } : {}) });
  }

  #tellRestored(): void {
    this.#emit({
      phase: 'warned',
      message:
        'The record of this run was deleted while it went on, in another tab or with all that this site keeps. It was written anew.'
    });
  }
}

const outdatedMessage =
  'A newer Tabtune was opened in another tab and has waited for this run. The adapter is saved: reload this page to go on.';

function metricsOf(record: StepRecord, steps: number, secondsLeft: number): StepMetrics {
  const { step, epoch, loss, learningRate, gradNorm, tokens, trainedTokens, milliseconds } = record;
  return {
    ...{ step, steps, epoch, loss, learningRate, gradNorm, tokens, trainedTokens, milliseconds },
    ...{ tokensPerSecond: (1000 * tokens) / milliseconds, secondsLeft }
  };
}

function adapterConfigOf(record: RunRecord): Pick<RunFacts, 'adapterConfig'> {
  const adapterConfig = factsOf(record)?.adapterConfig;
  return adapterConfig ? { adapterConfig } : {};
}

/** What a record says of Datanets, for the record that takes its place. */
function usedBy({ run: { datanets, inherited } }: RunRecord): Record<string, unknown> {
  return { ...(datanets ? { datanets } : {}), ...(inherited ? { inherited } : {}) };
}

/** A resumed run measures only `after`: what was measured before it was cut off is in the facts. */
function heldOutOf({ heldOut }: RunFacts): Pick<RunFacts, 'heldOut'> {
  return heldOut ? { heldOut } : {};
}

/** What the adapter that a run goes on from has learned from, each version once. */
async function inheritedVersions(store: Store, adapter: string | undefined): Promise<VersionUse[]> {
  if (adapter === undefined) return [];
  const { metrics } = await store.adapter(adapter);
  const use = (await runUses(store)).find(({ run }) => run === metrics['run']);
  const versions = use ? [...use.versions, ...use.inherited] : [];
  return [...new Map(versions.map((version) => [version.version, version])).values()];
}

function divergence({ step, request }: RunFacts): DivergedError {
  const { learningRate } = request.options;
  return new DivergedError(
    `At step ${step} the loss was no longer a number, and training was stopped. The adapter of the step before is kept. ` +
      `Start again with a lower learning rate than ${String(learningRate)}, or with more warm-up steps.`,
    { details: { step, learningRate } }
  );
}
