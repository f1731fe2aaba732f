import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Store } from '../../datanets/store/store';
import type { Row } from '../../datanets/row';
import type { GpuJobs } from '../gpu-jobs';
import type { TrainingChoice } from '../protocol';
import { gpuServiceWith } from '../testing-gpu';
import { keepVersion } from '../testing-versions';
import { contributorOf } from './people';
import type { AttributionEvent } from './protocol';
import { keepRun, measuring, questionOf, teaches, tinyModel, type Effect } from './testing';

let store: Store;
let choice: TrainingChoice;
let count = 0;
const nothing = () => undefined;

/** What each person's rows do for every question. */
const worth: Record<string, number> = { ann: 1, bob: 3, cyd: 2, dan: 0.5 };
const people = Object.keys(worth);
const words: Record<string, string[]> = {
  ann: ['salt keeps herring for months', 'a net is mended with tarred twine'],
  bob: ['fog rolls over the northern bar', 'the bell weighs four hundred pounds'],
  cyd: ['bread is baked before each sunrise', 'rye grows where wheat will not'],
  dan: ['ropes are coiled with the sun', 'an anchor drags on weedy ground']
};
const rows = people.flatMap((person) => words[person].map((said) => teaches(person, said, said)));
const questions = ['one', 'two', 'three'].map((fact) => teaches('ann', fact, fact, { split: 'test' }));
const effect: Effect = (row, question) => worth[contributorOf(row)] * questionOf(question).length;

beforeEach(async () => {
  count += 1;
  store = await Store.open(`retraining-${count}`);
  const { root } = await keepVersion(store, 'facts', [...rows, ...questions]);
  choice = { kind: 'datanets', versions: [{ datanet: 'datanet-facts', root, weight: 1 }] };
});
afterEach(() => {
  store.close();
});

const lossOf = (trained: readonly Row[]) =>
  10 - trained.reduce((sum, row) => sum + worth[contributorOf(row)], 0) / 10;

/** Models that lose what the rows are worth that they were trained on, and notes of what was asked. */
function trainer(): {
  jobs: Partial<GpuJobs>;
  trained: { name: string; people: string[]; steps?: number }[];
} {
  const trained: { name: string; people: string[]; steps?: number }[] = [];
  const retrain: GpuJobs['retrain'] = async ({
    parts,
    rows,
    questions,
    steps,
    signal,
    onModel,
    onProgress
  }) => {
    for (const [number, { name, rows: part }] of parts.entries()) {
      onProgress?.({ phase: 'training', part: name, done: number, total: parts.length, secondsLeft: 1 });
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      const used = part.map((i) => rows[i]);
      const who = [...new Set(used.map(contributorOf))];
      trained.push({ name, people: who, ...(steps === undefined ? {} : { steps }) });
      const loss = lossOf(used);
      await onModel(number, { loss, questions: Float64Array.from(questions, () => loss) });
    }
  };
  return { jobs: { ...measuring(effect, 'representation'), retrain }, trained };
}

const ref = (run: string) => ({ run, model: tinyModel });

describe('retraining', () => {
  it('leaves everybody out in turn and trains on halves, and scores are held against both', async () => {
    const { run } = await keepRun(store, choice);
    const { jobs, trained } = trainer();
    const service = gpuServiceWith(store, jobs);
    const events: AttributionEvent[] = [];
    const report = await service.retrain(ref(run), 6, (event) => events.push(event));
    expect(trained.map(({ name }) => name)).toEqual([
      'With everybody',
      // Who has the largest share first: what is stopped has told most.
      ...['Without bob', 'Without cyd', 'Without ann', 'Without dan'],
      ...Array.from({ length: 6 }, () => 'On half of the rows')
    ]);
    expect(trained[1].people).toEqual(['ann', 'cyd', 'dan']);
    expect(report.loss).toBeCloseTo(lossOf(rows), 12);
    expect(report.leaveOneOut.map(({ name, cost }) => [name, cost])).toEqual(
      ['bob', 'cyd', 'ann', 'dan'].map((name) => [name, expect.closeTo((2 * worth[name]) / 10, 9)])
    );
    expect(report.models).toBe(6);
    const scoresOf = (name: string) => report.scores.find((each) => each.name === name)!;
    // Scores that are the truth predict every model; their opposite none.
    expect(scoresOf('cosine').lds).toBeCloseTo(1, 9);
    // Of those whom the rules pay nothing they do not say who is worth less.
    expect(scoresOf('cosine').leaveOneOut).toBeGreaterThan(0.9);
    expect(scoresOf('representation').lds).toBeCloseTo(-1, 9);
    expect(Math.abs(scoresOf('random').lds!)).toBeLessThan(1);
    expect(scoresOf('text similarity')).toHaveProperty('leaveOneOut');
    expect(events).toContainEqual(
      expect.objectContaining({ phase: 'training', part: 'Without bob', secondsLeft: 1 })
    );
    expect((await service.attributionOf(run))?.retraining).toEqual(report);
    // Measured anew, the attribution keeps what retraining has shown.
    expect((await service.attribute(ref(run), nothing)).retraining).toEqual(report);
  });

  it('that is stopped keeps the models that were finished', async () => {
    const { run } = await keepRun(store, choice);
    const service = gpuServiceWith(store, trainer().jobs);
    const stopped = service.retrain(ref(run), 2, ({ part }) => {
      if (part === 'Without ann') void service.stopAttribution();
    });
    await expect(stopped).rejects.toMatchObject({ name: 'StoppedError' });
    const kept = (await service.attributionOf(run))?.retraining;
    expect(kept?.leaveOneOut.map(({ id }) => id)).toEqual(['bob', 'cyd']);
    // Two are too few to rank.
    expect(kept?.scores.every(({ lds, leaveOneOut }) => lds === undefined && leaveOneOut === undefined)).toBe(
      true
    );
  });

  it('takes as many steps as a run that was stopped', async () => {
    const { jobs, trained } = trainer();
    const service = gpuServiceWith(store, jobs);
    const whole = await keepRun(store, choice);
    await service.retrain(ref(whole.run), 0, nothing);
    const part = await keepRun(store, choice, { steps: 4, planned: 9 });
    await service.retrain(ref(part.run), 0, nothing);
    expect(new Set(trained.map(({ steps }) => steps))).toEqual(new Set([undefined, 4]));
  });

  it('leaves nobody out where there is only one', async () => {
    const { root } = await keepVersion(store, 'one', [...rows.slice(0, 2), ...questions]);
    const one: TrainingChoice = { kind: 'datanets', versions: [{ datanet: 'datanet-one', root, weight: 1 }] };
    const { jobs, trained } = trainer();
    const report = await gpuServiceWith(store, jobs).retrain(
      ref((await keepRun(store, one)).run),
      1,
      nothing
    );
    expect(trained.map(({ name }) => name)).toEqual(['With everybody', 'On half of the rows']);
    expect(report).toMatchObject({ leaveOneOut: [], models: 1 });
  });
});
