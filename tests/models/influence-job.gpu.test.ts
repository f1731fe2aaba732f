/** Influence of a whole run: trained, looked at twice, and asked where an answer comes from. */
import { expect, test } from 'vitest';
import { sharesOf } from '../../src/lib/attribution/shares';
import { Device } from '../../src/lib/gpu/device';
import { finetune, type TrainingState } from '../../src/lib/jobs/finetune';
import {
  estimators,
  InfluenceMomentError,
  measureInfluence,
  momentsOf,
  type InfluenceJob,
  type InfluencePhase
} from '../../src/lib/jobs/influence';
import { completeOptions } from '../../src/lib/jobs/options';
import { loadTokenizer } from '../../src/lib/formats/tokenizer';
import { testDevice } from '../support/device';
import { goldenCheckpoint } from '../support/goldens';

const device = new Device(await testDevice(), undefined, 'serial');
const checkpoint = await goldenCheckpoint('llama-tied');
const tokenizer = await loadTokenizer(checkpoint.tokenizer);
const options = completeOptions({
  method: 'lora',
  epochs: 2,
  batchSize: 2,
  maxLength: 64,
  rank: 4,
  learningRate: 1e-2
});
const said = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ]
});
const rows = [
  said('what is red', 'the apple is red'),
  said('name something red', 'the apple is red'),
  said('how many', 'seven hundred boats'),
  // Nothing of it is trained on.
  { messages: [{ role: 'user', content: 'nobody answers' }] },
  said('count them', 'seven hundred boats')
];
const queries = [said('tell me what is red', 'the apple is red'), said('count', 'seven hundred boats')];

async function trained(): Promise<TrainingState[]> {
  const states: TrainingState[] = [];
  await finetune({
    device,
    checkpoint,
    tokenizer,
    rows,
    options,
    checkpointEvery: 1,
    onEvent: (event) => void (event.kind === 'checkpoint' && states.push(event.state))
  });
  return states;
}

test('rows that say what the answer says come first, by every estimator that sees gradients', async () => {
  const states = await trained();
  const moments = momentsOf(states);
  const phases = new Set<InfluencePhase>();
  const job: InfluenceJob = { device, checkpoint, tokenizer, options, rows, queries, moments };
  const result = await measureInfluence({ ...job, onProgress: (phase) => phases.add(phase) });

  expect(moments.map(({ learningRate }) => learningRate)).toEqual(
    states.map(({ steps }) => steps.at(-1)!.learningRate)
  );
  expect([...phases]).toEqual(['loading', 'compiling', 'measuring', 'comparing']);
  expect(result.index).toEqual([0, 1, 2, 4]);
  expect(result.passMilliseconds).toHaveLength(moments.length);
  for (const name of estimators) {
    const { scores, moments: parts } = result.estimators[name];
    expect(scores).toMatchObject({ queries: 2, rows: 4 });
    scores.values.forEach((score, i) =>
      expect(score).toBeCloseTo(
        parts.reduce((sum, { values }) => sum + values[i], 0),
        9
      )
    );
  }
  for (const name of ['cosine', 'tracIn', 'dataInf'] as const) {
    const [a, b, c, d, e, f, g, h] = result.estimators[name].scores.values;
    expect(Math.min(a, b), name).toBeGreaterThan(Math.max(c, d));
    expect(Math.min(g, h), name).toBeGreaterThan(Math.max(e, f));
  }
  const shares = sharesOf(result.estimators.cosine.scores, {
    contributors: ['ann', 'ann', 'bob', 'bob'],
    groups: [0, 1, 2, 3]
  });
  expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);

  // What cannot be measured says so, and what is stopped ends.
  const other = completeOptions({ ...options, rank: 8 });
  await expect(measureInfluence({ ...job, options: other })).rejects.toThrow(InfluenceMomentError);
  await expect(measureInfluence({ ...job, moments: [] })).rejects.toThrow(InfluenceMomentError);
  const controller = new AbortController();
  const stopped = measureInfluence({
    ...job,
    signal: controller.signal,
    onProgress: (phase) => phase === 'measuring' && controller.abort(new Error('enough'))
  });
  await expect(stopped).rejects.toThrow('enough');
});
