import type { WorkerClient } from '$lib/workers/client';
import type { DeviceSummary, GpuWorker } from '$lib/workers/protocol';

/** The GPU of this machine, or why there is none. */
export class DeviceState {
  summary = $state.raw<DeviceSummary>();
  error = $state.raw<unknown>();
  readonly #gpu: WorkerClient<GpuWorker>;

  constructor(gpu: WorkerClient<GpuWorker>) {
    this.#gpu = gpu;
  }

  get name(): string {
    if (!this.summary) return '';
    const { vendor, architecture, description } = this.summary;
    return description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed GPU';
  }

  async probe(): Promise<void> {
    this.error = undefined;
    try {
      this.summary = await this.#gpu.call((gpu) => gpu.probe());
    } catch (error) {
      this.error = error;
    }
  }
}
