/** One run from the store and back: events out, and at any end a record and an adapter that are whole. */
import type { RunRecord } from '../datanets/schema';
import type { Store } from '../datanets/store';
import type { JobEvent, JobResult, SavedState } from './gpu-jobs';
import type { FinetuneRequest, RunEvent } from './protocol';
import { storableRequest, type RunFacts } from './run-facts';
import { readCheckpoint, writeCheckpoint } from './saved-state';
import { saveAdapter } from './stored-adapter';

/** Keeps the record of a run in step with what the run tells. */
export class RunSession {
  readonly #store: Store;
  readonly #emit: (event: RunEvent) => void;
  readonly #record: RunRecord;
  #facts: RunFacts;
  /** Writes go one after another; the first that failed ends the run. */
  #writing: Promise<void> = Promise.resolve();
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
    return checkpoint && readCheckpoint(checkpoint, this.#facts);
  }

  /** Takes an event of the job: tells it on, and keeps what must outlive the tab. */
  take(event: JobEvent): void {
    // A full disk must be told now, not at the end of the run. What was saved before is kept.
    if (this.#writeError !== undefined) throw this.#writeError;
    switch (event.kind) {
      case 'phase':
        this.#emit({ phase: event.phase, done: event.done, total: event.total });
        return;
      case 'plan': {
        const { plannedBytes, dispatchesPerStep, steps } = event;
        this.#facts = { ...this.#facts, steps };
        this.#emit({ phase: 'planned', run: this.#record.id, plannedBytes, dispatchesPerStep, steps });
        return;
      }
      case 'step': {
        const { step, steps, loss } = event;
        this.#facts = {
          ...this.#facts,
          step,
          steps,
          firstLoss: this.#facts.firstLoss ?? loss,
          lastLoss: loss
        };
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

  /** Keeps the adapter and closes the record. */
  async finish({ adapter, record, status }: JobResult): Promise<void> {
    await this.#writing;
    const saved = await saveAdapter(this.#store, adapter, {
      name: this.#record.name,
      run: this.#record.id,
      metrics: { loss: this.#facts.lastLoss, steps: this.#facts.step }
    });
    await this.#store.updateRun(this.#record.id, {
      status,
      adapter: saved.id,
      run: { ...record, page: this.#facts }
    });
    this.#emit({ phase: status, adapter: saved.id, run: this.#record.id });
  }

  /** Notes why the run failed. Its last checkpoint stays: it can be resumed, or its adapter kept. */
  async fail(error: unknown): Promise<void> {
    await this.#writing;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    await this.#store.updateRun(this.#record.id, {
      status: 'failed',
      failure: { name, message },
      run: { ...this.#record.run, page: this.#facts }
    });
  }

  #save(state: SavedState): void {
    this.#facts = { ...this.#facts, adapterConfig: state.adapterConfig };
    const run = { ...this.#record.run, page: this.#facts };
    const checkpoint = writeCheckpoint(this.#record.id, state);
    this.#writing = this.#writing
      .then(() => this.#store.saveCheckpoint(checkpoint, run))
      .then(
        () => this.#emit({ phase: 'saved', step: state.step }),
        (error: unknown) => {
          this.#writeError ??= error;
        }
      );
  }
}

function metricsOf(event: Extract<JobEvent, { kind: 'step' }>) {
  const { kind: _, ...figures } = event;
  return { ...figures, tokensPerSecond: (1000 * event.tokens) / event.milliseconds };
}
