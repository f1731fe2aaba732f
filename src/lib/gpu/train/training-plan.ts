import { adamw } from '../kernels/adamw/adamw';
import { gradNorm } from '../kernels/adamw/grad-norm';
import { embeddingLookup } from '../kernels/embedding/embedding';
import type { Examples } from '../kernels/examples';
import { project } from '../kernels/lora/project';
import { sumLoss } from '../kernels/reduce/sum-loss';
import { statsLength } from '../kernels/reduce/stats';
import { gatherRope } from '../kernels/rope/gather-rope';
import type { AdapterLayout } from '../model/adapter';
import type { BaseModel } from '../model/base';
import { DecoderRecorder, type LayerActivations } from '../model/decoder';
import { recordLoss } from '../model/head';
import { Plan } from '../plan/plan';
import type { Style } from '../plan/style';
import { persistent, transient, type Tensor } from '../plan/tensor';

/** Tensors of the adapter and its optimizer: one vector each. */
export interface AdapterState {
  readonly values: Tensor;
  readonly gradients: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
}

/** What a batch is written into. */
export interface BatchTensors {
  /** u32 [tokens] */
  readonly ids: Tensor;
  /** u32 [tokens], position in the token's own sequence. */
  readonly positions: Tensor;
  /** u32 [tokens, 2], first row and end of the token's sequence. */
  readonly spans: Tensor;
  /** u32 [tokens]: token row of each trained token; the tokens that they should predict; for each token its index + 1 among them, or 0. */
  readonly gather: Tensor;
  readonly targets: Tensor;
  readonly scatter: Tensor;
  /** f32 [positions, headDim / 2, 2], written once. */
  readonly ropeTable: Tensor;
}

export interface TrainingPlanOptions {
  /** Capacity in tokens: batch size times length. */
  readonly tokens: number;
  /** Longest sequence. */
  readonly length: number;
  readonly style: Style;
  readonly checkpointing: boolean;
  readonly scratch: boolean;
  readonly activations: 'f32' | 'f16';
  readonly dropout: number;
}

export interface TrainingPlan {
  readonly plan: Plan;
  readonly batch: BatchTensors;
  readonly state: AdapterState;
  /** f32 [tokens], loss of each trained token. */
  readonly loss: Tensor;
  readonly stats: Tensor;
}

export function batchTensors(base: BaseModel, tokens: number, length: number): BatchTensors {
  const u32 = (label: string, count: number) => persistent(label, count, 'u32');
  return {
    ids: u32('ids', tokens),
    positions: u32('positions', tokens),
    spans: u32('spans', 2 * tokens),
    gather: u32('gather', tokens),
    targets: u32('targets', tokens),
    scatter: u32('scatter', tokens),
    ropeTable: persistent('rope table', length * base.config.headDim)
  };
}

/**
 * Records a training step. Section `micro` runs one micro-batch, forward and backward, and adds to the gradients when
 * `step.accumulate` says so; section `update` clips and applies AdamW.
 */
export function recordTraining(
  base: BaseModel,
  layout: AdapterLayout,
  options: TrainingPlanOptions
): TrainingPlan {
  const { style } = options;
  const plan = new Plan();
  const { batch, state, loss, stats } = recordGradients(plan, base, layout, options);
  plan.section('update');
  for (const kernel of gradNorm({ grads: state.gradients, count: layout.length, stats, style }))
    plan.add(kernel);
  plan.add(
    adamw({
      count: layout.length,
      weights: state.values,
      grads: state.gradients,
      m: state.m,
      v: state.v,
      stats,
      style
    })
  );
  return { plan, batch, state, loss, stats };
}

/** What the recording of a forward and backward pass leaves for later sections. */
export interface RecordedGradients extends Omit<TrainingPlan, 'plan'> {
  /** [trained tokens, hidden]: the final hidden state that predicts each trained token, after its norm. */
  readonly hidden: Tensor;
}

/** Keeps the gradients of a batch's examples apart, a layer at a time: all layers of all examples would be too much. */
export interface ExampleGradients extends Examples {
  /** f32 [count, length / layers of the layout]: of the layer that was passed last. */
  readonly gradients: Tensor;
  /** Called after a layer's gradients are recorded, to record what takes them up. */
  collect(layer: number): void;
}

