/** One run from the store and back: events out, and at any end a record and an adapter that are whole. */
import { canonicalJson } from '../datanets/canonical';
import type { RunRecord } from '../datanets/store/schema';
import type { Store } from '../datanets/store/store';
import { TabtuneError } from '../errors';
import type { FinetuneResult } from '../jobs/finetune';
import type { VersionUse } from '../jobs/training-data';
import type { JobEvent, SavedState } from './gpu-jobs';
import type { FinetuneRequest, RunEvent, StepMetrics } from './protocol';
import type { RunData } from './run-data';
import { factsOf, storableRequest, versionsOf, type RunFacts } from './run-facts';
import { readCheckpoint, withState, writeCheckpoint } from './saved-state';
import { runUses } from './run-uses';
import { saveAdapter } from './stored-adapter';

/** The loss or the gradients were no longer numbers. */
export class DivergedError extends TabtuneError {}

/** A run cannot go on: what it trained on may not be used any more, or not all of it. */
export class DataChangedError extends TabtuneError {}

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
  /** Writes of moments that go on. */
  #keeping: Promise<void> = Promise.resolve();

  private constructor(store: Store, record: RunRecord, facts: RunFacts, emit: (event: RunEvent) => void) {
    this.#store = store;
    this.#record = record;
    this.#facts = facts;
    this.#emit = emit;
  }

  /**
   * Begins a record, or takes up the one of the run that is resumed.
   * @throws DataChangedError where a resumed run would go on with other rows than it began with
   */
  static async begin(
    store: Store,
    request: FinetuneRequest,
    data: RunData,
    emit: (event: RunEvent) => void
  ): Promise<RunSession> {
    if (request.resume !== undefined) {
      requireSameData(await store.run(request.resume), data);
      const record = await store.updateRun(request.resume, { status: 'running', failure: undefined });
      return new RunSession(store, record, factsOf(record)!, emit);
    }
    const page: RunFacts = { request: storableRequest(request), dataName: data.name, step: 0, steps: 0 };
    const { versions } = data;
    const inherited = await inheritedVersions(store, request.adapter);
    const used = {
      ...(versions.length > 0 ? { datanets: versions } : {}),
      ...(inherited.length > 0 ? { inherited } : {})
    };
    const record = await store.addRun({
      name: `${data.name} on ${request.modelName}`,
      ...(request.data.kind === 'rows' ? { rowSet: request.data.rowSet } : {}),
      run: { ...used, page }
    });
    return new RunSession(store, record, page, emit);
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
      case 'moment':
        this.#keeping = this.#keeping.then(() => this.#keep(event));
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
    await Promise.all([this.#writing, this.#keeping]);
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
      run: { ...record, ...usedBy(this.#record), ...heldOutOf(this.#facts), page: this.#facts },
      ...(diverged ? { failure: { name: diverged.name, message: diverged.message } } : {})
    });
    this.#emit({ phase: end, adapter: saved.id, run: id });
    if (diverged) throw diverged;
  }

  /** Notes why the run failed. Its last checkpoint stays: it can be resumed, or its adapter kept. */
  async fail(error: unknown): Promise<void> {
    await Promise.all([this.#writing, this.#keeping]);
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

  /** Keeps a moment for attribution. A run is worth more than knowing who made it: what fails here is told, and no more. */
  async #keep({ step, values, learningRate }: Extract<JobEvent, { kind: 'moment' }>): Promise<void> {
    try {
      const moment = { run: this.#record.id, step, values: values.slice().buffer, learningRate };
      await this.#store.attribution.addMoment(moment);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#emit({
        phase: 'warned',
        message: `Who made this model will be less well known: its state at step ${step} was not kept. ${why}`
      });
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

/** The same rows in the same order follow from the same versions with the same rows refused. */
function requireSameData(record: RunRecord, { versions }: RunData): void {
  const key = (uses: readonly VersionUse[]) =>
    canonicalJson(uses.map(({ version, weight, contributions }) => ({ version, weight, contributions })));
  if (key(versionsOf(record)) === key(versions)) return;
  throw new DataChangedError(
    'Since this run began, what may be used of its data has changed: something was withdrawn, or a permission ended. ' +
      'Keep its adapter as it is, or begin a new run.',
    { details: { run: record.id } }
  );
}

function divergence({ step, request }: RunFacts): DivergedError {
  const { learningRate } = request.options;
  return new DivergedError(
    `At step ${step} the loss was no longer a number, and training was stopped. The adapter of the step before is kept. ` +
      `Start again with a lower learning rate than ${String(learningRate)}, or with more warm-up steps.`,
    { details: { step, learningRate } }
  );
}
