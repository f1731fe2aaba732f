import { ropeTable } from '../kernels/rope/rope-table';
import type { BaseModel } from '../model/base';
import type { BufferStore } from '../plan/buffers';
import type { BuiltPlan } from '../plan/built-plan';
import { defaultStepScalars } from '../plan/kernel';
import { packBatch, type TrainingRow } from '../train/batch';
import { recordScore, type ForwardOptions, type ScorePlan } from './forward-plan';

/** Measures how well a model predicts rows: negative log-likelihoods, without training. */
export class Scorer {
  readonly #plan: ScorePlan;
  readonly #built: BuiltPlan;
  readonly #capacity: number;
  readonly #vocabulary: number;

  private constructor(plan: ScorePlan, built: BuiltPlan, capacity: number, vocabulary: number) {
    this.#plan = plan;
    this.#built = built;
    this.#capacity = capacity;
    this.#vocabulary = vocabulary;
  }

  static async create(store: BufferStore, base: BaseModel, options: ForwardOptions): Promise<Scorer> {
    const plan = recordScore(base, options);
    const built = await plan.plan.build(store.device, store);
    const { headDim, ropeTheta, ropeScaling } = base.config;
    built.write(
      plan.batch.ropeTable,
      ropeTable({ headDim, theta: ropeTheta, scaling: ropeScaling }, options.length)
    );
    return new Scorer(plan, built, options.tokens, base.config.vocabulary);
  }

  /** Sum of the negative log-likelihoods (nats) of each row's trained tokens. Rows must fit the plan one by one. */
  async score(rows: readonly TrainingRow[]): Promise<Float64Array> {
    const sums = new Float64Array(rows.length);
    for (let first = 0; first < rows.length;) {
      let end = first;
      for (
        let used = 0;
        end < rows.length && (end === first || used + rows[end].tokens.length <= this.#capacity);
        end++
      )
        used += rows[end].tokens.length;
      const part = rows.slice(first, end);
      const packed = packBatch(part, this.#capacity, this.#vocabulary);
      for (const name of ['ids', 'positions', 'spans', 'gather', 'targets'] as const)
        this.#built.write(this.#plan.batch[name], packed[name]);
      this.#built.replay({ ...defaultStepScalars, tokens: packed.tokens, trained: packed.trained });
      const loss = await this.#built.read(this.#plan.loss);
      let at = 0;
      part.forEach((row, i) => {
        for (let t = 1; t < row.tokens.length; t++) if (row.trained[t]) sums[first + i] += loss[at++];
      });
      first = end;
    }
    return sums;
  }

  destroy(): void {
    this.#built.destroy();
  }
}
