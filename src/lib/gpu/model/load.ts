import { TabtuneError } from '../../errors';
import { blockAbsmax, blockLength, packNf4, type AbsmaxForm, type Nf4Tensor } from '../nf4/layout';
import { NonFiniteWeightError, Nf4Quantizer } from '../nf4/quantize';
import type { BufferStore } from '../plan/buffers';
import { packF16 } from '../plan/float16';
import type { Tensor } from '../plan/tensor';
import type { BaseModel, VocabularyShard } from './base';
import type { DecoderConfig } from './config';
import { projectionShape, qkvWidth } from './shapes';
import { groups, projections, tensorNames, type Group, type WeightSource } from './weights';

/** A tensor has another shape than config.json says. */
export class WeightShapeError extends TabtuneError {}

/** A weight is a number, and too large for the 16 bits it would be kept in. */
export class WeightRangeError extends TabtuneError {}

/** From here on a number rounds to infinity as f16. */
const f16Overflow = 65520;

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Layers that are on the GPU, of how many. */
  onProgress?(done: number, total: number): void;
}

/**
 * Whether a checkpoint's own 4-bit bytes carry f32 absmax; `double` where the engine will quantise itself. The first matrix
 * that is stored so decides: a checkpoint may leave any of them at 16 bits.
 */
export async function checkpointAbsmaxForm(
  source: WeightSource,
  config: DecoderConfig,
  signal?: AbortSignal
): Promise<AbsmaxForm> {
  for (let layer = 0; layer < config.layers; layer++) {
    for (const p of projections) {
      const stored = await source.nf4(tensorNames.projection(layer, p), signal);
      if (stored) return stored.nestedAbsmax ? 'double' : 'single';
    }
  }
  return 'double';
}

/**
 * Compares the shape of every tensor with the config, before anything is loaded.
 * @throws WeightShapeError naming the first that differs, and what the source throws for one that is missing
 */
export function checkShapes(source: WeightSource, config: DecoderConfig): void {
  const check = (name: string, shape: readonly number[]) => checkShape(name, shape, source.shape(name));
  const { hidden, vocabulary } = config;
  check(tensorNames.embedding, [vocabulary, hidden]);
  if (!config.tiedHead) check(tensorNames.head, [vocabulary, hidden]);
  check(tensorNames.finalNorm, [hidden]);
  for (let layer = 0; layer < config.layers; layer++) {
    check(tensorNames.attentionNorm(layer), [hidden]);
    check(tensorNames.mlpNorm(layer), [hidden]);
    for (const p of projections) check(tensorNames.projection(layer, p), projectionShape(config, p));
    if (!config.qkvBias) continue;
    for (const p of groups.qkv) check(tensorNames.bias(layer, p), [projectionShape(config, p)[0]]);
  }
}

/**
 * Streams a checkpoint's weights into the store: quantised to NF4 on the way, taken as they are where the checkpoint is
 * 4-bit already, or rounded to 16 bits. At most one layer is in memory on the way, 4 bits a weight.
 * @throws WeightShapeError, NonFiniteWeightError, WeightRangeError, InvalidNf4Error, OutOfGpuMemoryError, DeviceLostError, and
 * what the source throws
 */
