import { meanRows } from '../kernels/reduce/mean-rows';
import { sketch } from '../kernels/sketch/sketch';
import type { AdapterLayout } from '../model/adapter';
import type { BaseModel } from '../model/base';
import { Plan } from '../plan/plan';
import { persistent, type Tensor } from '../plan/tensor';
import { recordGradients, type BatchTensors, type TrainingPlanOptions } from '../train/training-plan';

export interface InfluencePlanOptions extends Omit<TrainingPlanOptions, 'dropout'> {
  /** Rows of a batch at most, within the capacity in tokens. */
  readonly examples: number;
  /** Rows that are collected on the GPU before they are read back: no fewer than `examples`. */
  readonly rows: number;
  /** Values of a layer's sketch; a power of two. */
  readonly width: number;
  readonly seed: number;
  /** Sketch AdamW's direction instead of the gradient. */
  readonly adam: boolean;
}

export interface InfluencePlan {
  readonly plan: Plan;
  readonly batch: BatchTensors;
  /** As `Examples` has it. */
  readonly table: Tensor;
  /** The adapter, and for `adam` its moments. */
  readonly values: Tensor;
  readonly moments?: { readonly m: Tensor; readonly v: Tensor };
  /** f32 [rows, layers * width, 2], as `sketch` writes it. */
  readonly sketches: Tensor;
  /** f32 [rows, hidden] */
  readonly representations: Tensor;
}

/**
 * Records what measures a batch of rows: the forward and backward passes of training, in which only the gradients of the
 * adapter are kept apart by row. Each layer's are sketched before the next layer's take their place, so that memory for
 * gradients is that of one layer a row.
 */
export function recordInfluence(
  base: BaseModel,
  layout: AdapterLayout,
  options: InfluencePlanOptions
): InfluencePlan {
  const { rows, width, seed, adam, style, examples: count } = options;
  const { layers, hidden: columns } = base.config;
  // Every layer has the same factors, in the same order.
  const stride = layout.length / layers;
  const plan = new Plan();
  const table = persistent('examples', 4 * count, 'u32');
  // Gaps between factors are never written by a kernel, and the sketch runs over them: they stay zero.
  const gradients = persistent('gradients of examples', count * stride);
  const moment = (name: string) => persistent(`adapter ${name}`, layout.length);
  const moments = adam ? { m: moment('m'), v: moment('v') } : undefined;
  const sketches = persistent('sketches', rows * layers * width * 2);
  const representations = persistent('representations', rows * columns);
  const collect = (segment: number) =>
    plan.add(
      sketch({
        ...{ segment, segments: layers, stride, width, seed, style, sketches },
        examples: { table, count },
        vectors: gradients,
        ...(moments ? { moments } : {})
      })
    );
  const { batch, state, hidden } = recordGradients(
    plan,
    base,
    layout,
    { ...options, dropout: 0 },
    { table, count, gradients, collect }
  );
  plan.add(
    meanRows({ input: hidden, width: columns, examples: { table, count }, means: representations, style })
  );
  return {
    ...{ plan, batch, table, values: state.values, sketches, representations },
    ...(moments ? { moments } : {})
  };
}
