import { isDay } from '$lib/formats/jinja/strftime';
import { createContext } from 'svelte';
import { AdaptersState } from '$lib/components/adapters/adapters.svelte';
import { AttributionState } from '$lib/components/attribution/attribution.svelte';
import { originOf, type Origin } from '$lib/components/attribution/origin';
import { ChatState } from '$lib/components/chat/chat.svelte';
import { DataState } from '$lib/components/datanets/data.svelte';
import { ModelState } from '$lib/components/models/model.svelte';
import { ParametersState } from '$lib/components/parameters/parameters.svelte';
import type { FinetuneOptions, ParameterSpec } from '$lib/jobs/options';
import { starterOptions } from '$lib/jobs/starter';
import { suggestOptions } from '$lib/jobs/suggest';
import { TrainingState } from '$lib/components/train/training.svelte';
import type { RunRef } from '$lib/workers/attribution/protocol';
import type { ClaimWorker } from '$lib/workers/claims/protocol';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetWorker } from '$lib/workers/datanets/protocol';
import type {
  AdapterSummary,
  ChatRequest,
  DataWorker,
  EncodingOptions,
  FinetuneRequest,
  GpuWorker,
  MemoryEstimate
} from '$lib/workers/protocol';
import { isTraining } from '$lib/workers/training-lock';
import { DeviceState } from './device.svelte';

export interface WorkshopServices {
  data: WorkerClient<DataWorker & DatanetWorker & ClaimWorker>;
  gpu: WorkerClient<GpuWorker>;
  storage: Storage;
  locks: LockManager;
  /** Address of `static/starter`, with a slash at the end. */
  starter: string;
  parameters: readonly ParameterSpec[];
}

/** Everything that the path from model to adapter shares. */
export class Workshop {
  readonly device: DeviceState;
  readonly model: ModelState;
  readonly data: DataState;
  readonly parameters: ParametersState;
  readonly training: TrainingState;
  readonly chat: ChatState;
  readonly adapters: AdaptersState;
  readonly attribution: AttributionState;
  /** Restored after a reload: until then, empty lists mean nothing. */
  ready = $state(false);
  /** The adapter that the next run goes on from; none begins a new one. */
  startFrom = $state<string>();
  /** What the next run would take on the GPU. */
  estimate = $state.raw<MemoryEstimate>();
  estimateError = $state.raw<unknown>();
  readonly #services: WorkshopServices;
  #estimateTurn = 0;