export async function loadBase(
  store: BufferStore,
  base: BaseModel,
  source: WeightSource,
  options: LoadOptions = {}
): Promise<void> {
  const { config } = base;
  const loader = new Loader(store, source, options.signal);
  const total = config.layers + 1;
  options.onProgress?.(0, total);
  await loader.vocabulary(tensorNames.embedding, base.embedding, base);
  if (!config.tiedHead) await loader.vocabulary(tensorNames.head, base.head, base);
  await loader.vector(tensorNames.finalNorm, base.finalNorm, config.hidden);
  for (let layer = 0; layer < config.layers; layer++) {
    options.onProgress?.(layer + 1, total);
    // What is written to a lost device is gone without a word.
    await store.device.answer(Promise.resolve());
    const weights = base.layers[layer];
    await loader.vector(tensorNames.attentionNorm(layer), weights.attentionNorm, config.hidden);
    await loader.vector(tensorNames.mlpNorm(layer), weights.mlpNorm, config.hidden);
    if (weights.qkvBias) await loader.biases(layer, weights.qkvBias, qkvWidth(config));
    if (weights.nf4) {
      const tensors: Nf4Tensor[] = [];
      for (const p of projections)
        tensors.push(await loader.nf4(tensorNames.projection(layer, p), projectionShape(config, p)));
      const packed = packNf4(tensors, weights.nf4.layout.absmaxForm);
      loader.write(weights.nf4.codes, packed.codes);
      loader.write(weights.nf4.meta, packed.meta);
      continue;
    }
    for (const [group, matrix] of Object.entries(weights.matrices)) {
      if (matrix.format === 'nf4') continue;
      const upload = loader.upload(matrix.data, matrix.format);
      for (const p of groups[group as Group])
        await loader.stream(
          tensorNames.projection(layer, p),
          projectionShape(config, p),
          (chunk) => upload.push(chunk),
          matrix.format
        );
      upload.finish();
    }
  }
  options.onProgress?.(total, total);
}

class Loader {
  readonly #store: BufferStore;
  readonly #source: WeightSource;
  readonly #signal: AbortSignal | undefined;

  constructor(store: BufferStore, source: WeightSource, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#source = source;
    this.#signal = signal;
  }

  write(tensor: Tensor, values: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>): void {
    this.#store.device.raw.queue.writeBuffer(this.#store.ensure(tensor), 0, values);
  }

  async vector(name: string, tensor: Tensor, length: number): Promise<void> {
    const values = await this.#whole(name, [length]);
    this.write(tensor, values);
  }

  async biases(layer: number, tensor: Tensor, length: number): Promise<void> {
    const values = new Float32Array(length);
    let at = 0;
    for (const p of groups.qkv) {
      const name = tensorNames.bias(layer, p);
      const part = await this.#whole(name, this.#source.shape(name));
      values.set(part, at);
      at += part.length;
    }
    this.write(tensor, values);
  }

  async vocabulary(name: string, shards: readonly VocabularyShard[], base: BaseModel): Promise<void> {
    const { hidden, vocabulary } = base.config;
    const uploads = shards.map((shard) => ({
      end: (shard.firstRow + shard.rows) * hidden,
      upload: this.upload(shard.data, base.options.vocabularyFormat)
    }));
    let at = 0;
    let shard = 0;
    const take = (chunk: Float32Array) => {
      let from = 0;
      while (from < chunk.length) {
        const take = Math.min(chunk.length - from, uploads[shard].end - at);
        uploads[shard].upload.push(chunk.subarray(from, from + take));
        from += take;
        at += take;
        if (at === uploads[shard].end) shard++;
      }
    };
    await this.stream(name, [vocabulary, hidden], take, base.options.vocabularyFormat);
    for (const { upload } of uploads) upload.finish();
  }

  async nf4(name: string, shape: [number, number]): Promise<Nf4Tensor> {
    const stored = await this.#source.nf4(name, this.#signal);
    if (stored) {
      checkShape(name, shape, stored.shape);
      checkScales(name, stored);
      return stored;
    }
    const quantizer = new Nf4Quantizer(name, shape);
    await this.stream(name, shape, (chunk) => quantizer.push(chunk));
    return quantizer.finish();
  }

