import { dateOf } from './adapter-date';
import type { Store } from '../datanets/store/store';
import { StoppedError } from '../errors';
import type { Device } from '../gpu/device';
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
import { chatNotices } from './chat-notices';
import type { GpuJobs, SavedState } from './gpu-jobs';
import { thingsOf, whileUsed } from './in-use';
import { choiceKey, type ModelLibrary } from './model-files';
import { GpuBusyError, OpenGpu, type ChatOnGpu } from './open-gpu';
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
import type { Patience, Recovery } from './recovery';
import { RunSession } from './run-session';
import { sourcesOf } from './run-sources';
import { loadAdapter } from './stored-adapter';
import { withTrainingLock } from './training-lock';

export interface GpuServices {
  jobs: GpuJobs;
  locks: LockManager;
  store: Promise<Store>;
  library: ModelLibrary;
  /** With a browser that withholds the GPU after a loss. */
  patience?: Patience;
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
    this.#gpu = new OpenGpu(services.jobs, services.library, services.patience);
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
        await withTrainingLock(this.#services.locks, () => this.#trainUndisturbed(request, control, onEvent));
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
    return this.#gpu.occupy('A conversation is being opened: wait until it is there.', () =>
      this.#stoppable(async (signal) => {
        await this.#gpu.onDevice((device) => this.#chatOn(device, request, signal, onEvent), {
          signal,
          again: () => 'Opening the conversation again',
          tell: (message) => onEvent({ phase: 'recovering', message })
        });
      })
    );
  }

  reply(
    messages: ChatMessage[],
    options: SamplingOptions,
    tuned: boolean,
    onEvent: (event: ReplyEvent) => void
  ): Promise<Reply> {
    return this.#gpu.occupy('A model is answering: stop it or wait for its end.', () =>
      this.#stoppable(async (signal) => {
        const request = (this.#gpu.chat.get() ?? this.#gpu.chat.lost)?.request;
        if (!request) throw new GpuBusyError('No conversation is open: ask again.');
        let last: Omit<Reply, 'stopped'> = { text: '' };
        const answer = async (device: Device) => {
          const { session } = await this.#chatOn(device, request, signal, () => undefined);
          const parts = session.reply(messages, { ...options, adapter: tuned, signal });
          for await (const { text, cut, prefillTokensPerSecond, decodeTokensPerSecond } of parts) {
            last = { text, cut, prefillTokensPerSecond, decodeTokensPerSecond };
            onEvent(last);
          }
        };
        try {
          await this.#gpu.onDevice(answer, {
            signal,
            again: () => 'Asking again',
            tell: (notice) => onEvent({ text: '', notice })
          });
        } catch (error) {
          // Who stops an answer keeps what there is of it.
          if (error !== signal.reason) throw error;
        }
        return { ...last, stopped: signal.aborted };
      })
    );
  }

  async stopReply(): Promise<void> {
    this.#reply?.abort(new StoppedError());
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

  /** Work that `stopReply` ends. */
  async #stoppable<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const control = new AbortController();
    this.#reply = control;
    try {
      return await work(control.signal);
    } finally {
      this.#reply = undefined;
    }
  }

  /** The conversation that is open, or opened for this request. */
  async #chatOn(
    device: Device,
    request: ChatRequest,
    signal: AbortSignal,
    onEvent: (event: RunEvent) => void
  ): Promise<ChatOnGpu> {
    const model = choiceKey(request.model);
    const key = JSON.stringify([model, request.adapter, request.quant]);
    const open = this.#gpu.chat.get(key);
    if (open) return open;
    await this.#gpu.closeAll();
    onEvent({ phase: 'loading' });
    const { checkpoint, tokenizer } = await this.#gpu.model(request.model);
    const store = await this.#services.store;
    const adapter = request.adapter === undefined ? undefined : await loadAdapter(store, request.adapter);
    for (const message of await chatNotices(checkpoint, adapter, request.quant))
      onEvent({ phase: 'warned', message });
    const date = request.adapter === undefined ? undefined : await dateOf(store, request.adapter);
    const session = await this.#services.jobs.openChat({
      ...{ device, checkpoint, tokenizer, adapter, signal },
      ...(date ? { date } : {}),
      quant: request.quant,
      onProgress: (done, total) => onEvent({ phase: 'quantising', done, total })
    });
    const chat = { request, model, session, destroy: () => session.destroy() };
    this.#gpu.chat.put(key, chat);
    return chat;
  }

  /** Trains while nobody can delete what the run needs, nor the run, nor take the database away before its end is saved. */
  async #trainUndisturbed(
    request: FinetuneRequest,
    control: RunControl,
    onEvent: (event: RunEvent) => void
  ): Promise<void> {
    const store = await this.#services.store;
    // Before the record is there, so that no tab ever sees it without its lock.
    const id = request.resume ?? crypto.randomUUID();
    const things = [{ kind: 'run' as const, id }, ...thingsOf(request)];
    await store.hold(() =>
      whileUsed(this.#services.locks, things, 'training', () =>
        this.#train(store, id, request, control, onEvent)
      )
    );
  }

  async #train(
    store: Store,
    id: string,
    request: FinetuneRequest,
    control: RunControl,
    onEvent: (event: RunEvent) => void
  ): Promise<void> {
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
    const { signal } = control;
    let resume: SavedState | undefined;
    let furthest = 0;
    const recovery: Recovery = {
      signal,
      progress: () => furthest,
      again: async () => {
        resume = await session.goBack();
        return resume ? `Going on from step ${resume.step}` : 'Beginning again';
      },
      tell: (message) => onEvent({ phase: 'recovering', message, step: resume?.step ?? 0 })
    };
    // Nothing is begun where there is no GPU.
    await this.#gpu.offered(recovery);
    const { checkpoint, tokenizer } = await this.#gpu.model(request.model);
    const sources = await sourcesOf(checkpoint, data, options, control.signal);
    const session = await RunSession.begin(
      store,
      { id, request: { ...request, options: { ...request.options, date: options.date } }, data, sources },
      onEvent
    );
    resume = session.savedState;
    try {
      const train = async (device: Device) =>
        this.#services.jobs.finetune({
          ...{ device, checkpoint, tokenizer, options, resume, signal },
          // A saved state is all that it has come to.
          adapter:
            request.adapter === undefined || resume ? undefined : await loadAdapter(store, request.adapter),
          rows: data.rows,
          heldOut: data.heldOut,
          pause: () => {
            if (!control.paused) return undefined;
            session.paused();
            return control.untilResumed();
          },
          onEvent: (event) => {
            if (event.kind === 'step') furthest = Math.max(furthest, event.step);
            session.take(event);
          }
        });
      await session.finish(await this.#gpu.onDevice(train, recovery));
    } catch (error) {
      await session.fail(error);
      throw error;
    }
  }
}
