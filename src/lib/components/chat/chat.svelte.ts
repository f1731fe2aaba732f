import { isStop } from '$lib/components/ui/describe-error';
import type { WorkerClient } from '$lib/workers/client';
import type {
  ChatMessage,
  ChatRequest,
  GpuWorker,
  Reply,
  ReplyEvent,
  RunEvent,
  SamplingOptions
} from '$lib/workers/protocol';
import { withEvents } from '$lib/workers/with-events';

/** One side of the comparison. */
export interface ChatSide {
  messages: ChatMessage[];
  /** The answer that streams in. */
  streaming: string | undefined;
  speed: Pick<Reply, 'prefillTokensPerSecond' | 'decodeTokensPerSecond'> | undefined;
  /** Places of answers that reached the longest length before their end. */
  cut: readonly number[];
}

export type SideName = 'base' | 'tuned';

const emptySide = (): ChatSide => ({ messages: [], streaming: undefined, speed: undefined, cut: [] });

/** The same questions to the base and to the tuned model. */
export class ChatState {
  base = $state<ChatSide>(emptySide());
  tuned = $state<ChatSide>(emptySide());
  sampling = $state<SamplingOptions>({ maxNewTokens: 96, temperature: 0, topP: 1, seed: 0 });
  answering = $state<SideName>();
  opening = $state<string>();
  /** The GPU was lost, and the question is about to be asked again. */
  notice = $state<string>();
  /** What is to be known of the model that answers. */
  notices = $state<string[]>([]);
  error = $state.raw<unknown>();
  announcement = $state('');
  readonly #gpu: WorkerClient<GpuWorker>;
  #stopped = false;
  /** What the notices are about: they come only when something is opened anew. */
  #opened: string | undefined;

  constructor(gpu: WorkerClient<GpuWorker>) {
    this.#gpu = gpu;
  }

  get busy(): boolean {
    return this.answering !== undefined || this.opening !== undefined;
  }

  clear(): void {
    this.base = emptySide();
    this.tuned = emptySide();
    this.error = undefined;
  }

  /** Asks both models, the base first: they share one GPU. */
  async ask(request: ChatRequest, question: string): Promise<void> {
    if (this.busy || question.trim() === '') return;
    this.error = undefined;
    this.#stopped = false;
    const sides: SideName[] = request.adapter ? ['base', 'tuned'] : ['base'];
    for (const side of sides) this[side].messages.push({ role: 'user', content: question.trim() });
    try {
      this.opening = 'Loading the model';
      const key = JSON.stringify([request.modelName, request.adapter, request.quant]);
      if (key !== this.#opened) this.notices = [];
      this.#opened = key;
      await withEvents<RunEvent, void>(
        (event) => {
          if (event.phase === 'quantising') this.opening = 'Quantising to 4 bits';
          if (event.phase === 'compiling') this.opening = 'Compiling GPU programs';
          if (event.phase === 'recovering') this.notice = event.message;
          if (event.phase === 'warned') this.notices.push(event.message);
        },
        (onEvent) => this.#gpu.call((gpu) => gpu.openChat(request, onEvent))
      );
      this.opening = undefined;
      this.notice = undefined;
      for (const side of sides) {
        if (!this.#stopped) await this.#answer(side);
      }
      this.announcement = this.#stopped ? 'Stopped' : 'Both models have answered';
    } catch (error) {
      if (isStop(error)) this.announcement = 'Stopped';
      else this.error = error;
    } finally {
      this.notice = undefined;
      this.opening = undefined;
      this.answering = undefined;
      for (const side of sides) this.#settle(side);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    try {
      await this.#gpu.call((gpu) => gpu.stopReply());
    } catch (error) {
      this.error = error;
    }
  }

  async #answer(name: SideName): Promise<void> {
    const side = this[name];
    this.answering = name;
    side.streaming = '';
    const [messages, sampling] = [$state.snapshot(side.messages), $state.snapshot(this.sampling)];
    const reply = await withEvents<ReplyEvent, Reply>(
      (event) => {
        side.streaming = event.text;
        this.notice = event.notice;
      },
      (onEvent) => this.#gpu.call((gpu) => gpu.reply(messages, sampling, name === 'tuned', onEvent))
    );
    this.notice = undefined;
    side.messages.push({ role: 'assistant', content: reply.text });
    if (reply.cut) side.cut = [...side.cut, side.messages.length - 1];
    side.streaming = undefined;
    side.speed = reply;
  }

  /** What has streamed in before a failure stays; a question without any answer is taken back. */
  #settle(name: SideName): void {
    const side = this[name];
    if (side.streaming) side.messages.push({ role: 'assistant', content: side.streaming });
    side.streaming = undefined;
    if (side.messages.at(-1)?.role === 'user') side.messages.pop();
  }
}