  constructor(services: WorkshopServices) {
    const { data, gpu, storage, locks, starter, parameters } = services;
    this.#services = services;
    this.device = new DeviceState(gpu);
    this.model = new ModelState(data, storage, `${starter}model/`);
    this.data = new DataState(data, storage, `${starter}datanet/`);
    this.parameters = new ParametersState(parameters, storage, () => this.#suggested());
    this.training = new TrainingState(gpu, data, () => isTraining(locks));
    this.chat = new ChatState(gpu);
    this.adapters = new AdaptersState(data);
    this.attribution = new AttributionState(gpu, data, storage);
    this.training.onadapter = (id) => {
      this.chat.clear();
      void this.adapters.refresh(id);
    };
  }

  readonly encoding: EncodingOptions = $derived.by(() => {
    const date = String(this.parameters.values['date'] ?? '');
    return {
      maxLength: this.parameters.number('maxLength'),
      trainOn: this.parameters.values['trainOn'] === 'everything' ? 'everything' : 'answers',
      ...(isDay(date) ? { date } : {})
    };
  });

  /** Adapters that fit the chosen model. */
  readonly startable: AdapterSummary[] = $derived.by(() => this.adapters.of(this.model.summary?.name));

  /** The adapter that the next run goes on from, where it fits. */
  readonly startingFrom: AdapterSummary | undefined = $derived.by(() =>
    this.startable.find((adapter) => adapter.id === this.startFrom)
  );

  /** The adapter that chats. */
  readonly chatting: AdapterSummary | undefined = $derived.by(() =>
    this.startable.find((adapter) => adapter.id === this.adapters.chosen)
  );

  /** The run that made it. */
  readonly origin: Origin = $derived.by(() => originOf(this.chatting, this.training.runs));

  readonly runRef: RunRef | undefined = $derived.by(() => {
    const [{ run }, { choice }] = [this.origin, this.model];
    return run && choice ? { run: run.id, model: choice } : undefined;
  });

  /** What takes the GPU, beside the chat; undefined where nothing does. */
  readonly gpuTaken: string | undefined = $derived.by(() => {
    if (this.training.running) return 'The GPU is busy with training. Pause does not free it; stop or wait.';
    if (this.attribution.work.busy) return 'The GPU measures what rows do. Stop that, or wait for its end.';
    return undefined;
  });

  /** Why nothing can be measured now. */
  readonly measuringObstacle: string | undefined = $derived.by(() => {
    if (this.device.error) return 'Measuring needs WebGPU: see the note at the top of this page.';
    if (!this.model.choice) return 'Choose a model first.';
    if (this.chat.busy) return 'A model is answering. Stop it, or wait for its end.';
    return this.gpuTaken;
  });

  /** Something goes on that whoever leaves the page wants to find done: a run, or what is measured. */
  get working(): boolean {
    return this.training.running || this.attribution.work.busy;
  }

  /** Some rule names purposes, and none was chosen. */
  readonly purposeMissing: boolean = $derived.by(() => {
    const { choice, outlook } = this.data;
    return choice?.kind === 'datanets' && !choice.purpose && (outlook?.purposes.length ?? 0) > 0;
  });

  /** Why a run cannot start yet, or undefined. */
  readonly obstacle: string | undefined = $derived.by(() => {
    if (!this.ready) return 'Reading what this browser holds.';
    if (this.device.error) return 'Training needs WebGPU: see the note at the top of this page.';
    if (!this.model.summary) return 'Choose a model first.';
    if (!this.data.choice) return 'Choose a Datanet or bring rows first.';
    if (this.purposeMissing) return 'Say under Data what this run is for.';
    if (this.data.outlook?.nothing) return 'Nothing of the chosen data may be trained on: see Data.';
    if (this.attribution.work.busy) return this.gpuTaken;
    if (!this.parameters.valid) return 'Correct the parameters that are marked.';
    if (!this.device.summary) return 'Waiting for the GPU.';
    return undefined;
  });

  async restore(): Promise<void> {
    void this.device.probe();
    await Promise.all([
      this.model.restore(),
      this.data.restore(),
      this.training.refreshRuns(),
      this.adapters.refresh()
    ]);
    this.ready = true;
  }

  /** Asks anew what the next run would take. An older answer is dropped. */
  async readEstimate(): Promise<void> {
    const turn = ++this.#estimateTurn;
    const { summary } = this.model;
    if (!summary || !this.parameters.valid) {
      this.estimate = undefined;
      return;
    }
    const options = $state.snapshot(this.parameters.values);
    const device = this.device.summary;
    const { statistics } = this.data;
    const longest = statistics && Math.max(1, statistics.longest, statistics.longestHeldOut);
    try {
      const estimate = await this.#services.data.call((data) =>
        data.estimate(summary, options, device, longest)
      );
      if (turn !== this.#estimateTurn) return;
      this.estimate = estimate;
      this.estimateError = undefined;
    } catch (error) {
      if (turn !== this.#estimateTurn) return;
      this.estimate = undefined;
      this.estimateError = error;
    }
  }

  /** Trains with what is chosen. */
  async start(): Promise<void> {
    const { choice, summary } = this.model;
    const { choice: data } = this.data;
    if (!choice || !summary || !data || this.obstacle) return;
    await this.training.start({
      model: choice,
      modelName: summary.name,
      data,
      options: $state.snapshot(this.parameters.values),
      adapter: this.startingFrom?.id
    });
  }

  /** Goes on with an interrupted run, from the last state that was saved. */
  async resume(run: { id: string; request: FinetuneRequest }): Promise<void> {
    // Files of this computer are chosen anew after a reload: take those of now.
    const model =
      run.request.model.kind === 'files' && this.model.choice ? this.model.choice : run.request.model;
    await this.training.start({ ...run.request, model, resume: run.id });
  }

  /** Ends an interrupted run with the adapter of its last saved state. */
  async keepInterrupted(run: { id: string }): Promise<void> {
    const adapter = await this.training.keep(run.id);
    if (adapter) await this.adapters.refresh(adapter.id);
  }

  /** What suits the model and the rows. Lengths are known once the rows were read for this model. */
  #suggested(): Partial<FinetuneOptions> {
    const { summary: model } = this.model;
    const { statistics } = this.data;
    const rows = statistics && { count: statistics.rows, longest: statistics.longestWhole };
    return suggestOptions({ ...(model ? { model } : {}), ...(rows ? { rows } : {}) });
  }

  /** Chooses the project's own model and rows, and what suits them; what is left is {@link start}. */
  async chooseStarter(): Promise<void> {
    this.parameters.reset(Object.keys(starterOptions));
    await Promise.all([this.model.chooseStarter(), this.data.importStarter()]);
    if (!this.device.summary && !this.device.error) await this.device.probe();
  }

  chatRequest(): ChatRequest | undefined {
    const { choice, summary } = this.model;
    if (!choice || !summary) return undefined;
    return {
      model: choice,
      modelName: summary.name,
      adapter: this.chatting?.id,
      quant: this.parameters.values['method'] === 'lora' ? 'none' : 'nf4'
    };
  }

  /** Ends the workers. The page is left. */
  end(): void {
    this.#services.data.end();
    this.#services.gpu.end();
  }
}

export const [getWorkshop, setWorkshop] = createContext<Workshop>();
