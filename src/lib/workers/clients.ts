/** Where the two workers come from. */
import { WorkerClient } from './client';
import type { ClaimWorker } from './claims/protocol';
import dataWorker from './data.worker.ts?worker&url';
import type { DatanetWorker } from './datanets/protocol';
import gpuWorker from './gpu.worker.ts?worker&url';
import type { DataWorker, GpuWorker } from './protocol';
import { spawnWorker } from './spawn';

/** The worker that parses, tokenises and downloads, and keeps the Datanets. */
export function dataClient(): WorkerClient<DataWorker & DatanetWorker & ClaimWorker> {
  return new WorkerClient<DataWorker & DatanetWorker & ClaimWorker>('data', () =>
    spawnWorker(dataWorker, 'tabtune data')
  );
}

/** The worker that owns the GPU. */
export function gpuClient(): WorkerClient<GpuWorker> {
  return new WorkerClient<GpuWorker>('GPU', () => spawnWorker(gpuWorker, 'tabtune gpu'));
}