  /**
   * Hands a tensor's chunks on, after checking its shape and their values. Yields to the event loop between chunks by
   * awaiting them.
   * @param format what the values are kept in
   */
  async stream(
    name: string,
    shape: readonly number[],
    take: (chunk: Float32Array) => void,
    format: 'f16' | 'f32' = 'f32'
  ): Promise<void> {
    checkShape(name, shape, this.#source.shape(name));
    const columns = shape[shape.length - 1];
    let at = 0;
    for await (const chunk of this.#source.stream(name, this.#signal)) {
      this.#signal?.throwIfAborted();
      checkValues(name, chunk, at, columns, format);
      at += chunk.length;
      take(chunk);
    }
  }

  upload(tensor: Tensor, format: 'f16' | 'f32'): Upload {
    return new Upload(this.#store.device.raw, this.#store.ensure(tensor), format);
  }

  async #whole(name: string, shape: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    let at = 0;
    await this.stream(name, shape, (chunk) => {
      values.set(chunk, at);
      at += chunk.length;
    });
    return values;
  }
}

function checkShape(name: string, expected: readonly number[], actual: readonly number[]): void {
  if (expected.length === actual.length && expected.every((n, i) => n === actual[i])) return;
  throw new WeightShapeError(
    `The tensor ${name} has shape [${actual.join(', ')}], config.json says [${expected.join(', ')}]. The model folder mixes files of different models, or is damaged.`,
    {
      details: { tensor: name, expected, actual }
    }
  );
}

/** @param at flat index of the chunk's first value */
function checkValues(
  name: string,
  chunk: Float32Array,
  at: number,
  columns: number,
  format: 'f16' | 'f32'
): void {
  const limit = format === 'f16' ? f16Overflow : Infinity;
  // NaN compares to nothing.
  const bad = chunk.findIndex((value) => !(Math.abs(value) < limit));
  if (bad < 0) return;
  const value = chunk[bad];
  const [row, column] = [Math.floor((at + bad) / columns), (at + bad) % columns];
  const where = `${name}: the weight in row ${row}, column ${column} is ${value}`;
  const details = { tensor: name, row, column, value: String(value) };
  if (!Number.isFinite(value)) {
    throw new NonFiniteWeightError(`${where}. The file is damaged or the model diverged: choose another.`, {
      details
    });
  }
  throw new WeightRangeError(
    `${where}, which 16 bits cannot hold (at most 65504). The file is damaged or the model diverged: choose another, or take the base in 4 bits.`,
    { details }
  );
}

/** The scales of a matrix that is taken in its stored bits. */
function checkScales(name: string, tensor: Nf4Tensor): void {
  const block = blockAbsmax(tensor).findIndex((value) => !Number.isFinite(value));
  if (block < 0) return;
  const [row, column] = [
    Math.floor((block * blockLength) / tensor.shape[1]),
    (block * blockLength) % tensor.shape[1]
  ];
  throw new NonFiniteWeightError(
    `${name}: the scale of the weights from row ${row}, column ${column} on is no number. The file is damaged: download it again, or choose another.`,
    { details: { tensor: name, row, column, block } }
  );
}

/** Writes chunks one behind another into a buffer, rounding to halves in pairs. */
class Upload {
  readonly #device: GPUDevice;
  readonly #buffer: GPUBuffer;
  readonly #format: 'f16' | 'f32';
  #bytes = 0;
  /** A value that waits for the other half of its word. */
  #odd: number | undefined;

  constructor(device: GPUDevice, buffer: GPUBuffer, format: 'f16' | 'f32') {
    this.#device = device;
    this.#buffer = buffer;
    this.#format = format;
  }

  push(chunk: Float32Array): void {
    if (this.#format === 'f32') return this.#put(new Float32Array(chunk));
    const values = this.#odd === undefined ? chunk : Float32Array.of(this.#odd, ...chunk.subarray(0, 1));
    const rest = this.#odd === undefined ? undefined : chunk.subarray(1);
    this.#odd = undefined;
    for (const part of rest ? [values, rest] : [values]) {
      const even = part.length - (part.length % 2);
      if (even < part.length) this.#odd = part[even];
      if (even) this.#put(packF16(part.subarray(0, even)));
    }
  }

  finish(): void {
    if (this.#odd !== undefined) this.#put(packF16([this.#odd, 0]));
    this.#odd = undefined;
  }

  #put(values: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): void {
    this.#device.queue.writeBuffer(this.#buffer, this.#bytes, values);
    this.#bytes += values.byteLength;
  }
}
