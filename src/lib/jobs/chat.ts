import { encodePrompt, encodeText } from '../datanets/encode';
import type { Message, Tool } from '../datanets/row';
import type { Checkpoint } from '../formats/checkpoint';
import type { Adapter } from '../formats/peft';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import { Generator } from '../gpu/generate/generator';
import type { LoadOptions } from '../gpu/model/load';
import type { LoadedBase } from './gradient-session';
import { endTokens, ModelOnGpu, type AdapterOnGpu } from './session';

export interface ReplyOptions {
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  /** Whether the adapter answers, or the bare base. */
  readonly adapter: boolean;
  /** Functions that it may call. */
  readonly tools?: readonly Tool[];
  readonly signal?: AbortSignal;
}

/** A reply as it grows: all of its text so far. */
export interface ReplyPart {
  readonly text: string;
  readonly done: boolean;
  /** Of the last part: the answer reached the longest length, its own or the conversation's, before the model ended it. */
  readonly cut?: boolean;
  readonly tokens: number;
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
}

/** Longest conversation whose keys and values are kept. */
const defaultContext = 2048;

/** A base model and, worn or not, one adapter, ready to answer. */
export class ChatSession {
  readonly #model: ModelOnGpu;
  readonly #tokenizer: ChatTokenizer;
  readonly #eosIds: readonly number[];
  readonly #context: number;
  readonly #adapter: AdapterOnGpu | undefined;
  readonly #date: string | undefined;
  /** By whether the adapter is worn; made when first asked. */
  readonly #generators = new Map<boolean, Promise<Generator>>();

  private constructor(
    model: ModelOnGpu,
    tokenizer: ChatTokenizer,
    eosIds: readonly number[],
    context: number,
    adapter: AdapterOnGpu | undefined,
    date: string | undefined
  ) {
    this.#model = model;
    this.#tokenizer = tokenizer;
    this.#eosIds = eosIds;
    this.#context = context;
    this.#adapter = adapter;
    this.#date = date;
  }

  static async open(
    options: {
      readonly device: Device;
      readonly checkpoint: Checkpoint;
      readonly tokenizer: ChatTokenizer;
      readonly adapter?: Adapter;
      readonly quant: 'nf4' | 'none';
      readonly context?: number;
      /** What the template is told today is: the day of the adapter's run. Default: the day it is. */
      readonly date?: string;
    } & LoadOptions
  ): Promise<ChatSession> {
    const { device, checkpoint, tokenizer, adapter, quant } = options;
    const model = await ModelOnGpu.open(device, checkpoint, quant === 'nf4' ? 'nf4' : 'f16', options);
    try {
      const worn = adapter && model.addAdapter(adapter);
      const context = Math.min(options.context ?? defaultContext, model.base.config.maxPositions);
      return new ChatSession(model, tokenizer, endTokens(checkpoint, tokenizer), context, worn, options.date);
    } catch (error) {
      model.destroy();
      throw error;
    }
  }

  /** The base on the GPU, for others to use beside the chat and not longer than it: an `Explainer`, say. */
  get loaded(): LoadedBase {
    return this.#model;
  }

  /**
   * Streams an answer to a conversation, or the continuation of a text.
   * @throws PromptTooLongError, NoChatTemplateError
   */
  async *reply(
    prompt: readonly Message[] | string,
    options: ReplyOptions
  ): AsyncGenerator<ReplyPart, void, void> {
    const ids =
      typeof prompt === 'string'
        ? encodeText(prompt, this.#tokenizer)
        : encodePrompt(prompt, this.#tokenizer, {
            ...(options.tools ? { tools: options.tools } : {}),
            ...(this.#date ? { date: this.#date } : {})
          });
    const generator = await this.#generator(options.adapter && this.#adapter !== undefined);
    const stream = this.#tokenizer.stream();
    let text = '';
    let tokens = 0;
    for await (const id of generator.generate(ids, { ...options, eosIds: this.#eosIds })) {
      text += stream.push(id);
      tokens++;
      yield { text, done: false, tokens, ...generator.speed };
    }
    text += stream.end();
    const room = Math.min(options.maxNewTokens, this.#context - ids.length);
    const cut = tokens >= room && options.signal?.aborted !== true;
    yield { text, done: true, cut, tokens, ...generator.speed };
  }

  async destroy(): Promise<void> {
    for (const generator of this.#generators.values()) (await generator.catch(() => undefined))?.destroy();
    this.#generators.clear();
    this.#model.destroy();
  }

  #generator(worn: boolean): Promise<Generator> {
    let made = this.#generators.get(worn);
    if (!made) {
      const { store, base, traits, scratch } = this.#model;
      made = Generator.create(store, base, {
        maxTokens: this.#context,
        style: traits.style,
        scratch,
        activations: 'f32',
        ...(worn && this.#adapter ? { adapter: this.#adapter } : {})
      });
      this.#generators.set(worn, made);
    }
    return made;
  }
}
