/** What lies open on the GPU between calls, and who uses it now: one thing at a time. */
import type { Checkpoint } from '../formats/checkpoint';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import { joinModel } from '../jobs/model';
import { TabtuneError } from '../errors';
import type { AnswerExplainer } from './attribution/explaining';
import type { GpuJobs, OpenChat } from './gpu-jobs';
import { choiceKey, openChoice, type ModelLibrary } from './model-files';
import type { ChatRequest, ModelChoice } from './protocol';
import { openOffered, throughLosses, usualPatience, type Patience, type Recovery } from './recovery';
import { withDigestKept } from './run-base';

/** The GPU does something else in this tab already. */
export class GpuBusyError extends TabtuneError {}

export interface OpenModel {
  key: string;
  checkpoint: Checkpoint;
  tokenizer: ChatTokenizer;
}

export interface ChatOnGpu {
  /** With which it can be opened again. */
  request: ChatRequest;
  /** Key of its model. */
  model: string;
  session: OpenChat;
  destroy(): Promise<void>;
}

/** Something on the GPU that is kept open, under a key that says what for. */
export class Slot<T extends { destroy(): void | Promise<void> }> {
  #held: { key: string; session: T } | undefined;
  #lost: T | undefined;

  /** What a lost device took with it, as long as nothing else came in its place. */
  get lost(): T | undefined {
    return this.#lost;
  }

  /** What is open, or what is open for `key`. */
  get(key?: string): T | undefined {
    return key === undefined || this.#held?.key === key ? this.#held?.session : undefined;
  }

  put(key: string, session: T): void {
    this.#held = { key, session };
    this.#lost = undefined;
  }

  /** A device took its memory with it: nothing is left to free. */
  forget(): void {
    this.#lost = this.#held?.session ?? this.#lost;
    this.#held = undefined;
  }

  async close(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    this.#lost = undefined;
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
  readonly #patience: Patience;
  #device: Promise<Device> | undefined;
  #losses = 0;
  #model: OpenModel | undefined;
  #occupied: string | undefined;

  constructor(jobs: GpuJobs, library: ModelLibrary, patience: Patience = usualPatience) {
    this.#jobs = jobs;
    this.#library = library;
    this.#patience = patience;
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
      opening.then(
        (device) => void device.lost.then(() => this.#lose(opening)),
        () => {
          if (this.#device === opening) this.#device = undefined;
        }
      );
    }
    return this.#device;
  }

  /** The device; asked for again for some minutes where the browser withholds it after a loss. */
  offered(recovery: Pick<Recovery, 'signal' | 'tell'>): Promise<Device> {
    return openOffered(() => this.device(), this.#losses, recovery, this.#patience);
  }

  /** Runs work on the device, and where that is lost again on a new one: see `throughLosses`. */
  onDevice<R>(work: (device: Device) => Promise<R>, recovery: Recovery): Promise<R> {
    let opening = true;
    return throughLosses(work, recovery, {
      open: async () => {
        opening = true;
        const device = await this.offered(recovery);
        opening = false;
        return device;
      },
      lost: () => {
        // Where it was lost while it was opened there is nothing to forget; nor where word of the loss came first.
        if (opening) this.#losses += 1;
        else if (this.#device) this.#lose(this.#device);
      }
    });
  }

  /** The files of a model; those of the last one stay open. Throws what `openChoice` and `joinModel` throw. */
  async model(choice: ModelChoice): Promise<OpenModel> {
    const key = choiceKey(choice);
    if (this.#model?.key === key) return this.#model;
    const { checkpoint } = await openChoice(choice, this.#library);
    const { tokenizer } = await joinModel(checkpoint);
    this.#model = { key, checkpoint: withDigestKept(checkpoint), tokenizer };
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

  #lose(device: Promise<Device>): void {
    if (this.#device !== device) return;
    this.#device = undefined;
    this.#losses += 1;
    this.explainer.forget();
    this.chat.forget();
  }
}
