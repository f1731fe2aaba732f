import { meanRows } from '../kernels/reduce/mean-rows';
import { sketch } from '../kernels/sketch/sketch';
import type { AdapterLayout } from '../model/adapter';
import type { BaseModel } from '../model/base';
import { Plan } from '../plan/plan';
import { persistent, type Tensor } from '../plan/tensor';
import { recordGradients, type RecordedGradients, type TrainingPlanOptions } from '../train/training-plan';

export interface InfluencePlanOptions extends Omit<TrainingPlanOptions, 'dropout'> {
  /** Rows that are collected on the GPU before they are read back. */
  readonly rows: number;
  /** Values of a layer's sketch; a power of two. */
  readonly width: number;
  readonly seed: number;
  /** Sketch AdamW's direction instead of the gradient. */
  readonly adam: boolean;
}

export interface InfluencePlan extends RecordedGradients {
  readonly plan: Plan;
  /** f32 [rows, layers * width, 2], as `sketch` writes it. */
  readonly sketches: Tensor;
  /** f32 [rows, hidden] */
  readonly representations: Tensor;
}

/** Records what measures one row: its gradient as in training, then its sketch and its representation. */
export function recordInfluence(
  base: BaseModel,
  layout: AdapterLayout,
  options: InfluencePlanOptions
): InfluencePlan {
  const { rows, width, seed, adam, style } = options;
  const { layers, hidden: columns } = base.config;
  const plan = new Plan();
  const recorded = recordGradients(plan, base, layout, { ...options, dropout: 0 });
  const { state, hidden } = recorded;
  const sketches = persistent('sketches', rows * layers * width * 2);
  const representations = persistent('representations', rows * columns);
  plan.section('collect');
  plan.add(
    sketch({
      vector: state.gradients,
      sketches,
      ...(adam ? { moments: { m: state.m, v: state.v } } : {}),
      // Every layer has the same factors, in the same order.
      segments: layers,
      stride: layout.length / layers,
      width,
      seed,
      style
    })
  );
  plan.add(meanRows({ input: hidden, width: columns, means: representations, style }));
  return { ...recorded, plan, sketches, representations };
}
