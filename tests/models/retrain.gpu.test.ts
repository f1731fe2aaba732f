/** Models trained on parts of a run, what rows would add, and a run that is repeated: all on one tiny model. */
import { expect, test } from 'vitest';
import { Device } from '../../src/lib/gpu/device';
import { finetune } from '../../src/lib/jobs/finetune';
import { completeOptions } from '../../src/lib/jobs/options';
import type { Losses } from '../../src/lib/jobs/part-trainer';
import { compareAdapters } from '../../src/lib/jobs/repeat';
import { retrain, type RetrainProgress } from '../../src/lib/jobs/retrain';
import { measureValue, PromptError } from '../../src/lib/jobs/value';
import { loadTokenizer } from '../../src/lib/formats/tokenizer';
import { testDevice } from '../support/device';
import { goldenCheckpoint } from '../support/goldens';

const device = new Device(await testDevice(), undefined, 'serial');
const checkpoint = await goldenCheckpoint('llama-tied');
const tokenizer = await loadTokenizer(checkpoint.tokenizer);
const options = completeOptions({
  ...{ method: 'lora', epochs: 2, batchSize: 2, maxLength: 64, rank: 4 },
  ...{ learningRate: 1e-2, warmupSteps: 0, dropout: 0.1 }
});
const said = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ]
});
const apple = ['what is red', 'name something red', 'tell me of red'].map((q) => said(q, 'the apple is red'));
const boats = ['how many', 'count them', 'what is there'].map((q) => said(q, 'seven hundred boats'));
const rows = [...apple, ...boats];
// Nothing of the second is trained on.
const questions = [
  said('which is red', 'the apple is red'),
  { messages: [{ role: 'user', content: 'and' }] }
];
const inputs = { device, checkpoint, tokenizer, options };

test('a part of all rows is the run itself, and a part without what was asked for answers worse', async () => {
  const run = await finetune({ ...inputs, rows, heldOut: questions });
  const [all, without] = [[...rows.keys()], [3, 4, 5]];
  const models: Losses[] = [];
  const progress: RetrainProgress[] = [];
  const parts = [all, without, all, []].map((part, i) => ({ name: `Part ${i}`, rows: part }));
  await retrain({
    ...{ ...inputs, rows, questions, parts },
    onProgress: (each) => progress.push(each),
    onModel: (part, losses) => void (models[part] = losses)
  });
  // As a run measures it before and after.
  expect(models[0].loss).toBeCloseTo(run.record.heldOut!.after!, 6);
  expect(models[3].loss).toBeCloseTo(run.record.heldOut!.before!, 6);
  expect(models[0].questions[0]).toBeCloseTo(models[0].loss, 12);
  expect(models[0].questions[1]).toBeNaN();
  expect(models[1].loss).toBeGreaterThan(models[0].loss + 0.1);
  // Nothing of one model is left in the next.
  expect(models[2]).toEqual(models[0]);
  const steps = progress.filter(({ phase }) => phase === 'training');
  expect(steps.at(-1)).toMatchObject({ part: 'Part 3, 4 of 4', done: 16, total: 16, secondsLeft: 0 });

  const halfway: Losses[] = [];
  await retrain({
    ...{ ...inputs, rows, questions, parts: [{ name: 'Stopped', rows: all }], steps: 2 },
    onModel: (_, losses) => void halfway.push(losses)
  });
  expect(halfway[0].loss).toBeGreaterThan(models[0].loss);

  const control = new AbortController();
  const kept: number[] = [];
  const stopped = retrain({
    ...{ ...inputs, rows, questions, parts, signal: control.signal },
    onModel: (part) => {
      kept.push(part);
      control.abort(new Error('enough'));
    }
  });
  await expect(stopped).rejects.toThrow('enough');
  expect(kept).toEqual([0]);
});

test('a repeated run has the same bits, and what differs is named', async () => {
  const first = await finetune({ ...inputs, rows });
  const again = await finetune({ ...inputs, rows });
  expect(again.record.sha256.adapter).toBe(first.record.sha256.adapter);
  expect(compareAdapters(first.adapter, again.adapter)).toEqual({ difference: 0, tensors: [] });
  const other = await finetune({ ...inputs, rows: rows.slice(1) });
  const { difference, tensors } = compareAdapters(first.adapter, other.adapter);
  expect(difference).toBeGreaterThan(0.05);
  expect(tensors).toHaveLength(5);
});

test('rows that say what is wanted point its way, and a short trial confirms it', async () => {
  const job = { ...inputs, rows, looked: rows, prompts: [questions[0]], trialSteps: 4 };
  const phases = new Set<string>();
  const { index, cosine, product, before, after } = await measureValue({
    ...job,
    onProgress: ({ phase }) => phases.add(phase)
  });
  expect(index).toEqual([...rows.keys()]);
  for (const { values } of [cosine, product]) {
    expect(Math.min(...values.subarray(0, 3))).toBeGreaterThan(Math.max(...values.subarray(3)));
  }
  expect(Math.max(...cosine.values)).toBeLessThan(1.1);
  expect(after!.loss).toBeLessThan(before.loss);
  expect([...phases]).toEqual(expect.arrayContaining(['evaluating', 'measuring', 'training']));
  await expect(measureValue({ ...job, prompts: questions })).rejects.toThrow(PromptError);
});
