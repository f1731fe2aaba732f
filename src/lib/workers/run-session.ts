/** One run from the store and back: events out, and at any end a record and an adapter that are whole. */
import type { RunRecord } from '../datanets/store/schema';
import type { Store } from '../datanets/store/store';
import { TabtuneError } from '../errors';
import type { FinetuneResult } from '../jobs/finetune';
import type { JobEvent, SavedState } from './gpu-jobs';
import type { FinetuneRequest, RunEvent, StepMetrics } from './protocol';
import { storableRequest, type RunFacts } from './run-facts';
import { readCheckpoint, withState, writeCheckpoint } from './saved-state';
import { saveAdapter } from './stored-adapter';

/** The loss or the gradients were no longer numbers. */
export class DivergedError extends TabtuneError {}

/** Keeps the record of a run in step with what the run tells. */
export class RunSession {
  readonly #store: Store;
  readonly #emit: (event: RunEvent) => void;
  #record: RunRecord;
  #facts: RunFacts;
  /** The write that goes on; a state that comes meanwhile is left out, so that none pile up. */
  #writing: Promise<void> | undefined;
  #pending: SavedState | undefined;
  #writeError: unknown;

  private constructor(store: Store, record: RunRecord, emit: (event: RunEvent) => void) {
    this.#store = store;
    this.#record = record;
    this.#facts = record.run['page'] as RunFacts;
    this.#emit = emit;
  }

  /** Begins a record, or takes up the one of the run that is resumed. */
  static async begin(
    store: Store,
    request: FinetuneRequest,
    emit: (event: RunEvent) => void
  ): Promise<RunSession> {
    if (request.resume !== undefined) {
      const record = await store.updateRun(request.resume, { status: 'running', failure: undefined });
      return new RunSession(store, record, emit);
    }
    const { name } = await store.rowSet(request.rowSet);
    const page: RunFacts = { request: storableRequest(request), rowSetName: name, step: 0, steps: 0 };
    const run = { name: `${name} on ${request.modelName}`, rowSet: request.rowSet, run: { page } };
    return new RunSession(store, await store.addRun(run), emit);
  }

  /** Where the run was when it was saved last; undefined for a new one. */
  async savedState(): Promise<SavedState | undefined> {
    const checkpoint = await this.#store.checkpoint(this.#record.id);
    return checkpoint && readCheckpoint(checkpoint, this.#record);
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
        const { step, steps, loss } = event;
        const firstLoss = this.#facts.firstLoss ?? loss;
        this.#facts = { ...this.#facts, step, steps, firstLoss, lastLoss: loss };
        this.#emit({ phase: 'training', metrics: metricsOf(event) });
        return;
      }
      case 'held-out': {
        const { moment, loss, rows } = event;
        this.#emit({ phase: 'held-out', moment, loss, rows });
        return;
      }
      case 'checkpoint':
        this.#save(event.state);
    }
  }

  paused(): void {
    this.#emit({ phase: 'paused', step: this.#facts.step });
  }

  /**
   * Keeps the adapter and closes the record.
   * @throws DivergedError after that, where training did not end well
   */
  async finish({ adapter, record, status }: FinetuneResult): Promise<void> {
    await this.#writing;
    const { id, name } = this.#record;
    const saved = await saveAdapter(this.#store, adapter, {
      name,
      run: id,
      baseSha256: record.sha256.base,
      metrics: { loss: this.#facts.lastLoss, steps: this.#facts.step }
    });
    const diverged = status === 'diverged' ? divergence(this.#facts) : undefined;
    const end = status === 'done' ? 'done' : 'stopped';
    await this.#store.updateRun(id, {
      status: end,
      adapter: saved.id,
      run: { ...record, page: this.#facts },
      ...(diverged ? { failure: { name: diverged.name, message: diverged.message } } : {})
    });
    this.#emit({ phase: end, adapter: saved.id, run: id });
    if (diverged) throw diverged;
  }

  /** Notes why the run failed. Its last checkpoint stays: it can be resumed, or its adapter kept. */
  async fail(error: unknown): Promise<void> {
    await this.#writing;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const record = await this.#store.run(this.#record.id);
    // What ended with its adapter saved is not to be resumed.
    if (record.status !== 'running') return;
    const page = { ...this.#facts, ...adapterConfigOf(record) };
    await this.#store.updateRun(record.id, {
      status: 'failed',
      failure: { name, message },
      run: { ...record.run, page }
    });
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
      const run = withState(this.#record.run, this.#facts, state);
      try {
        await this.#store.saveCheckpoint(writeCheckpoint(this.#record.id, state), run);
        this.#emit({ phase: 'saved', step: state.step });
      } catch (error) {
        this.#writeError ??= error;
      }
    }
  }
}

function metricsOf(event: Extract<JobEvent, { kind: 'step' }>): StepMetrics {
  const { kind: _, ...figures } = event;
  return { ...figures, tokensPerSecond: (1000 * event.tokens) / event.milliseconds };
}

function adapterConfigOf(record: RunRecord): Pick<RunFacts, 'adapterConfig'> {
  const { adapterConfig } = record.run['page'] as RunFacts;
  return adapterConfig ? { adapterConfig } : {};
}

function divergence({ step, request }: RunFacts): DivergedError {
  const { learningRate } = request.options;
  return new DivergedError(
    `At step ${step} the loss was no longer a number, and training was stopped. The adapter of the step before is kept. ` +
      `Start again with a lower learning rate than ${String(learningRate)}, or with more warm-up steps.`,
    { details: { step, learningRate } }
  );
}
