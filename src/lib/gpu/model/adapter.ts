import { TabtuneError } from '../../errors';
import type { DecoderConfig } from './config';
import { groupNames, groups, modulePath, type Group, type Projection } from './weights';
import { projectionShape } from './shapes';

/** An adapter's tensors do not fit the model or the settings. */
export class AdapterMismatchError extends TabtuneError {}

/** Settings that decide an adapter's shape and scale. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Scale alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023, arXiv 2312.03732). */
  readonly rsLora: boolean;
  readonly targets: readonly Projection[];
}

/** Host copy of an adapter: PEFT's names, [rank, in] and [out, rank]. */
export type AdapterTensors = Map<string, { shape: [number, number]; data: Float32Array }>;

/** Where the factors of one group lie in the adapter's contiguous vector. */
export interface GroupLayout {
  readonly parts: readonly Projection[];
  readonly partRows: readonly number[];
  readonly width: number;
  /** A: [parts * rank, width], one part after another. */
  readonly a: number;
  /** B: [sum of partRows, rank]. */
  readonly b: number;
}

/** Bindings start at multiples of 256 bytes. */
const alignment = 64;

/**
 * All factors of an adapter as one vector of f32, so that clipping and the optimizer are a few dispatches for the whole
 * model. A group of projections that read one input (q, k, v) is stacked. A projection of a group that is not a target
 * keeps A = B = 0: its gradients are then exactly zero, so it stays zero without a special case.
 */
export class AdapterLayout {
  readonly settings: LoraSettings;
  readonly config: DecoderConfig;
  /** Elements of the vector, a multiple of 64. */
  readonly length: number;
  /** Trainable parameters, as PEFT counts them. */
  readonly parameterCount: number;
  readonly #groups: ReadonlyMap<string, GroupLayout>;

  constructor(config: DecoderConfig, settings: LoraSettings) {
    this.config = config;
    this.settings = settings;
    const made = new Map<string, GroupLayout>();
    let at = 0;
    const take = (length: number) => {
      const start = at;
      at += Math.ceil(length / alignment) * alignment;
      return start;
    };
    for (let layer = 0; layer < config.layers; layer++) {
      for (const group of groupNames) {
        const parts = groups[group];
        if (!parts.some((p) => settings.targets.includes(p))) continue;
        const shapes = parts.map((p) => projectionShape(config, p));
        const width = shapes[0][1];
        const partRows = shapes.map(([rows]) => rows);
        const a = take(parts.length * settings.rank * width);
        const b = take(partRows.reduce((x, y) => x + y, 0) * settings.rank);
        made.set(`${layer}.${group}`, { parts, partRows, width, a, b });
      }
    }
    this.#groups = made;
    this.length = at;
    this.parameterCount = [...this.names()].reduce((sum, n) => sum + n.shape[0] * n.shape[1], 0);
  }

  /** What B · A is multiplied by. */
  get scale(): number {
    const { alpha, rank, rsLora } = this.settings;
    return alpha / (rsLora ? Math.sqrt(rank) : rank);
  }

  /** Undefined where no projection of the group is a target. */
  group(layer: number, group: Group): GroupLayout | undefined {
    return this.#groups.get(`${layer}.${group}`);
  }

  /** Every trainable factor: PEFT's name, its shape and its place in the vector. */
  *names(): Generator<{ name: string; shape: [number, number]; offset: number; factor: 'A' | 'B' }> {
    const { rank, targets } = this.settings;
    for (let layer = 0; layer < this.config.layers; layer++) {
      for (const group of groupNames) {
        const layout = this.group(layer, group);
        if (!layout) continue;
        let row = 0;
        for (const [p, part] of layout.parts.entries()) {
          if (targets.includes(part)) {
            const prefix = `base_model.model.model.layers.${layer}.${modulePath(part)}`;
            yield {
              name: `${prefix}.lora_A.weight`,
              shape: [rank, layout.width],
              offset: layout.a + p * rank * layout.width,
              factor: 'A'
            };
            yield {
              name: `${prefix}.lora_B.weight`,
              shape: [layout.partRows[p], rank],
              offset: layout.b + row * rank,
              factor: 'B'
            };
          }
          row += layout.partRows[p];
        }
      }
    }
  }

  /**
   * A fresh adapter as PEFT makes it: A uniform in ±1/sqrt(in) (kaiming_uniform with a = sqrt(5)), B zero, so that the
   * tuned model starts as the base.
   * @param random uniform in [0, 1), seeded by the caller
   */
  initial(random: () => number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(this.length);
    for (const { shape, offset, factor } of this.names()) {
      if (factor === 'B') continue;
      const bound = 1 / Math.sqrt(shape[1]);
      for (let i = 0; i < shape[0] * shape[1]; i++) values[offset + i] = (2 * random() - 1) * bound;
    }
    return values;
  }

  /** The vector as named tensors. */
  unpack(values: Float32Array): AdapterTensors {
    const out: AdapterTensors = new Map();
    for (const { name, shape, offset } of this.names())
      out.set(name, { shape, data: values.slice(offset, offset + shape[0] * shape[1]) });
    return out;
  }

  /**
   * Named tensors as the vector.
   * @param only modules that have an adapter, as `layers.3.self_attn.q_proj`, where not all have one: the others keep
   * A = B = 0, which training leaves so
   * @throws AdapterMismatchError naming the tensor that is missing, unknown or of another shape
   */
  pack(tensors: AdapterTensors, only?: readonly string[]): Float32Array<ArrayBuffer> {
    const values = new Float32Array(this.length);
    const expected = new Set<string>();
    const worn = only && new Set(only);
    for (const { name, shape, offset } of this.names()) {
      expected.add(name);
      const tensor = tensors.get(name);
      if (!tensor && worn && !worn.has(moduleOf(name))) continue;
      if (!tensor || tensor.shape[0] !== shape[0] || tensor.shape[1] !== shape[1]) {
        throw new AdapterMismatchError(
          `The adapter's tensor ${name} is ${tensor ? `[${tensor.shape.join(', ')}]` : 'missing'}; this model and rank need [${shape.join(', ')}]. Choose the base model that the adapter was made for.`,
          { details: { tensor: name, expected: shape, actual: tensor?.shape } }
        );
      }
      values.set(tensor.data, offset);
    }
    const unknown = [...tensors.keys()].find((name) => !expected.has(name));
    if (unknown) {
      throw new AdapterMismatchError(
        `The adapter has a tensor ${unknown} that this model has no place for. Choose the base model that the adapter was made for.`,
        {
          details: { tensor: unknown }
        }
      );
    }
    return values;
  }
}

/** `layers.3.self_attn.q_proj` of a tensor's name. */
function moduleOf(name: string): string {
  return name.replace(/^base_model\.model\.model\./, '').replace(/\.lora_[AB]\.weight$/, '');
}
