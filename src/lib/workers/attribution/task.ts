import type { Store } from '../../datanets/store/store';
import type { GpuJobs } from '../gpu-jobs';
import type { OpenGpu } from '../open-gpu';
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
