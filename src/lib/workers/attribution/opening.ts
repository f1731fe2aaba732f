/** Opens what explains answers of a run: sketches its rows first where that was not done. */
import { OutOfGpuMemoryError } from '../../gpu/device';
import type { ExplainerOptions } from '../../jobs/explain';
import { withTrainingLock } from '../training-lock';
import { AnswerExplainer } from './explaining';
import { keeping, lookAt, tellInfluence, type Looked } from './measuring';
import { peopleRows } from './people';
import type { RunRef } from './protocol';
import { RowSpans } from './row-spans';
import { openRun, type OpenedRun } from './run-inputs';
import { onDevice, tellPhase, type AttributionTask } from './task';

/**
 * @throws AnotherTabTrainsError where rows have to be sketched and another tab trains, what `openRun` throws, and what
 * `GpuJobs.sketch` and `GpuJobs.openExplainer` throw
 */
export async function openAnswers(
  task: AttributionTask,
  ref: RunRef,
  locks: LockManager
): Promise<AnswerExplainer> {
  const { signal } = task;
  const run = await openRun(task, ref);
  const looked = await lookAt(task, run);
  const sketched = looked.sketched ?? (await withTrainingLock(locks, () => sketchAll(task, run, looked)));
  const pacing = {
    signal,
    onProgress: (done: number, total: number) => tellPhase(task, 'comparing', done, total)
  };
  const people = await peopleRows(run.data, sketched.index, pacing);
  const spans = await RowSpans.build(run.data, pacing);
  const explainer = await openExplainer(task, run, {
    ...{ moments: looked.moments, sketched, signal },
    onProgress: (done, total) => tellPhase(task, 'loading', done, total)
  });
  return new AnswerExplainer(run.data, explainer, people, spans, looked.missing);
}

/** Sketches are held as they come, and kept where there is room. */
async function sketchAll(
  task: AttributionTask,
  run: OpenedRun,
  { moments, of }: Looked
): Promise<ExplainerOptions['sketched']> {
  const { jobs, gpu, signal } = task;
  const { checkpoint, tokenizer, options, data } = run;
  // Gradients of all rows take more memory than a question does.
  await gpu.closeAll();
  return onDevice(task, async (device) => {
    const keep = keeping(task, of);
    const held: ExplainerOptions['sketched']['moments'][number][] = [];
    const { index } = await jobs.sketch({
      ...{ device, checkpoint, tokenizer, options, moments, signal },
      rows: data.contributed,
      sink: async (sketches, moment, at) => {
        held.push(sketches);
        await keep(sketches, moment, at);
      },
      onProgress: tellInfluence(task)
    });
    return { index, moments: held };
  });
}

/** On the base of the chat where it is open on the same model; where both do not fit, the chat goes: it opens again when asked. */
async function openExplainer(
  { jobs, gpu }: AttributionTask,
  { key, checkpoint, tokenizer, options }: OpenedRun,
  rest: Pick<ExplainerOptions, 'moments' | 'sketched' | 'signal' | 'onProgress'>
) {
  const open = async () => {
    const chat = gpu.chat.get();
    const loaded = chat?.model === key ? chat.session.loaded : undefined;
    const device = await gpu.device();
    return jobs.openExplainer({
      ...{ device, checkpoint, tokenizer, options, ...rest },
      ...(loaded ? { loaded } : {})
    });
  };
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof OutOfGpuMemoryError) || !gpu.chat.get()) throw error;
    await gpu.closeAll();
    return open();
  }
}
