/** Where the two workers come from. Vite finds the files by these very expressions. */
import { WorkerClient } from './client';
import type { ClaimWorker } from './claims/protocol';
import type { DatanetWorker } from './datanets/protocol';
import type { DataWorker, GpuWorker } from './protocol';

/** The worker that parses, tokenises and downloads, and keeps the Datanets. */
export function dataClient(): WorkerClient<DataWorker & DatanetWorker & ClaimWorker> {
  return new WorkerClient<DataWorker & DatanetWorker & ClaimWorker>(
    'data',
    () => new Worker(new URL('./data.worker.ts', import.meta.url), { type: 'module', name: 'tabtune data' })
  );
}

/** The worker that owns the GPU. */
export function gpuClient(): WorkerClient<GpuWorker> {
  return new WorkerClient<GpuWorker>(
    'GPU',
    () => new Worker(new URL('./gpu.worker.ts', import.meta.url), { type: 'module', name: 'tabtune gpu' })
  );
}
