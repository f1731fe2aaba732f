import type { Store } from '../../datanets/store/store';
import type { Device } from '../../gpu/device';
import type { GpuJobs } from '../gpu-jobs';
import type { OpenGpu } from '../open-gpu';
import type { Recovery } from '../recovery';
import type { AttributionEvent, AttributionPhase } from './protocol';

/** What every question about attribution works with, for as long as it is answered. */
export interface AttributionTask {
  readonly store: Store;
  readonly jobs: GpuJobs;
  readonly gpu: OpenGpu;
  readonly signal: AbortSignal;
  tell(event: AttributionEvent): void;
}

/** Tells a phase with how far it is, where that is known. */
export function tellPhase(
  { tell }: Pick<AttributionTask, 'tell'>,
  phase: AttributionPhase,
  done = 0,
  total = 0
): void {
  tell(total > 0 ? { phase, done, total } : { phase });
}

/**
 * Does a part of the work on the device. Where that is lost, the part begins again on a new one.
 * @param rest of the part: how far it came, and from where it begins again, where that is not its beginning
 */
export function onDevice<R>(
  { gpu, signal, tell }: Pick<AttributionTask, 'gpu' | 'signal' | 'tell'>,
  work: (device: Device) => Promise<R>,
  rest: Partial<Pick<Recovery, 'progress' | 'again'>> = {}
): Promise<R> {
  return gpu.onDevice(work, {
    signal,
    again: () => 'Beginning this part again',
    ...rest,
    tell: (notice) => tell({ phase: 'loading', notice })
  });
}
