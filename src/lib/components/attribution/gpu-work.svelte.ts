import { proxy, type Remote } from 'comlink';
import { isStop } from '$lib/components/ui/describe-error';
import type {
  AttributionEvent,
  AttributionPhase,
  AttributionWorker
} from '$lib/workers/attribution/protocol';
import type { WorkerClient } from '$lib/workers/client';
import { describeProgress, phaseNames } from './progress';

/** What is asked of the GPU: each shows its progress where it was asked. */
export type WorkKind = 'explain' | 'measure' | 'retrain' | 'value' | 'repeat';

/** What comes before the work goes on. */
const preparing: ReadonlySet<AttributionPhase> = new Set(['loading', 'quantising', 'compiling']);

type Tell = (event: AttributionEvent) => void;

/** One measurement at a time: they share the GPU with the training and the chat. */
export class GpuWork {
  kind = $state<WorkKind>();
  event = $state.raw<AttributionEvent>();
  /** The GPU was lost, and the work is about to go on. */
  notice = $state<string>();
  stopping = $state(false);
  /** What a screen reader is told: phases and parts, not each percent. */
  announcement = $state('');
  readonly #gpu: WorkerClient<AttributionWorker>;

  constructor(gpu: WorkerClient<AttributionWorker>) {
    this.#gpu = gpu;
  }

  get busy(): boolean {
    return this.kind !== undefined;
  }

  /**
   * Runs one call; undefined where it was stopped.
   * @throws what the worker throws
   */
  async run<T>(
    kind: WorkKind,
    call: (gpu: Remote<AttributionWorker>, onEvent: Tell) => Promise<T>
  ): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.kind = kind;
    this.stopping = false;
    this.#take({ phase: 'loading' });
    try {
      const result = await this.#gpu.call((gpu) =>
        call(
          gpu,
          proxy((event) => this.#take(event))
        )
      );
      this.announcement = 'Done';
      return result;
    } catch (error) {
      this.announcement = '';
      if (!isStop(error)) throw error;
      this.announcement = 'Stopped';
      return undefined;
    } finally {
      this.kind = undefined;
      this.event = undefined;
      this.notice = undefined;
      this.stopping = false;
    }
  }

  /** Asks what goes on to end early; what is finished of it is kept. */
  async stop(): Promise<void> {
    if (!this.busy || this.stopping) return;
    this.stopping = true;
    try {
      await this.#gpu.call((gpu) => gpu.stopAttribution());
    } catch {
      // A worker that died fails what goes on, too, and that is told.
    }
  }

  #take(event: AttributionEvent): void {
    // An event may arrive after its call has ended.
    if (!this.busy) return;
    if (event.notice !== undefined) this.notice = event.notice;
    else if (!preparing.has(event.phase)) this.notice = undefined;
    if (event.notice !== undefined) this.announcement = event.notice;
    else if (event.phase !== this.event?.phase || event.part !== this.event.part)
      this.announcement = event.part ? describeProgress(event).label : phaseNames[event.phase];
    this.event = event;
  }
}
