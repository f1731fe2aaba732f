import { Scorer } from '../gpu/generate/scorer';
import { BufferStore } from '../gpu/plan/buffers';
import { persistent } from '../gpu/plan/tensor';
import type { TrainingRow } from '../gpu/train/batch';
import type { RunPlan } from './plan-run';

/**
 * Mean negative log-likelihood (nats) of rows that are never trained on, under an adapter. Its memory is freed before
 * it returns, so that a run's figure stays that of training.
 * @param weights holds the base
 * @param values the adapter's vector
 */
export async function heldOutLoss(
  weights: BufferStore,
  plan: RunPlan,
  values: Float32Array<ArrayBuffer>,
  rows: readonly TrainingRow[]
): Promise<number> {
  const store = new BufferStore(weights.device, weights);
  const adapter = persistent('measured adapter', plan.layout.length);
  let scorer: Scorer | undefined;
  try {
    weights.device.raw.queue.writeBuffer(store.ensure(adapter), 0, values);
    scorer = await Scorer.create(store, plan.base, {
      ...plan.training,
      adapter: { layout: plan.layout, values: adapter }
    });
    const sums = await scorer.score(rows);
    const tokens = rows.reduce((sum, row) => sum + row.trained.reduce((a, b) => a + b, 0), 0);
    return sums.reduce((a, b) => a + b, 0) / tokens;
  } finally {
    scorer?.destroy();
    store.destroy();
  }
}