/** Records section `micro`: forward, loss and backward of a batch, down to the gradients of the adapter. */
export function recordGradients(
  plan: Plan,
  base: BaseModel,
  layout: AdapterLayout,
  options: TrainingPlanOptions,
  examples?: ExampleGradients
): RecordedGradients {
  const { tokens, style, checkpointing, activations } = options;
  const { config } = base;
  plan.section('micro');
  const batch = batchTensors(base, tokens, options.length);
  const vector = (label: string) => persistent(`adapter ${label}`, layout.length);
  const state = { values: vector('values'), gradients: vector('gradients'), m: vector('m'), v: vector('v') };
  const stats = persistent('stats', statsLength);
  const loss = persistent('loss', tokens);
  const rope = transient('rope', tokens * config.headDim);
  const recorder = new DecoderRecorder({
    plan,
    base,
    tokens,
    style,
    activations,
    scratch: options.scratch,
    spans: batch.spans,
    rope,
    adapter: {
      layout,
      values: state.values,
      ...(examples ? { gradients: examples.gradients, examples } : { gradients: state.gradients }),
      ...(options.dropout ? { dropout: options.dropout } : {})
    }
  });

  let x = recordEmbedding(plan, base, batch, rope, tokens, style);
  const kept: LayerActivations[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    const acts = recorder.forward(layer, x, recorder.weights(layer), checkpointing ? 'infer' : 'keep');
    kept.push(acts);
    x = acts.out!;
  }

  const hidden = transient('final hidden', tokens * config.hidden, activations);
  const dHidden = transient('d final hidden', tokens * config.hidden);
  const norm = { weight: base.finalNorm, epsilon: config.normEpsilon };
  plan.add(
    project({
      label: 'final norm',
      rows: tokens,
      live: 'trained',
      input: x,
      width: config.hidden,
      style,
      prologue: { kind: 'rmsnorm', ...norm, normed: hidden, gather: batch.gather }
    })
  );
  recordLoss({ plan, base, style, trained: tokens, x: hidden, targets: batch.targets, loss, dx: dHidden });
  plan.add(sumLoss({ loss, stats, style }));

  const gradientOfProjections = (layer: number) =>
    recorder.lora.projectedTensor(`layer ${layer} d projected`)!;
  let dy: Tensor = transient('d final', tokens * config.hidden);
  let v = gradientOfProjections(config.layers - 1);
  plan.add(
    project({
      label: 'd final norm',
      rows: tokens,
      live: 'tokens',
      input: dHidden,
      width: config.hidden,
      style,
      prologue: { kind: 'rmsnorm-backward', x, ...norm, scatter: batch.scatter, dx: dy },
      ...recorder.lora.up(config.layers - 1, 'down', v)
    })
  );
  for (let layer = config.layers - 1; layer >= 0; layer--) {
    const weights = recorder.weights(layer);
    const acts = checkpointing
      ? recorder.forward(layer, kept[layer].x, weights, 'recompute', kept[layer].projected)
      : kept[layer];
    const below = layer > 0 ? { layer: layer - 1, v: gradientOfProjections(layer - 1) } : undefined;
    const dx = recorder.backward(layer, acts, weights, dy, v, below);
    examples?.collect(layer);
    if (!below || !dx) break;
    dy = dx;
    v = below.v;
  }
  return { batch, state, loss, stats, hidden };
}

/** Embedding of the tokens, and the rotation of each token's position. */
export function recordEmbedding(
  plan: Plan,
  base: BaseModel,
  batch: Pick<BatchTensors, 'ids' | 'positions' | 'ropeTable'>,
  rope: Tensor,
  tokens: number,
  style: Style
): Tensor {
  const { config } = base;
  const x = transient('embedded', tokens * config.hidden);
  for (const shard of base.embedding) {
    plan.add(
      embeddingLookup({
        tokens,
        width: config.hidden,
        firstRow: shard.firstRow,
        shardRows: shard.rows,
        table: shard.data,
        ids: batch.ids,
        out: x,
        style
      })
    );
  }
  plan.add(
    gatherRope({
      tokens,
      headDim: config.headDim,
      table: batch.ropeTable,
      positions: batch.positions,
      out: rope,
      style
    })
  );
  return x;
}
