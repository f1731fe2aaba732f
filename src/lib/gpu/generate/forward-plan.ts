import { appendKeyValue } from '../kernels/kv-cache/append-key-value';
import { project } from '../kernels/lora/project';
import { matmul } from '../kernels/matmul/matmul';
import { sumLoss } from '../kernels/reduce/sum-loss';
import { statsLength } from '../kernels/reduce/stats';
import type { AdapterLayout } from '../model/adapter';
import { shardMatrix, type BaseModel } from '../model/base';
import { DecoderRecorder } from '../model/decoder';
import { logitsStride, recordLoss } from '../model/head';
import { Plan } from '../plan/plan';
import type { Style } from '../plan/style';
import { persistent, transient, type Tensor } from '../plan/tensor';
import { batchTensors, recordEmbedding, type BatchTensors } from '../train/training-plan';

export interface ForwardOptions {
  /** Capacity in tokens of one replay. */
  readonly tokens: number;
  /** Longest sequence: rows of the rotation table. */
  readonly length: number;
  readonly style: Style;
  readonly scratch: boolean;
  readonly activations: 'f32' | 'f16';
  /** The adapter's vector, where the tuned model runs. */
  readonly adapter?: { readonly layout: AdapterLayout; readonly values: Tensor };
}

export interface ScorePlan {
  readonly plan: Plan;
  readonly batch: BatchTensors;
  /** f32 [tokens], negative log-likelihood of each trained token. */
  readonly loss: Tensor;
}

/** Records the losses of a batch, without a backward pass. */
export function recordScore(base: BaseModel, options: ForwardOptions): ScorePlan {
  const { tokens, style } = options;
  const plan = new Plan();
  const batch = batchTensors(base, tokens, options.length);
  const hidden = recordHidden(plan, base, options, batch, 'trained');
  const loss = persistent('loss', tokens);
  recordLoss({ plan, base, style, trained: tokens, x: hidden, targets: batch.targets, loss });
  plan.add(sumLoss({ loss, stats: persistent('stats', statsLength), style }));
  return { plan, batch, loss };
}

export interface LogitsPlan {
  readonly plan: Plan;
  readonly batch: BatchTensors;
  /** f32 [rows, stride]: logits of the rows that `batch.gather` names. */
  readonly logits: Tensor;
  readonly stride: number;
}

/** Records the logits of `rows` chosen tokens. With caches, tokens follow the `step.past` ones that lie in them. */
export function recordLogits(
  base: BaseModel,
  options: ForwardOptions & {
    readonly rows: number;
    readonly caches?: { readonly layers: readonly Tensor[]; readonly rows: number };
  }
): LogitsPlan {
  const { style, rows } = options;
  const { config } = base;
  const plan = new Plan();
  const batch = batchTensors(base, options.tokens, options.length);
  const hidden = recordHidden(plan, base, options, batch, 'trained', rows);
  const stride = logitsStride(base);
  const logits = transient('logits', rows * stride);
  for (const shard of base.head) {
    plan.add(
      matmul({
        label: 'head',
        rows,
        live: 'trained',
        x: hidden,
        weight: shardMatrix(shard, config, base.options.vocabularyFormat),
        transposed: false,
        epilogue: { kind: 'store' },
        out: logits,
        outStride: stride,
        outColumn: shard.firstRow,
        style
      })
    );
  }
  plan.keep(logits);
  return { plan, batch, logits, stride };
}

/** The layers and the final norm of the gathered rows. */
function recordHidden(
  plan: Plan,
  base: BaseModel,
  options: ForwardOptions & {
    readonly caches?: { readonly layers: readonly Tensor[]; readonly rows: number };
  },
  batch: BatchTensors,
  live: 'trained',
  rows = options.tokens
): Tensor {
  const { tokens, style, caches } = options;
  const { config } = base;
  const rope = transient('rope', tokens * config.headDim);
  const recorder = new DecoderRecorder({
    plan,
    base,
    tokens,
    style,
    activations: options.activations,
    scratch: options.scratch,
    spans: batch.spans,
    rope,
    ...(options.adapter ? { adapter: options.adapter } : {}),
    ...(caches
      ? {
          caches: {
            ...caches,
            append: (layer: number, qkv: Tensor) =>
              plan.add(
                appendKeyValue({
                  tokens,
                  maxTokens: caches.rows,
                  heads: config.heads,
                  keyValueHeads: config.kvHeads,
                  headDim: config.headDim,
                  qkv,
                  cache: caches.layers[layer],
                  style
                })
              )
          }
        }
      : {})
  });
  let x = recordEmbedding(plan, base, batch, rope, tokens, style);
  for (let layer = 0; layer < config.layers; layer++)
    x = recorder.forward(layer, x, recorder.weights(layer), 'infer').out!;
  const hidden = transient('final hidden', rows * config.hidden, options.activations);
  plan.add(
    project({
      label: 'final norm',
      rows,
      live,
      input: x,
      width: config.hidden,
      style,
      prologue: {
        kind: 'rmsnorm',
        weight: base.finalNorm,
        epsilon: config.normEpsilon,
        normed: hidden,
        gather: batch.gather
      }
    })
  );
  return hidden;
}
