import { readSetting, writeSetting } from '$lib/components/app/settings';
import type { Attribution, AttributionWorker, RunRef } from '$lib/workers/attribution/protocol';
import type { WorkerClient } from '$lib/workers/client';
import type { DataWorker, RunSummary, TrainingChoice } from '$lib/workers/protocol';
import type { GpuWork } from './gpu-work.svelte';
import type { RunPeople } from './origin';

/** How many models may be trained on halves: fewer than four rank nothing, more than 64 take a night. */
export const [leastHalves, mostHalves] = [4, 64];

const usualHalves = 8;

/** Whose rows made a model: what was measured of the run that is looked at. */
export class SharesState {
  result = $state.raw<Attribution>();
  /** Of the run's data; undefined until it is read, and where it is gone. */
  people = $state.raw<RunPeople>();
  /** Looking for what was measured before. */
  reading = $state(false);
  error = $state.raw<unknown>();
  halves = $state(usualHalves);
  readonly #gpu: WorkerClient<AttributionWorker>;
  readonly #data: WorkerClient<DataWorker>;
  readonly #storage: Storage;
  readonly #work: GpuWork;
  #run: string | undefined;

  constructor(
    gpu: WorkerClient<AttributionWorker>,
    data: WorkerClient<DataWorker>,
    storage: Storage,
    work: GpuWork
  ) {
    this.#gpu = gpu;
    this.#data = data;
    this.#storage = storage;
    this.#work = work;
    this.halves = readSetting(storage, 'halves', isHalves) ?? usualHalves;
  }

  setHalves(halves: number): void {
    if (!Number.isFinite(halves)) return;
    this.halves = Math.min(mostHalves, Math.max(leastHalves, Math.round(halves)));
    writeSetting(this.#storage, 'halves', this.halves);
  }

  /** Shows what was measured of a run. An older answer is dropped. */
  async show(run: RunSummary | undefined): Promise<void> {
    if (run?.id === this.#run) return;
    this.#run = run?.id;
    this.result = undefined;
    this.people = undefined;
    this.error = undefined;
    if (!run) return;
    this.reading = true;
    try {
      const [result, people] = await Promise.all([
        this.#gpu.call((gpu) => gpu.attributionOf(run.id)),
        this.#peopleOf(run.request.data)
      ]);
      if (run.id !== this.#run) return;
      this.result = result;
      this.people = people;
    } catch (error) {
      if (run.id === this.#run) this.error = error;
    } finally {
      if (run.id === this.#run) this.reading = false;
    }
  }

  /** Measures the shares of a run's contributors. */
  async measure(ref: RunRef): Promise<void> {
    await this.#attempt(async () => {
      const result = await this.#work.run('measure', (gpu, onEvent) => gpu.attribute(ref, onEvent));
      if (result && ref.run === this.#run) this.result = result;
    });
  }

  /** Trains without each contributor and on halves. What is finished when it is stopped or fails is shown. */
  async retrain(ref: RunRef): Promise<void> {
    const { halves } = this;
    await this.#attempt(() => this.#work.run('retrain', (gpu, onEvent) => gpu.retrain(ref, halves, onEvent)));
    await this.#attempt(async () => {
      const result = await this.#gpu.call((gpu) => gpu.attributionOf(ref.run));
      if (ref.run === this.#run) this.result = result;
    }, this.error);
  }

  /** @param before an error that stays, unless this one fails as well */
  async #attempt(work: () => Promise<unknown>, before?: unknown): Promise<void> {
    this.error = before;
    try {
      await work();
    } catch (error) {
      this.error = error;
    }
  }

  async #peopleOf(data: TrainingChoice): Promise<RunPeople | undefined> {
    if (data.kind === 'rows') {
      const sets = await this.#data.call((worker) => worker.rowSets());
      return sets.find(({ id }) => id === data.rowSet);
    }
    try {
      const { rows, contributors, heldOut } = await this.#data.call((worker) => worker.outlook(data));
      return { rows, contributors: contributors.length, heldOut };
    } catch {
      // The data is gone: measuring says so, and what was measured before can still be looked at.
      return undefined;
    }
  }
}

function isHalves(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= leastHalves && Number(value) <= mostHalves;
}
