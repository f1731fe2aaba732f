import type { AdapterLayout } from '../../lib/gpu/model/adapter';
import { projectionShape } from '../../lib/gpu/model/shapes';
import { projections, tensorNames, type Projection, type WeightSource } from '../../lib/gpu/model/weights';
import type { TrainingRow } from '../../lib/gpu/train/batch';
import type { Preset } from './presets';

/** A model of random numbers with a batch to train on. The same preset gives the same numbers everywhere. */
export interface RandomModel {
  readonly source: WeightSource;
  readonly rows: readonly TrainingRow[];
  /** The adapter's start: A normal, B zero. */
  adapter(layout: AdapterLayout): Float32Array<ArrayBuffer>;
}

export function randomModel(preset: Preset): RandomModel {
  return preset.numbers === 'sequence' ? sequenceModel(preset) : streamedModel(preset);
}

/** mulberry32: uniform in [0, 1), seeded. */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Normals by Box and Muller, both of each pair. */
function normals(random: () => number, length: number, deviation: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(random() + 1e-12));
    const angle = 2 * Math.PI * random();
    values[i] = radius * Math.cos(angle) * deviation;
    if (i + 1 < length) values[i + 1] = radius * Math.sin(angle) * deviation;
  }
  return values;
}

/** [rows, columns] to [columns, rows]. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  return out;
}

/**
 * Small models, whole in memory: embedding, then per layer and projection the weight as [in, out] and the factor A as
 * [in, rank], then per row of the batch one token and the `length` tokens that follow it.
 */
function sequenceModel(preset: Preset): RandomModel {
  const { config, rank, batch, length } = preset;
  const random = uniforms(1234);
  const tensors = new Map<string, Float32Array>();
  const factors = new Map<string, Float32Array>();
  tensors.set(tensorNames.embedding, normals(random, config.vocabulary * config.hidden, 0.02));
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of projections) {
      const [outputs, inputs] = projectionShape(config, projection);
      const deviation = 1 / Math.sqrt(inputs);
      tensors.set(
        tensorNames.projection(layer, projection),
        transpose(normals(random, inputs * outputs, deviation), inputs, outputs)
      );
      factors.set(
        factorName(layer, projection),
        transpose(normals(random, inputs * rank, deviation), inputs, rank)
      );
    }
  }
  const rows = randomRows(random, batch, length, config.vocabulary);
  const shapes = shapesOf(preset);
  const source: WeightSource = {
    has: (name) => shapes.has(name),
    shape: (name) => shapes.get(name)!,
    async *stream(name) {
      yield tensors.get(name) ?? ones(shapes.get(name)!);
    },
    nf4: async () => undefined
  };
  return {
    source,
    rows,
    adapter(layout) {
      const values = new Float32Array(layout.length);
      for (const { name, offset, factor } of layout.names()) {
        if (factor === 'A') values.set(factors.get(name)!, offset);
      }
      return values;
    }
  };
}

/** Normals that all tensors of a large model are cut from, each from a place of its own: quick, and never the whole model. */
const poolLength = 2 ** 20;

function streamedModel(preset: Preset): RandomModel {
  const { config, batch, length } = preset;
  const pool = normals(uniforms(1234), poolLength, 1);
  const shapes = shapesOf(preset);
  const source: WeightSource = {
    has: (name) => shapes.has(name),
    shape: (name) => shapes.get(name)!,
    async *stream(name) {
      const shape = shapes.get(name)!;
      if (shape.length === 1) {
        yield ones(shape);
        return;
      }
      const deviation = name === tensorNames.embedding ? 0.02 : 1 / Math.sqrt(shape[1]);
      let place = startOf(name);
      for (let left = shape[0] * shape[1]; left > 0;) {
        const part = pool
          .subarray(place, Math.min(poolLength, place + left))
          .map((value) => value * deviation);
        yield part;
        left -= part.length;
        place = 0;
      }
    },
    nf4: async () => undefined
  };
  return {
    source,
    rows: randomRows(uniforms(5678), batch, length, config.vocabulary),
    adapter: (layout) => layout.initial(uniforms(91011))
  };
}

/** A place in the pool from the tensor's name (FNV-1a). */
function startOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % poolLength;
}

function randomRows(random: () => number, batch: number, length: number, vocabulary: number): TrainingRow[] {
  return Array.from({ length: batch }, () => ({
    tokens: Uint32Array.from({ length: length + 1 }, () => Math.floor(random() * vocabulary)),
    trained: new Uint8Array(length + 1).fill(1)
  }));
}

function factorName(layer: number, projection: Projection): string {
  return `base_model.model.${tensorNames.projection(layer, projection).replace(/weight$/, 'lora_A.weight')}`;
}

function ones(shape: readonly number[]): Float32Array<ArrayBuffer> {
  return new Float32Array(shape[0]).fill(1);
}

function shapesOf({ config }: Preset): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  shapes.set(tensorNames.embedding, [config.vocabulary, config.hidden]);
  if (!config.tiedHead) shapes.set(tensorNames.head, [config.vocabulary, config.hidden]);
  shapes.set(tensorNames.finalNorm, [config.hidden]);
  for (let layer = 0; layer < config.layers; layer++) {
    shapes.set(tensorNames.attentionNorm(layer), [config.hidden]);
    shapes.set(tensorNames.mlpNorm(layer), [config.hidden]);
    for (const p of projections) shapes.set(tensorNames.projection(layer, p), projectionShape(config, p));
  }
  return shapes;
}
