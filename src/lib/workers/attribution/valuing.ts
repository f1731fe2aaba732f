/** What a Datanet would add to a base, on prompts of the person's own. */
import { totals, type Scores } from '../../attribution/scores';
import { Random } from '../../datanets/random';
import type { Row } from '../../datanets/row';
import { TabtuneError } from '../../errors';
import { completeOptions, type FinetuneOptions } from '../../jobs/options';
import type { Adapter } from '../../formats/peft';
import { loadRunData, type RunData } from '../run-data';
import { loadAdapter } from '../stored-adapter';
import { topRows } from './explaining';
import { peopleRows, peopleShares } from './people';
import type { DatanetValue, ValueRequest } from './protocol';
import { onDevice, tellPhase, type AttributionTask } from './task';

/** There is nothing to value, or nothing to value it on. */
export class NothingToValueError extends TabtuneError {}

/** Rows whose gradients are taken: their mean is known to a few hundredths, and minutes are not spent. */
const mostLooked = 500;

/** Rows that are named, and rows over which a prompt's support is a mean. */
const [namedRows, supporting] = [8, 10];

/** Purposes of the seed, beside those of `datanets/order.ts`. */
const [LOOK_STREAM, TRIAL_STREAM] = [16, 17];

/**
 * Looks at rows without training on them, unless a trial is asked for: looking is evaluation, a trial is training, and
 * the rules are asked for the one or the other.
 * @throws NothingToValueError, PromptError, the abort reason, and what `GpuJobs.value` throws
 */
export async function datanetValue(task: AttributionTask, request: ValueRequest): Promise<DatanetValue> {
  const { store, jobs, gpu, signal } = task;
  const { prompts, trialSteps } = request;
  if (prompts.length === 0) {
    throw new NothingToValueError(
      'There is no prompt. Write a question with the answer that you would like.'
    );
  }
  const adapter = request.adapter === undefined ? undefined : await loadAdapter(store, request.adapter);
  tellPhase(task, 'loading');
  const use = trialSteps > 0 ? 'training' : 'evaluation';
  const data = await loadRunData(store, request.data, {
    ...{ use, signal },
    onProgress: (done, total) => tellPhase(task, 'loading', done, total)
  });
  requireRows(data, use);
  const options = optionsOf(request, data.rows.length, adapter);
  const looked = samplePositions(data.contributed.length, mostLooked, options.seed, LOOK_STREAM);
  const wanted = Math.max(1, trialSteps * options.batchSize);
  const trial = samplePositions(data.rows.length, wanted, options.seed, TRIAL_STREAM);
  const { checkpoint, tokenizer } = await gpu.model(request.model);
  const asked = prompts.map(({ question, answer }) => promptOf(question, answer, tokenizer.hasChatTemplate));
  const result = await onDevice(task, (device) =>
    jobs.value({
      ...{ device, checkpoint, tokenizer, options, signal, trialSteps },
      ...(adapter ? { adapter } : {}),
      rows: trial.map((i) => data.rows[i]),
      looked: looked.map((i) => data.contributed[i]),
      prompts: asked,
      onProgress: (progress) => task.tell(progress)
    })
  );
  const index = result.index.map((i) => looked[i]);
  const people = await peopleRows(data, index, { signal });
  const { before, after, cosine, product } = result;
  return {
    lossBefore: before.loss,
    ...(after ? { lossAfter: after.loss } : {}),
    trialSteps,
    prompts: prompts.map(({ question }, prompt) => ({
      question,
      lossBefore: before.questions[prompt],
      ...(after ? { lossAfter: after.questions[prompt] } : {}),
      support: supportOf(cosine, prompt)
    })),
    helpful: totals(product).filter((sum) => sum > 0).length / index.length,
    contributors: peopleShares(cosine, people).map(({ contributor: id, name, rows, share }) => ({
      ...{ id, name, rows, share }
    })),
    rows: topRows(data, index, totals(cosine), namedRows),
    sampled: index.length,
    total: data.contributed.length
  };
}

/** Why nothing can be looked at. */
function requireRows({ contributed, versions, name }: RunData, use: 'training' | 'evaluation'): void {
  if (contributed.length > 0) return;
  const reasons = versions.flatMap(({ refusals }) =>
    refusals.filter((refused) => refused.use === use).map(({ reason }) => reason)
  );
  const why = reasons.length > 0 ? [...new Set(reasons)].join(' ') : 'It has no rows.';
  const instead =
    use === 'training' ? 'Without a trial run its rows are only looked at, which may be allowed.' : '';
  throw new NothingToValueError(`Nothing of “${name}” may be looked at. ${why} ${instead}`.trimEnd(), {
    details: { use, reasons }
  });
}

/**
 * The options of the trial: the usual ones, or the shape of the adapter it goes on from; the learning rate is there from the
 * first step, since there are few.
 */
function optionsOf(
  { encoding, trialSteps }: ValueRequest,
  rows: number,
  adapter: Adapter | undefined
): FinetuneOptions {
  const shape = adapter && {
    rank: adapter.config.rank,
    alpha: adapter.config.alpha,
    rsLora: adapter.config.rsLora,
    targets: adapter.config.targetModules.join(',')
  };
  const options = completeOptions({
    ...{ ...encoding, ...shape },
    ...{ maxSteps: trialSteps, scheduler: 'constant', warmupSteps: 0 }
  });
  const perEpoch = Math.ceil(Math.min(rows, trialSteps * options.batchSize) / options.batchSize);
  // One more, for rows that leave nothing to train on.
  return { ...options, epochs: perEpoch > 0 ? Math.ceil(trialSteps / perEpoch) + 1 : 1 };
}

/** A prompt as a row: a conversation, or running text where the model knows none. */
function promptOf(question: string, answer: string, chats: boolean): Row {
  if (!chats) return { text: `${question}\n${answer}` };
  return {
    messages: [
      { role: 'user', content: question },
      { role: 'assistant', content: answer }
    ]
  };
}

/** Positions of `most` of `rows`, drawn by the seed, in their order; all where there are no more. */
function samplePositions(rows: number, most: number, ...seeds: number[]): number[] {
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  if (rows > most) new Random(...seeds).shuffle(order);
  return [...order.subarray(0, most)].sort((a, b) => a - b);
}

/** How well rows point the way of a prompt: the mean cosine over the best of them. */
function supportOf({ rows, values }: Scores, prompt: number): number {
  const best = Array.from({ length: rows }, (_, row) => values[prompt * rows + row])
    .sort((a, b) => b - a)
    .slice(0, supporting);
  return best.reduce((sum, value) => sum + value, 0) / best.length;
}
