import { TabtuneError } from '../../errors';
import { ropeTable } from '../kernels/rope/rope-table';
import type { AdapterLayout } from '../model/adapter';
import type { BaseModel } from '../model/base';
import { checkTokenIds } from '../model/token-ids';
import { BufferStore } from '../plan/buffers';
import type { BuiltPlan } from '../plan/built-plan';
import { defaultStepScalars } from '../plan/kernel';
import type { Style } from '../plan/style';
import { persistent, tensorBytes, type Tensor } from '../plan/tensor';
import { recordLogits, type LogitsPlan } from './forward-plan';
import { sample } from './sampling';
import { seededRandom } from './sampling-random';

/** The conversation leaves no room for an answer. */
export class PromptTooLongError extends TabtuneError {}

export interface GeneratorOptions {
  /** Tokens that fit the key-value cache: prompt and answer together. */
  readonly maxTokens: number;
  readonly style: Style;
  /** Dequantise a layer once per prefill chunk; a single token always reads the 4-bit weights themselves. */
  readonly scratch: boolean;
  readonly activations: 'f32' | 'f16';
  readonly adapter?: { readonly layout: AdapterLayout; readonly values: Tensor };
}

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** 0: always the likeliest token. */
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly eosIds: readonly number[];
  readonly signal?: AbortSignal;
}

export interface GenerationSpeed {
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
}

interface Runnable {
  readonly recorded: LogitsPlan;
  readonly built: BuiltPlan;
}

/** Tokens of the prompt that are read at a time. */
const prefillTokens = 64;

/**
 * Generates text with a key-value cache. What a prompt shares with the one before is not read again, so that each turn
 * of a conversation costs its new tokens only.
 */
export class Generator {
  readonly #store: BufferStore;
  readonly #prefill: Runnable;
  readonly #decode: Runnable;
  readonly #maxTokens: number;
  readonly #vocabulary: number;
  readonly #readback: GPUBuffer;
  /** Tokens whose keys and values lie in the cache. */
  #cached: number[] = [];
  #speed: GenerationSpeed = { prefillTokensPerSecond: 0, decodeTokensPerSecond: 0 };

