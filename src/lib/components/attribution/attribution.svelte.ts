import type { AttributionWorker } from '$lib/workers/attribution/protocol';
import type { WorkerClient } from '$lib/workers/client';
import type { DataWorker } from '$lib/workers/protocol';
import { AnswersState } from './answers.svelte';
import { GpuWork } from './gpu-work.svelte';
import { SharesState } from './shares.svelte';
import { ValueState } from './value.svelte';

/** The three questions of attribution, which take turns on the GPU. */
export class AttributionState {
  readonly work: GpuWork;
  /** Which rows made an answer. */
  readonly answers: AnswersState;
  /** Whose rows made a model. */
  readonly shares: SharesState;
  /** What data would add. */
  readonly value: ValueState;

  constructor(gpu: WorkerClient<AttributionWorker>, data: WorkerClient<DataWorker>, storage: Storage) {
    this.work = new GpuWork(gpu);
    this.answers = new AnswersState(this.work);
    this.shares = new SharesState(gpu, data, storage, this.work);
    this.value = new ValueState(storage, this.work);
  }
}
