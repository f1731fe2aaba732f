import { crossEntropy } from '../kernels/cross-entropy/cross-entropy';
import { matmul } from '../kernels/matmul/matmul';
import type { Plan } from '../plan/plan';
import type { Style } from '../plan/style';
import { transient, type Tensor } from '../plan/tensor';
import { shardMatrix, type BaseModel } from './base';

/** Logits in memory at a time; Liger's chunked loss (Hsu et al. 2024, arXiv 2410.10989) shows that a few MB suffice. */
const logitsBytes = 8 * 2 ** 20;

/** Rows of logits that are made at a time: whole multiples of 64, so that chunks are whole tiles. */
export function chunkRows(base: BaseModel, trained: number): number {
  const fitting = Math.floor(logitsBytes / (4 * logitsStride(base)) / 64) * 64;
  return Math.min(Math.max(fitting, 64), Math.ceil(trained / 8) * 8);
}

/** Columns of a row of logits, padded to whole vectors. */
export function logitsStride(base: BaseModel): number {
  return Math.ceil(base.config.vocabulary / 4) * 4;
}

/**
 * Linear head and cross-entropy, fused by chunks of trained tokens: the logits of a chunk are made shard by shard of the
 * vocabulary, turned into their gradient in place, and multiplied back. They never exist whole, and the frozen head
 * needs no gradient of its own.
 */
export function recordLoss(args: {
  readonly plan: Plan;
  readonly base: BaseModel;
  readonly style: Style;
  /** Capacity in trained tokens. */
  readonly trained: number;
  /** f32 or f16 [trained, hidden]: final hidden states of trained tokens, normalised. */
  readonly x: Tensor;
  readonly targets: Tensor;
  readonly loss: Tensor;
  /** f32 [trained, hidden], receives dL/dx; forward only when absent. */
  readonly dx?: Tensor;
}): void {
  const { plan, base, style, trained, x, targets, loss, dx } = args;
  const { hidden, vocabulary } = base.config;
  const rows = chunkRows(base, trained);
  const stride = logitsStride(base);
  const logits = transient('logits', rows * stride);
  for (let first = 0; first < trained; first += rows) {
    const chunk = {
      rows: Math.min(rows, trained - first),
      live: 'trained' as const,
      firstTrained: first,
      style
    };
    for (const shard of base.head) {
      plan.add(
        matmul({
          ...chunk,
          label: 'head',
          x,
          xRow: first,
          weight: shardMatrix(shard, base.config, base.options.vocabularyFormat),
          transposed: false,
          epilogue: { kind: 'store' },
          out: logits,
          outStride: stride,
          outColumn: shard.firstRow
        })
      );
    }
    plan.add(
      crossEntropy({
        rows: chunk.rows,
        vocabulary,
        stride,
        logits,
        targets,
        loss,
        firstRow: first,
        backward: dx !== undefined,
        style
      })
    );
    if (!dx) continue;
    base.head.forEach((shard, n) => {
      plan.add(
        matmul({
          ...chunk,
          label: 'd head',
          x: logits,
          xStride: stride,
          xColumn: shard.firstRow,
          weight: shardMatrix(shard, base.config, base.options.vocabularyFormat),
          transposed: true,
          epilogue: { kind: n ? 'accumulate' : 'store' },
          out: dx,
          outRow: first,
          outStride: hidden
        })
      );
    });
  }
}
