import type { Store } from '../../datanets/store/store';
import { StoppedError } from '../../errors';
import type { GpuJobs } from '../gpu-jobs';
import { choiceKey } from '../model-files';
import type { OpenGpu } from '../open-gpu';
import { withTrainingLock } from '../training-lock';
import { attribute } from './attributing';
import { openAnswers } from './opening';
import type {
  AnswerSources,
  Attribution,
  AttributionEvent,
  AttributionWorker,
  DatanetValue,
  ExplainRequest,
  RepeatReport,
  RepeatRequest,
  RetrainingReport,
  RunRef,
  ValueRequest
} from './protocol';
import { repeatRun } from './repeating';
import { retrainRun } from './retraining';
import { onDevice, type AttributionTask } from './task';
import { datanetValue } from './valuing';

type Tell = (event: AttributionEvent) => void;

/** Who made a model, asked in the GPU worker: one question at a time, and none while the GPU trains or answers. */
export class AttributionService implements AttributionWorker {
  readonly #gpu: OpenGpu;
  readonly #services: { jobs: GpuJobs; locks: LockManager; store: Promise<Store> };
  #control: AbortController | undefined;

  constructor(gpu: OpenGpu, services: { jobs: GpuJobs; locks: LockManager; store: Promise<Store> }) {
    this.#gpu = gpu;
    this.#services = services;
  }

  attribute(run: RunRef, onEvent: Tell): Promise<Attribution> {
    return this.#alone(onEvent, (task) => attribute(task, run));
  }

  async attributionOf(run: string): Promise<Attribution | undefined> {
    return (await this.#services.store).attribution.result<Attribution>(run);
  }

  explain(request: ExplainRequest, onEvent: Tell): Promise<AnswerSources> {
    const key = JSON.stringify([request.run, choiceKey(request.model)]);
    return this.#work(onEvent, (task) =>
      onDevice(task, async () => {
        let open = this.#gpu.explainer.get(key);
        if (!open) {
          await this.#gpu.explainer.close();
          open = await openAnswers(task, request, this.#services.locks);
          this.#gpu.explainer.put(key, open);
        }
        onEvent({ phase: 'measuring' });
        return open.explain(request, task.signal);
      })
    );
  }

  retrain(run: RunRef, halves: number, onEvent: Tell): Promise<RetrainingReport> {
    return this.#alone(onEvent, (task) => retrainRun(task, run, halves));
  }

  datanetValue(request: ValueRequest, onEvent: Tell): Promise<DatanetValue> {
    return this.#alone(onEvent, (task) => datanetValue(task, request));
  }

  repeatRun(request: RepeatRequest, onEvent: Tell): Promise<RepeatReport> {
    return this.#alone(onEvent, (task) => repeatRun(task, request));
  }

  async stopAttribution(): Promise<void> {
    this.#control?.abort(new StoppedError());
  }

  /** Work that takes the memory of a run: no other tab trains meanwhile, and what was kept between questions is freed. */
  #alone<R>(onEvent: Tell, work: (task: AttributionTask) => Promise<R>): Promise<R> {
    return this.#work(onEvent, (task) =>
      withTrainingLock(this.#services.locks, async () => {
        await this.#gpu.closeAll();
        return work(task);
      })
    );
  }

  #work<R>(onEvent: Tell, work: (task: AttributionTask) => Promise<R>): Promise<R> {
    const busy = 'This tab is looking at who made a model: stop it or wait for its end.';
    return this.#gpu.occupy(busy, async () => {
      const control = new AbortController();
      this.#control = control;
      try {
        const store = await this.#services.store;
        const { signal } = control;
        return await work({ store, jobs: this.#services.jobs, gpu: this.#gpu, signal, tell: onEvent });
      } finally {
        this.#control = undefined;
      }
    });
  }
}
