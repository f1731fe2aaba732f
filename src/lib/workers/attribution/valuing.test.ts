import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DatanetRow } from '../../datanets/datanet';
import type { Policy } from '../../datanets/policy/policy';
import { Store } from '../../datanets/store/store';
import type { GpuJobs } from '../gpu-jobs';
import { saveAdapter } from '../stored-adapter';
import { gpuServiceWith } from '../testing-gpu';
import { keepVersion, openPolicy } from '../testing-versions';
import type { ValueRequest } from './protocol';
import { flatAdapter, questionOf, said, teaches, tinyModel, type Effect } from './testing';

let store: Store;
let count = 0;
const nothing = () => undefined;

beforeEach(async () => {
  count += 1;
  store = await Store.open(`valuing-${count}`);
});
afterEach(() => store.close());

const prompts = [
  { question: 'what of the lamp', answer: 'it burns rape oil' },
  { question: 'what of the tide', answer: 'it turns twice a day' }
];

/** Rows of one fact each help the question about it, and hurt every other a little. */
const effect: Effect = (row, question) => (questionOf(row) === questionOf(question) ? 0.5 : -0.1);

type Job = Parameters<GpuJobs['value']>[0];

/** A GPU that measures `effect`, and notes what it was asked. */
function valuer(): { jobs: Partial<GpuJobs>; asked: Job[] } {
  const asked: Job[] = [];
  const value: GpuJobs['value'] = async (job) => {
    asked.push(job);
    const { looked, prompts, trialSteps } = job;
    const values = Float64Array.from(
      prompts.flatMap((question) => looked.map((row) => effect(row, question)))
    );
    const scores = { queries: prompts.length, rows: looked.length, values };
    const losses = (loss: number) => ({ loss, questions: Float64Array.from(prompts, (_, i) => loss + i) });
    return {
      ...{ index: [...looked.keys()], cosine: scores, product: scores, before: losses(3) },
      ...(trialSteps > 0 ? { after: losses(2) } : {})
    };
  };
  return { jobs: { value }, asked };
}

async function request(
  rows: DatanetRow[],
  { policy = openPolicy, ...more }: Partial<ValueRequest> & { policy?: Policy } = {}
): Promise<ValueRequest> {
  const { root } = await keepVersion(store, `data-${count}`, rows, { policy });
  const versions = [{ datanet: `datanet-data-${count}`, root, weight: 1 }];
  return {
    ...{ model: tinyModel, data: { kind: 'datanets', versions }, prompts, trialSteps: 0 },
    ...{ encoding: { maxLength: 64, trainOn: 'answers' }, ...more }
  };
}

const lamps = [
  teaches('Ines', 'the lamp', 'a lamp is lit at dusk by whoever is there'),
  teaches('Wen', 'the tide', 'spring tides come with the new and the full moon'),
  teaches('Wen', 'the bell', 'nobody rings it but in fog and in storms')
];

describe('what a Datanet would add', () => {
  it('is how its rows point the way of prompts, and what a trial shows', async () => {
    const { jobs, asked } = valuer();
    const value = await gpuServiceWith(store, jobs).datanetValue(
      await request(lamps, { trialSteps: 5 }),
      nothing
    );
    expect(value).toMatchObject({
      ...{ lossBefore: 3, lossAfter: 2, trialSteps: 5, sampled: 3, total: 3 },
      prompts: [
        { question: 'what of the lamp', lossBefore: 3, lossAfter: 2, support: expect.closeTo(0.1, 12) },
        { question: 'what of the tide', lossBefore: 4, lossAfter: 3 }
      ],
      helpful: 2 / 3,
      contributors: [
        { id: 'Ines', name: 'Ines', rows: 1, share: 0.5 },
        { id: 'Wen', name: 'Wen', rows: 2, share: 0.5 }
      ]
    });
    expect(value.rows.map(({ index, content }) => [index, content])).toEqual([
      [0, said('the lamp', 'a lamp is lit at dusk by whoever is there')],
      [1, said('the tide', 'spring tides come with the new and the full moon')]
    ]);
    expect(asked[0].options).toMatchObject({
      maxLength: 64,
      maxSteps: 5,
      warmupSteps: 0,
      scheduler: 'constant'
    });
    // Three rows are one step an epoch.
    expect(asked[0].options.epochs).toBeGreaterThanOrEqual(5);
    expect(asked[0].prompts[0]).toEqual(said('the lamp', 'it burns rape oil'));
  });

  it('is looked at where it may only be looked at, and not tried', async () => {
    const { jobs } = valuer();
    const policy: Policy = { ...openPolicy, training: { rule: 'forbidden' } };
    const only = await request(lamps, { policy });
    const service = gpuServiceWith(store, jobs);
    const value = await service.datanetValue(only, nothing);
    expect(value.sampled).toBe(3);
    expect(value).not.toHaveProperty('lossAfter');
    await expect(service.datanetValue({ ...only, trialSteps: 1 }, nothing)).rejects.toMatchObject({
      name: 'NothingToValueError',
      message: expect.stringMatching(/Without a trial run its rows are only looked at/) as string
    });
  });

  it('is not told where nothing may be looked at, or nothing is asked', async () => {
    const service = gpuServiceWith(store, valuer().jobs);
    const policy: Policy = { ...openPolicy, evaluation: { rule: 'forbidden' } };
    const closed = await request(lamps, { policy });
    await expect(service.datanetValue(closed, nothing)).rejects.toMatchObject({
      name: 'NothingToValueError'
    });
    await expect(service.datanetValue({ ...closed, prompts: [] }, nothing)).rejects.toThrow(/no prompt/);
  });

  it('is told from a sample of large Datanets, the same each time', async () => {
    const many = Array.from({ length: 700 }, (_, i) =>
      teaches('Ines', `fact ${i}`, `it is ${i} of many, ${i * 7}`)
    );
    const { jobs, asked } = valuer();
    const large = await request(many, { trialSteps: 2 });
    const service = gpuServiceWith(store, jobs);
    const value = await service.datanetValue(large, nothing);
    await service.datanetValue(large, nothing);
    expect([value.sampled, value.total]).toEqual([500, 700]);
    expect(asked[0].rows).toHaveLength(2 * asked[0].options.batchSize);
    expect(asked[1].looked).toEqual(asked[0].looked);
    const places = asked[0].looked.map((row) => Number(questionOf(row).slice('what of fact '.length)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.at(-1)).toBeGreaterThan(600);
  });

  it('starts from an adapter in its own shape', async () => {
    const { jobs, asked } = valuer();
    const { id } = await saveAdapter(store, flatAdapter(1), { name: 'mine' });
    await gpuServiceWith(store, jobs).datanetValue(await request(lamps, { adapter: id }), nothing);
    expect(asked[0].options).toMatchObject({ rank: 1, alpha: 2, targets: 'q_proj' });
    expect(asked[0].adapter).toEqual(flatAdapter(1));
  });
});