  private constructor(
    store: BufferStore,
    base: BaseModel,
    options: GeneratorOptions,
    prefill: Runnable,
    decode: Runnable
  ) {
    this.#store = store;
    this.#prefill = prefill;
    this.#decode = decode;
    this.#maxTokens = options.maxTokens;
    this.#vocabulary = base.config.vocabulary;
    this.#readback = store.device.raw.createBuffer({
      label: 'logits',
      size: tensorBytes(decode.recorded.logits),
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    });
  }

  /**
   * @param weights holds the base and the adapter's vector, and outlives the generator
   */
  static async create(weights: BufferStore, base: BaseModel, options: GeneratorOptions): Promise<Generator> {
    const { config } = base;
    const store = new BufferStore(weights.device, weights);
    const width = 2 * config.kvHeads * config.headDim;
    const caches = {
      rows: options.maxTokens,
      layers: base.layers.map((_, i) =>
        persistent(`cache ${i}`, options.maxTokens * width, options.activations)
      )
    };
    const make = async (tokens: number, scratch: boolean) => {
      const recorded = recordLogits(base, {
        tokens,
        rows: 1,
        length: options.maxTokens,
        style: options.style,
        scratch,
        activations: options.activations,
        caches,
        ...(options.adapter ? { adapter: options.adapter } : {})
      });
      const built = await recorded.plan.build(weights.device, store);
      built.write(
        recorded.batch.ropeTable,
        ropeTable(
          { headDim: config.headDim, theta: config.ropeTheta, scaling: config.ropeScaling },
          options.maxTokens
        )
      );
      return { recorded, built };
    };
    const prefill = await make(Math.min(prefillTokens, options.maxTokens), options.scratch);
    return new Generator(store, base, options, prefill, await make(1, false));
  }

  /** Of the last answer. */
  get speed(): GenerationSpeed {
    return this.#speed;
  }

  /** Forgets the cache; needed when the adapter changes. */
  reset(): void {
    this.#cached = [];
  }

  /**
   * Yields the answer's tokens one by one, the end token not among them.
   * @throws PromptTooLongError, TokenIdError, DeviceLostError
   */
  async *generate(prompt: readonly number[], options: GenerateOptions): AsyncGenerator<number, void, void> {
    if (prompt.length === 0 || prompt.length >= this.#maxTokens) {
      throw new PromptTooLongError(
        prompt.length === 0
          ? 'The prompt is empty: write something to answer.'
          : `The conversation is ${prompt.length} tokens long, and ${this.#maxTokens} fit with the answer. Start a new conversation.`,
        { details: { tokens: prompt.length, limit: this.#maxTokens } }
      );
    }
    checkTokenIds(prompt, this.#vocabulary);
    const random = seededRandom(options.seed);
    const shared = Math.min(commonPrefix(this.#cached, prompt), prompt.length - 1);
    this.#cached.length = shared;
    let started = performance.now();
    let logits = await this.#read(prompt.slice(shared), options.signal);
    const prefillTokensPerSecond = rate(prompt.length - shared, performance.now() - started);
    this.#speed = { prefillTokensPerSecond, decodeTokensPerSecond: 0 };
    started = performance.now();
    const room = Math.min(options.maxNewTokens, this.#maxTokens - prompt.length);
    for (let n = 0; n < room && logits && !options.signal?.aborted; n++) {
      const token = sample(logits, { temperature: options.temperature, topP: options.topP, random });
      if (options.eosIds.includes(token)) return;
      yield token;
      if (n + 1 < room) logits = await this.#read([token], options.signal);
      this.#speed = {
        prefillTokensPerSecond,
        decodeTokensPerSecond: rate(n + 1, performance.now() - started)
      };
    }
  }

  destroy(): void {
    this.#prefill.built.destroy();
    this.#decode.built.destroy();
    this.#store.destroy();
    this.#readback.destroy();
  }

  /** Appends tokens to the cache and returns the logits after the last; undefined when stopped on the way. */
  async #read(tokens: readonly number[], signal?: AbortSignal): Promise<Float32Array | undefined> {
    const { raw, answer } = this.#store.device;
    const { recorded, built } = tokens.length === 1 ? this.#decode : this.#prefill;
    const capacity = recorded.batch.ids.length;
    for (let first = 0; first < tokens.length; first += capacity) {
      if (signal?.aborted) return undefined;
      const part = tokens.slice(first, first + capacity);
      const past = this.#cached.length;
      const last = first + part.length === tokens.length;
      built.write(recorded.batch.ids, Uint32Array.from(part));
      built.write(
        recorded.batch.positions,
        Uint32Array.from(part, (_, i) => past + i)
      );
      built.write(recorded.batch.gather, Uint32Array.of(part.length - 1));
      built.replay({ ...defaultStepScalars, tokens: part.length, trained: last ? 1 : 0, past });
      this.#cached.push(...part);
      // A long prompt is read in order, a chunk at a time, so that a stop takes effect between two.
      if (!last) await answer(raw.queue.onSubmittedWorkDone());
    }
    return this.#logits(built.buffer(recorded.logits));
  }

  async #logits(source: GPUBuffer): Promise<Float32Array> {
    const { raw, answer } = this.#store.device;
    const encoder = raw.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, this.#readback, 0, this.#readback.size);
    raw.queue.submit([encoder.finish()]);
    await answer(this.#readback.mapAsync(GPUMapMode.READ));
    const values = new Float32Array(
      this.#readback.getMappedRange(0, this.#readback.size).slice(0),
      0,
      this.#vocabulary
    );
    this.#readback.unmap();
    return values;
  }
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}

function rate(count: number, milliseconds: number): number {
  return milliseconds > 0 ? (count / milliseconds) * 1000 : 0;
}
