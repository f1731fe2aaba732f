/** Moments of a run: the adapter after some of its steps, at which gradients are taken later. */
import type { TrainingState } from './finetune';
import type { StepRecord } from './run-record';

/** Moments that a run of the page keeps: as many as the quality of attribution was measured with. */
export const momentsPerRun = 3;

/** A run as it was after some of its steps. */
export interface InfluenceMoment {
  /** The adapter, f32 as `AdapterLayout` lays it out. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Mean learning rate of the steps since the moment before: what the moment stands for in sums over moments. */
  readonly learningRate: number;
}

/**
 * The steps after which a run of `steps` is looked at: as far apart as `count` of them before the end can be. Fewer where
 * the run is short; none where it has one step.
 */
export function momentSteps(steps: number, count: number): number[] {
  if (count < 1) return [];
  const apart = Math.ceil(steps / (count + 1));
  return Array.from({ length: Math.ceil(steps / apart) - 1 }, (_, i) => (i + 1) * apart);
}

/**
 * Mean learning rate of the steps that led to a moment from the moment before (0: from the beginning). LESS weights its
 * epochs so (Xia et al. 2024, arXiv 2402.04333, section 4.1).
 */
export function meanLearningRate(
  steps: readonly Pick<StepRecord, 'learningRate'>[],
  before: number,
  moment: number
): number {
  const since = steps.slice(before, moment);
  return since.reduce((sum, { learningRate }) => sum + learningRate, 0) / since.length;
}

/** Moments of a run, from its checkpoints in their order. */
export function momentsOf(states: readonly Pick<TrainingState, 'values' | 'steps'>[]): InfluenceMoment[] {
  return states.map(({ values, steps }, i) => ({
    values,
    learningRate: meanLearningRate(steps, i > 0 ? states[i - 1].steps.length : 0, steps.length)
  }));
}

/**
 * The end of a run as its only moment: what there is of a run that kept none.
 * @param values the run's final adapter
 * @param steps of the whole run; at least one
 */
export function finalMoment(
  values: Float32Array<ArrayBuffer>,
  steps: readonly Pick<StepRecord, 'learningRate'>[]
): InfluenceMoment {
  return { values, learningRate: meanLearningRate(steps, 0, steps.length) };
}
