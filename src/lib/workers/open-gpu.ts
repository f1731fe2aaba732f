/** What lies open on the GPU between calls, and who uses it now: one thing at a time. */
import type { Checkpoint } from '../formats/checkpoint';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import { joinModel } from '../jobs/model';
import { TabtuneError } from '../errors';
import type { AnswerExplainer } from './attribution/explaining';
import type { GpuJobs, OpenChat } from './gpu-jobs';
import { choiceKey, openChoice, type ModelLibrary } from './model-files';
import type { ModelChoice } from './protocol';

/** The GPU does something else in this tab already. */
export class GpuBusyError extends TabtuneError {}

export interface OpenModel {
  key: string;
  checkpoint: Checkpoint;
  tokenizer: ChatTokenizer;
}

export interface ChatOnGpu {
  /** Key of its model. */
  model: string;
  session: OpenChat;
  destroy(): Promise<void>;
}

/** Something on the GPU that is kept open, under a key that says what for. */
export class Slot<T extends { destroy(): void | Promise<void> }> {
  #held: { key: string; session: T } | undefined;

  /** What is open, or what is open for `key`. */
  get(key?: string): T | undefined {
    return key === undefined || this.#held?.key === key ? this.#held?.session : undefined;
  }

  put(key: string, session: T): void {
    this.#held = { key, session };
  }

  /** A device took its memory with it: nothing is left to free. */
  forget(): void {
    this.#held = undefined;
  }

  async close(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.session.destroy();
  }
}

/** The device, the model whose files were opened last, and what stays on the GPU between two questions. */
export class OpenGpu {
  readonly chat = new Slot<ChatOnGpu>();
  /** May lie on the base of the chat: closed before it. */
  readonly explainer = new Slot<AnswerExplainer>();
  readonly #jobs: GpuJobs;
  readonly #library: ModelLibrary;
  #device: Promise<Device> | undefined;
  #model: OpenModel | undefined;
  #occupied: string | undefined;

  constructor(jobs: GpuJobs, library: ModelLibrary) {
    this.#jobs = jobs;
    this.#library = library;
  }

  /**
   * Runs `work` while nothing else uses the GPU.
   * @param why what others are told meanwhile, and what they can do
   * @throws GpuBusyError at once where something does
   */
  async occupy<R>(why: string, work: () => Promise<R>): Promise<R> {
    this.refuseWhileBusy();
    this.#occupied = why;
    try {
      return await work();
    } finally {
      this.#occupied = undefined;
    }
  }

  /** @throws GpuBusyError */
  refuseWhileBusy(): void {
    if (this.#occupied !== undefined) throw new GpuBusyError(this.#occupied);
  }

  /** The device, opened anew where it was lost. */
  device(): Promise<Device> {
    if (!this.#device) {
      const opening = this.#jobs.openDevice();
      this.#device = opening;
      const forget = () => {
        if (this.#device !== opening) return;
        this.#device = undefined;
        this.explainer.forget();
        this.chat.forget();
      };
      opening.then((device) => void device.lost.then(forget), forget);
    }
    return this.#device;
  }

  /** The files of a model; those of the last one stay open. Throws what `openChoice` and `joinModel` throw. */
  async model(choice: ModelChoice): Promise<OpenModel> {
    const key = choiceKey(choice);
    if (this.#model?.key === key) return this.#model;
    const { checkpoint } = await openChoice(choice, this.#library);
    const { tokenizer } = await joinModel(checkpoint);
    this.#model = { key, checkpoint, tokenizer };
    return this.#model;
  }

  /** Frees the memory of what was kept between questions: something larger needs it. */
  async closeAll(): Promise<void> {
    await this.explainer.close();
    await this.chat.close();
  }

  /** Frees all. */
  async release(): Promise<void> {
    await this.closeAll();
    this.#model = undefined;
    const device = await this.#device?.catch(() => undefined);
    this.#device = undefined;
    device?.destroy();
  }
}
