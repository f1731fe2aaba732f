import type { Store } from '../datanets/store/store';
import type { Checkpoint } from '../formats/checkpoint';
import { loadTokenizer, type ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import { completeOptions } from '../jobs/options';
import { requireAllowed } from '../jobs/training-data';
import type { GpuJobs } from './gpu-jobs';
import { choiceKey, openChoice, type ModelLibrary } from './model-files';
import type {
  ChatMessage,
  ChatRequest,
  DeviceSummary,
  FinetuneRequest,
  GpuWorker,
  ModelChoice,
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
import { TabtuneError } from '../errors';

/** The GPU does something else in this tab already. */
export class GpuBusyError extends TabtuneError {}

export interface GpuServices {
  jobs: GpuJobs;
  locks: LockManager;
  store: Promise<Store>;
  library: ModelLibrary;
}

interface OpenModel {
  key: string;
  checkpoint: Checkpoint;
  tokenizer: ChatTokenizer;
}

/** All that touches the GPU, one thing at a time. Runs in the GPU worker. */
export class GpuService implements GpuWorker {
  readonly #services: GpuServices;
  #device: Promise<Device> | undefined;
  #model: OpenModel | undefined;
  #chat: { key: string; session: Awaited<ReturnType<GpuJobs['openChat']>> } | undefined;
  #run: RunControl | undefined;
  #reply: AbortController | undefined;

  constructor(services: GpuServices) {
    this.#services = services;
    // A database that does not open fails each call that needs it.
    services.store.catch(() => undefined);
  }

  async probe(): Promise<DeviceSummary> {
    return this.#services.jobs.describe(await this.#open());
  }

  async finetune(request: FinetuneRequest, onEvent: (event: RunEvent) => void): Promise<void> {
    this.#refuseWhileBusy();
    const control = new RunControl();
    this.#run = control;
    try {
      await withTrainingLock(this.#services.locks, () => this.#train(request, control, onEvent));
    } finally {
      this.#run = undefined;
    }
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

  async openChat(request: ChatRequest, onEvent: (event: RunEvent) => void): Promise<void> {
    this.#refuseWhileBusy();
    const key = JSON.stringify([choiceKey(request.model), request.adapter, request.quant]);
    if (this.#chat?.key === key) return;
    await this.#closeChat();
    onEvent({ phase: 'loading' });
    const { checkpoint, tokenizer } = await this.#openModel(request.model);
    const adapter =
      request.adapter === undefined
        ? undefined
        : await loadAdapter(await this.#services.store, request.adapter);
    const session = await this.#services.jobs.openChat({
      device: await this.#open(),
      checkpoint,
      tokenizer,
      adapter,
      quant: request.quant,
      onProgress: (done, total) => onEvent({ phase: 'quantising', done, total })
    });
    this.#chat = { key, session };
  }

  async reply(
    messages: ChatMessage[],
    options: SamplingOptions,
    tuned: boolean,
    onEvent: (event: ReplyEvent) => void
  ): Promise<Reply> {
    const session = this.#chat?.session;
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
  }

  async stopReply(): Promise<void> {
    this.#reply?.abort();
  }

  async release(): Promise<void> {
    this.#refuseWhileBusy();
    await this.#closeChat();
    this.#model = undefined;
    const device = await this.#device?.catch(() => undefined);
    this.#device = undefined;
    device?.destroy();
  }

  async #train(
    request: FinetuneRequest,
    control: RunControl,
    onEvent: (event: RunEvent) => void
  ): Promise<void> {
    const store = await this.#services.store;
    const options = completeOptions(request.options);
    // Its weights and its cache would lie in GPU memory beside those of the run.
    await this.#closeChat();
    onEvent({ phase: 'loading' });
    // Before anything else: where no row may be used, nothing is begun.
    const data = await loadRunData(store, request.data, {
      seed: options.seed,
      signal: control.signal,
      onProgress: (done, total) => onEvent({ phase: 'loading', done, total }),
      ...(request.resume === undefined ? {} : { resumes: request.resume })
    });
    requireAllowed(data);
    const device = await this.#open();
    const { checkpoint, tokenizer } = await this.#openModel(request.model);
    const session = await RunSession.begin(store, request, data, onEvent);
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

  async #openModel(choice: ModelChoice): Promise<OpenModel> {
    const key = choiceKey(choice);
    if (this.#model?.key === key) return this.#model;
    const { checkpoint } = await openChoice(choice, this.#services.library);
    const tokenizer = await loadTokenizer(checkpoint.tokenizer);
    this.#model = { key, checkpoint, tokenizer };
    return this.#model;
  }

  /** The device, opened anew where it was lost. */
  #open(): Promise<Device> {
    if (!this.#device) {
      const opening = this.#services.jobs.openDevice();
      this.#device = opening;
      const forget = () => {
        if (this.#device !== opening) return;
        this.#device = undefined;
        // What lay in its memory is gone with it.
        this.#chat = undefined;
      };
      opening.then((device) => void device.lost.then(forget), forget);
    }
    return this.#device;
  }

  async #closeChat(): Promise<void> {
    const chat = this.#chat;
    this.#chat = undefined;
    await chat?.session.destroy();
  }

  #refuseWhileBusy(): void {
    if (this.#run) throw new GpuBusyError('This tab is training: stop the run or wait for its end.');
    if (this.#reply) throw new GpuBusyError('A model is answering: stop it or wait for its end.');
  }
}
