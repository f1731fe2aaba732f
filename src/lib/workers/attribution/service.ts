import type { Store } from '../../datanets/store/store';
import { StoppedError } from '../../errors';
import type { GpuJobs } from '../gpu-jobs';
import { thingsOf, whileUsed, type Thing } from '../in-use';
import { choiceKey } from '../model-files';
import type { OpenGpu } from '../open-gpu';
import { factsOf } from '../run-facts';
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

/** What some work needs. */
type Things = (store: Store) => Promise<Thing[]>;

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
    return this.#alone(onEvent, thingsOfRun(run), (task) => attribute(task, run));
  }

  async attributionOf(run: string): Promise<Attribution | undefined> {
    return (await this.#services.store).attribution.result<Attribution>(run);
  }

  explain(request: ExplainRequest, onEvent: Tell): Promise<AnswerSources> {
    const key = JSON.stringify([request.run, choiceKey(request.model)]);
    return this.#work(onEvent, thingsOfRun(request), (task) =>
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
    return this.#alone(onEvent, thingsOfRun(run), (task) => retrainRun(task, run, halves));
  }

  datanetValue(request: ValueRequest, onEvent: Tell): Promise<DatanetValue> {
    return this.#alone(
      onEvent,
      async () => thingsOf(request),
      (task) => datanetValue(task, request)
    );
  }

  repeatRun(request: RepeatRequest, onEvent: Tell): Promise<RepeatReport> {
    return this.#alone(
      onEvent,
      async () => thingsRepeated(request),
      (task) => repeatRun(task, request)
    );
  }

  async stopAttribution(): Promise<void> {
    this.#control?.abort(new StoppedError());
  }

  /** Work that takes the memory of a run: no other tab trains meanwhile, and what was kept between questions is freed. */
  #alone<R>(onEvent: Tell, things: Things, work: (task: AttributionTask) => Promise<R>): Promise<R> {
    return this.#work(onEvent, things, (task) =>
      withTrainingLock(this.#services.locks, async () => {
        await this.#gpu.closeAll();
        return work(task);
      })
    );
  }

  /** What the work needs is not deleted meanwhile, and the database stays until its results are kept. */
  #work<R>(onEvent: Tell, things: Things, work: (task: AttributionTask) => Promise<R>): Promise<R> {
    const busy = 'This tab is looking at who made a model: stop it or wait for its end.';
    return this.#gpu.occupy(busy, async () => {
      const control = new AbortController();
      this.#control = control;
      try {
        const store = await this.#services.store;
        const { signal } = control;
        const { jobs, locks } = this.#services;
        const task = { store, jobs, gpu: this.#gpu, signal, tell: onEvent };
        return await store.hold(async () =>
          whileUsed(locks, await things(store), 'measuring', () => work(task))
        );
      } finally {
        this.#control = undefined;
      }
    });
  }
}

/** A run that is looked at, with its adapter and the data that it was made of. Throws `NotStoredError`. */
function thingsOfRun({ run, model }: RunRef): Things {
  return async (store) => {
    const record = await store.run(run);
    const facts = factsOf(record);
    const made = facts ? thingsOf({ model, data: facts.request.data, adapter: record.adapter }) : [];
    return [{ kind: 'run', id: run }, ...made];
  };
}

function thingsRepeated({ manifest, model, adapter }: RepeatRequest): Thing[] {
  const versions = manifest.statement.datanets.map(({ datanet }) => ({ datanet, root: '', weight: 1 }));
  return thingsOf({ model, data: { kind: 'datanets', versions }, adapter });
}
