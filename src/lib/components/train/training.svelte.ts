import { proxy } from 'comlink';
import { formatDuration, formatFigure } from '$lib/components/format';
import { isStop } from '$lib/components/ui/describe-error';
import type { WorkerClient } from '$lib/workers/client';
import type {
  AdapterSummary,
  DataWorker,
  FinetuneRequest,
  GpuWorker,
  RunEvent,
  RunPhase,
  RunSummary,
  StepMetrics,
  StorageUse
} from '$lib/workers/protocol';

export type TrainingPhase =
  'idle' | Exclude<RunPhase, 'planned' | 'resumed' | 'recovering' | 'held-out' | 'saved' | 'warned'>;

/** What each phase is called. */
export const phaseNames: Record<TrainingPhase, string> = {
  idle: 'Not started',
  loading: 'Loading the model',
  quantising: 'Quantising to 4 bits',
  compiling: 'Compiling GPU programs',
  training: 'Training',
  paused: 'Paused',
  evaluating: 'Measuring on held-out rows',
  done: 'Done',
  stopped: 'Stopped',
  failed: 'Failed'
};

/** Values of the charts, one entry a step. */
export interface MetricHistory {
  step: number[];
  loss: number[];
  learningRate: number[];
  gradNorm: number[];
  tokensPerSecond: number[];
}

const emptyHistory = (): MetricHistory => ({
  step: [],
  loss: [],
  learningRate: [],
  gradNorm: [],
  tokensPerSecond: []
});

/** One run at a time: its phase, its figures, and the runs before it. */
export class TrainingState {
  phase = $state<TrainingPhase>('idle');
  /** How far the phase is, where that is known. */
  done = $state<number>();
  total = $state<number>();
  metrics = $state.raw<StepMetrics>();
  plan = $state.raw<{ plannedBytes: number; dispatchesPerStep: number; steps: number }>();
  heldOut = $state.raw<{ before?: number; after?: number; rows: number }>();
  /** The run that goes on here, or went on last. */
  run = $state<string>();
  adapter = $state<string>();
  error = $state.raw<unknown>();
  /** What beside the run did not work. */
  warning = $state<string>();
  /** The GPU was lost, and the run is about to go on. */
  notice = $state<string>();
  /** What a screen reader is told: phases, and every tenth of the way. */
  announcement = $state('');
  runs = $state.raw<RunSummary[]>([]);
  /** Grows with each step; charts read {@link history} when it changes. */
  ticks = $state(0);
  history: MetricHistory = emptyHistory();
  stopping = $state(false);
  /** Another tab of this browser trains. */
  elsewhere = $state(false);
  /** Called when a run left an adapter. */
  onadapter: ((id: string) => void) | undefined;
  readonly #gpu: WorkerClient<GpuWorker>;
  readonly #data: WorkerClient<DataWorker>;
  readonly #trainsSomewhere: () => Promise<boolean>;

  constructor(
    gpu: WorkerClient<GpuWorker>,
    data: WorkerClient<DataWorker>,
    trainsSomewhere: () => Promise<boolean>
  ) {
    this.#gpu = gpu;
    this.#data = data;
    this.#trainsSomewhere = trainsSomewhere;
  }

  get running(): boolean {
    return !['idle', 'done', 'stopped', 'failed'].includes(this.phase);
  }

  /** The newest run that a closed tab or a lost device interrupted, and that can go on. */
  get interrupted(): RunSummary | undefined {
    // None can go on while another tab trains.
    if (this.running || this.elsewhere) return undefined;
    const [latest] = this.runs;
    return latest?.resumable && !latest.live && (latest.status === 'running' || latest.status === 'failed')
      ? latest
      : undefined;
  }

  /** Looks again at what other tabs may have changed. */
  async lookAgain(): Promise<void> {
    if (!this.running) await this.refreshRuns();
  }

