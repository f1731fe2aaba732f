import type { Row } from '../datanets/row';
import { encodeRows } from '../datanets/statistics';
import { TabtuneError } from '../errors';
import type { InfluenceScores } from '../gpu/influence/sketches';
import { measureInfluence, type InfluencePhase } from './influence';
import { PartTrainer, type Losses, type PartTrainerJob } from './part-trainer';

/** A prompt whose answer cannot be measured with this model. */
export class PromptError extends TabtuneError {}

export interface ValueProgress {
  readonly phase: InfluencePhase | 'quantising' | 'evaluating' | 'training';
  readonly done: number;
  readonly total: number;
  readonly secondsLeft?: number;
}

export interface ValueJob extends Omit<PartTrainerJob, 'questions' | 'onProgress'> {
  /** Questions with the answers that are wanted. */
  readonly prompts: readonly Row[];
  /** Rows whose gradients are taken; `rows` are those of the trial. */
  readonly looked: readonly Row[];
  /** Steps of the trial, 0 for none. */
  readonly trialSteps: number;
  onProgress?(progress: ValueProgress): void;
}

export interface ValueResult {
  /** Positions among `looked` that were measured. */
  readonly index: readonly number[];
  /** [prompts, index]: cosines of gradients, and their products. Positive: training on the row lowers the prompt's loss. */
  readonly cosine: InfluenceScores;
  readonly product: InfluenceScores;
  readonly before: Losses;
  /** After the trial. */
  readonly after?: Losses;
}

/**
 * What rows would do for prompts, before any run: how well each row's gradient points the way of each prompt's at the
 * adapter that a run would start from (Xia et al. 2024, arXiv 2402.04333, with one moment), and, where asked for, the
 * loss after a short trial.
 *
 * A fresh adapter has B = 0, so the gradient of A is zero and only that of B is not: dL/dB = s (dL/dW) A^T, with A drawn
 * at random. Gradients compared there are random projections of the gradients of the whole weights, whose inner products
 * they keep up to a factor in the mean (Johnson and Lindenstrauss 1984), the same for all rows. They say in which
 * direction a run would set out, and nothing of where it would go: that is what the trial is for.
 * @throws PromptError, DeviceLostError, the abort reason, and what `PartTrainer.open` throws
 */
export async function measureValue(job: ValueJob): Promise<ValueResult> {
  const { prompts, looked, trialSteps, rows, signal } = job;
  await requirePrompts(job);
  const tell = (phase: ValueProgress['phase'], done = 0, total = 0) =>
    job.onProgress?.({ phase, done, total });
  const trainer = await PartTrainer.open({ ...job, questions: prompts, onProgress: tell });
  try {
    tell('evaluating');
    const before = await trainer.measureStart();
    const { index, estimators } = await measureInfluence({
      ...job,
      rows: looked,
      queries: prompts,
      moments: [{ values: trainer.start, learningRate: 1 }],
      loaded: trainer.loaded,
      onProgress: tell
    });
    const measured = {
      index,
      cosine: estimators.cosine.scores,
      product: estimators.tracIn.scores,
      before
    };
    if (trialSteps === 0) return measured;
    let taken = 0;
    let spent = 0;
    const after = await trainer.train([...rows.keys()], {
      steps: trialSteps,
      ...(signal ? { signal } : {}),
      onStep: (milliseconds) => {
        taken += 1;
        spent += milliseconds;
        const secondsLeft = ((trialSteps - taken) * spent) / taken / 1000;
        job.onProgress?.({ phase: 'training', done: taken, total: trialSteps, secondsLeft });
      }
    });
    return { ...measured, after };
  } finally {
    trainer.destroy();
  }
}

/** @throws PromptError that names the first prompt without an answer that can be measured, and why */
async function requirePrompts({ prompts, tokenizer, options, signal }: ValueJob): Promise<void> {
  const { maxLength, trainOn, date } = options;
  const { index, refusals } = await encodeRows(prompts, tokenizer, {
    ...{ maxLength, trainOn, date },
    ...(signal ? { signal } : {})
  });
  const missing = prompts.findIndex((_, i) => !index.includes(i));
  if (missing < 0) return;
  const why = refusals.find(({ row }) => row === missing)?.reason;
  throw new PromptError(
    `Prompt ${missing + 1} cannot be measured: ${why ?? `nothing of its answer is within the length of ${maxLength} tokens. Shorten it, or choose a larger length.`}`,
    { details: { prompt: missing } }
  );
}
