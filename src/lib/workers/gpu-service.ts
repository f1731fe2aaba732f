import { dateOf } from './adapter-date';
import type { Store } from '../datanets/store/store';
import { completeOptions, datedOptions } from '../jobs/options';
import { requireAllowed } from '../jobs/training-data';
import type {
  AnswerSources,
  Attribution,
  AttributionEvent,
  DatanetValue,
  ExplainRequest,
  RepeatReport,
  RepeatRequest,
  RetrainingReport,
  RunRef,
  ValueRequest
} from './attribution/protocol';
import { AttributionService } from './attribution/service';
import type { GpuJobs } from './gpu-jobs';
import { choiceKey, type ModelLibrary } from './model-files';
import { GpuBusyError, OpenGpu } from './open-gpu';
import type {
  ChatMessage,
  ChatRequest,
  DeviceSummary,
  FinetuneRequest,
  GpuWorker,
  Reply,
  ReplyEvent,
  RunEvent,
  SamplingOptions
} from './protocol';
import { loadRunData } from './run-data';
import { RunControl } from './run-control';
import { RunSession } from './run-session';
import { loadAdapter } from './stored-adapter';
import { withTrainingLock } from './training-lock';

export interface GpuServices {
  jobs: GpuJobs;
  locks: LockManager;
  store: Promise<Store>;
  library: ModelLibrary;
}

type Tell = (event: AttributionEvent) => void;

/** All that touches the GPU, one thing at a time. Runs in the GPU worker. */
export class GpuService implements GpuWorker {
  readonly #services: GpuServices;
  readonly #gpu: OpenGpu;
  readonly #attribution: AttributionService;
  #run: RunControl | undefined;
  #reply: AbortController | undefined;

  constructor(services: GpuServices) {
    this.#services = services;
    this.#gpu = new OpenGpu(services.jobs, services.library);
    this.#attribution = new AttributionService(this.#gpu, services);
    // A database that does not open fails each call that needs it.
    services.store.catch(() => undefined);
  }

  async probe(): Promise<DeviceSummary> {
    return this.#services.jobs.describe(await this.#gpu.device());
  }

  finetune(request: FinetuneRequest, onEvent: (event: RunEvent) => void): Promise<void> {
    return this.#gpu.occupy('This tab is training: stop the run or wait for its end.', async () => {
      const control = new RunControl();
      this.#run = control;
      try {
        await withTrainingLock(this.#services.locks, () => this.#train(request, control, onEvent));
      } finally {
        this.#run = undefined;
      }
    });
  }

  async pause(): Promise<void> {
    this.#run?.pause();
  }

  async resume(): Promise<void> {
    this.#run?.resume();
  }

  async stop(): Promise<void> {
    this.#run?.stop();
  }

  openChat(request: ChatRequest, onEvent: (event: RunEvent) => void): Promise<void> {
    return this.#gpu.occupy('A conversation is being opened: wait until it is there.', async () => {
      const model = choiceKey(request.model);
      const key = JSON.stringify([model, request.adapter, request.quant]);
      if (this.#gpu.chat.get(key)) return;
      await this.#gpu.closeAll();
      onEvent({ phase: 'loading' });
      const { checkpoint, tokenizer } = await this.#gpu.model(request.model);
      const store = await this.#services.store;
      const adapter = request.adapter === undefined ? undefined : await loadAdapter(store, request.adapter);
      const date = request.adapter === undefined ? undefined : await dateOf(store, request.adapter);
      const session = await this.#services.jobs.openChat({
        device: await this.#gpu.device(),
        checkpoint,
        tokenizer,
        adapter,
        quant: request.quant,
        ...(date ? { date } : {}),
        onProgress: (done, total) => onEvent({ phase: 'quantising', done, total })
      });
      this.#gpu.chat.put(key, { model, session, destroy: () => session.destroy() });
    });
  }

  reply(
    messages: ChatMessage[],
    options: SamplingOptions,
    tuned: boolean,
    onEvent: (event: ReplyEvent) => void
  ): Promise<Reply> {
    return this.#gpu.occupy('A model is answering: stop it or wait for its end.', async () => {
      const session = this.#gpu.chat.get()?.session;
      if (!session) throw new GpuBusyError('No conversation is open: ask again.');
      const control = new AbortController();
      this.#reply = control;
      let last: ReplyEvent = { text: '' };
      try {
        const parts = session.reply(messages, { ...options, adapter: tuned, signal: control.signal });
        for await (const { text, prefillTokensPerSecond, decodeTokensPerSecond } of parts) {
          last = { text, prefillTokensPerSecond, decodeTokensPerSecond };
          onEvent(last);
        }
      } finally {
        this.#reply = undefined;
      }
      return { ...last, stopped: control.signal.aborted };
    });
  }

  async stopReply(): Promise<void> {
    this.#reply?.abort();
  }

  async release(): Promise<void> {
    this.#gpu.refuseWhileBusy();
    await this.#gpu.release();
  }

  attribute(run: RunRef, onEvent: Tell): Promise<Attribution> {
    return this.#attribution.attribute(run, onEvent);
  }

  attributionOf(run: string): Promise<Attribution | undefined> {
    return this.#attribution.attributionOf(run);
  }

  explain(request: ExplainRequest, onEvent: Tell): Promise<AnswerSources> {
    return this.#attribution.explain(request, onEvent);
  }

  retrain(run: RunRef, halves: number, onEvent: Tell): Promise<RetrainingReport> {
    return this.#attribution.retrain(run, halves, onEvent);
  }

  datanetValue(request: ValueRequest, onEvent: Tell): Promise<DatanetValue> {
    return this.#attribution.datanetValue(request, onEvent);
  }

  repeatRun(request: RepeatRequest, onEvent: Tell): Promise<RepeatReport> {
    return this.#attribution.repeatRun(request, onEvent);
  }

  stopAttribution(): Promise<void> {
    return this.#attribution.stopAttribution();
  }

  async #train(
    request: FinetuneRequest,
    control: RunControl,
    onEvent: (event: RunEvent) => void
  ): Promise<void> {
    const store = await this.#services.store;
    const options = datedOptions(completeOptions(request.options));
    // Its weights and its cache would lie in GPU memory beside those of the run.
    await this.#gpu.closeAll();
    onEvent({ phase: 'loading' });
    // Before anything else: where no row may be used, nothing is begun.
    const data = await loadRunData(store, request.data, {
      seed: options.seed,
      signal: control.signal,
      onProgress: (done, total) => onEvent({ phase: 'loading', done, total }),
      ...(request.resume === undefined ? {} : { resumes: request.resume })
    });
    requireAllowed(data);
    const device = await this.#gpu.device();
    const { checkpoint, tokenizer } = await this.#gpu.model(request.model);
    const session = await RunSession.begin(
      store,
      { ...request, options: { ...request.options, date: options.date } },
      data,
      onEvent
    );
    try {
      const result = await this.#services.jobs.finetune({
        device,
        checkpoint,
        tokenizer,
        rows: data.rows,
        heldOut: data.heldOut,
        options,
        adapter: request.adapter === undefined ? undefined : await loadAdapter(store, request.adapter),
        resume: await session.savedState(),
        signal: control.signal,
        pause: async () => {
          if (!control.paused) return;
          session.paused();
          await control.untilResumed();
        },
        onEvent: (event) => session.take(event)
      });
      await session.finish(result);
    } catch (error) {
      await session.fail(error);
      throw error;
    }
  }
}