  async refreshRuns(): Promise<void> {
    try {
      this.elsewhere = !this.running && (await this.#trainsSomewhere());
      this.runs = await this.#data.call((data) => data.runs());
    } catch (error) {
      this.error = error;
    }
  }

  /** Trains from start to end; comes back when the run is over, however it ended. */
  async start(request: FinetuneRequest): Promise<void> {
    this.#begin();
    try {
      await this.#gpu.call((gpu) =>
        gpu.finetune(
          request,
          proxy((event) => this.#take(event))
        )
      );
    } catch (error) {
      // Stopped before there was an adapter to keep, or not begun because another tab was first: not a failure.
      const stopped = isStop(error);
      if (!stopped) this.error = error;
      const unbegun = stopped || (error instanceof Error && error.name === 'AnotherTabTrainsError');
      this.#enter(unbegun ? 'idle' : 'failed');
      if (stopped) this.announcement = phaseNames.stopped;
    }
    this.stopping = false;
    this.notice = undefined;
    await this.refreshRuns();
    if (this.adapter) this.onadapter?.(this.adapter);
  }

  async pause(): Promise<void> {
    await this.#command((gpu) => gpu.pause());
  }

  async resume(): Promise<void> {
    await this.#command((gpu) => gpu.resume());
  }

  /** Asks the run to end after the step it is in; the adapter of that step is kept. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.#command((gpu) => gpu.stop());
  }

  /** What takes room in this browser, the largest first. */
  storage(): Promise<StorageUse[]> {
    return this.#data.call((data) => data.storage());
  }

  async forget(run: string): Promise<void> {
    try {
      await this.#data.call((data) => data.deleteRun(run));
    } catch (error) {
      this.error = error;
    }
    await this.refreshRuns();
  }

  /** Makes an adapter of what an interrupted run had saved. */
  async keep(run: string): Promise<AdapterSummary | undefined> {
    let adapter: AdapterSummary | undefined;
    try {
      adapter = await this.#data.call((data) => data.keepInterrupted(run));
    } catch (error) {
      this.error = error;
    }
    await this.refreshRuns();
    return adapter;
  }

  async #command(send: Parameters<WorkerClient<GpuWorker>['call']>[0]): Promise<void> {
    try {
      await this.#gpu.call(send);
    } catch (error) {
      this.error = error;
    }
  }

  #begin(): void {
    this.history = emptyHistory();
    this.ticks += 1;
    this.metrics = undefined;
    this.plan = undefined;
    this.heldOut = undefined;
    this.run = undefined;
    this.adapter = undefined;
    this.error = undefined;
    this.warning = undefined;
    this.notice = undefined;
    this.stopping = false;
    this.#enter('loading');
  }

  #take(event: RunEvent): void {
    switch (event.phase) {
      case 'planned':
        this.plan = event;
        this.run = event.run;
        return;
      case 'resumed':
        for (const metrics of event.steps) this.#note(metrics);
        this.heldOut = event.heldOut;
        return;
      case 'held-out':
        this.heldOut = { ...this.heldOut, [event.moment]: event.loss, rows: event.rows };
        return;
      case 'saved':
        return;
      case 'warned':
        this.warning = this.warning === undefined ? event.message : `${this.warning} ${event.message}`;
        return;
      case 'training':
        this.notice = undefined;
        this.#step(event.metrics);
        return;
      case 'recovering':
        this.#goBack(event.step ?? 0);
        this.#enter('loading');
        this.notice = event.message;
        this.announcement = event.message;
        return;
      case 'paused':
        this.#enter('paused');
        return;
      case 'done':
      case 'stopped':
        this.adapter = event.adapter;
        this.#enter(event.phase);
        return;
      case 'failed':
        this.#enter('failed');
        return;
      default:
        this.#enter(event.phase);
        this.done = event.done;
        this.total = event.total;
    }
  }

  #step(metrics: StepMetrics): void {
    this.#enter('training');
    this.metrics = metrics;
    this.done = metrics.step;
    this.total = metrics.steps;
    this.#note(metrics);
    const tenth = Math.floor((metrics.step * 10) / metrics.steps);
    if (tenth > Math.floor(((metrics.step - 1) * 10) / metrics.steps)) {
      this.announcement = `Step ${metrics.step} of ${metrics.steps}, loss ${formatFigure(metrics.loss)}, ${formatDuration(metrics.secondsLeft)} left`;
    }
  }

  /** Adds a step to the charts. */
  #note(metrics: StepMetrics): void {
    const { history } = this;
    history.step.push(metrics.step);
    history.loss.push(metrics.loss);
    history.learningRate.push(metrics.learningRate);
    history.gradNorm.push(metrics.gradNorm);
    history.tokensPerSecond.push(metrics.tokensPerSecond);
    this.ticks += 1;
  }

  /** Forgets the steps after one: they are taken again. */
  #goBack(step: number): void {
    const { history } = this;
    const kept = history.step.filter((each) => each <= step).length;
    for (const values of Object.values(history) as number[][]) values.length = kept;
    this.ticks += 1;
  }

  #enter(phase: TrainingPhase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.done = undefined;
    this.total = undefined;
    this.announcement = phaseNames[phase];
  }
}
