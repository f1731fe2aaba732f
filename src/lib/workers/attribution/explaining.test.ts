import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Store } from '../../datanets/store/store';
import { OutOfGpuMemoryError } from '../../gpu/device';
import type { ExplainerOptions } from '../../jobs/explain';
import type { GpuJobs } from '../gpu-jobs';
import type { ChatRequest, TrainingChoice } from '../protocol';
import { gpuServiceWith } from '../testing-gpu';
import { lockManager } from '../testing-locks';
import { withTrainingLock } from '../training-lock';
import { keepVersion, openPolicy } from '../testing-versions';
import type { AttributionEvent, ExplainRequest } from './protocol';
import { keepRun, measuring, sameFact, teaches, tinyModel } from './testing';

let store: Store;
let choice: TrainingChoice;
let count = 0;
const nothing = () => undefined;

/** Those of Wen may be used and not be shown to others than the owner. */
const rows = [
  teaches('Ines', 'the lamp', 'The lamp burns rape oil.', { contribution: 'open' }),
  teaches('Ines', 'the oil', 'Rape oil is pressed from seed.', { contribution: 'open' }),
  teaches(
    'Wen',
    'the keeper',
    'She was told by an old man in a boat that the lamp burns rape oil, and never by anybody else.',
    { contribution: 'hidden' }
  ),
  teaches('Wen', 'the fog', 'Nothing is seen in fog.', { contribution: 'hidden' })
];
const answer = 'Well: the lamp burns rape oil!';

beforeEach(async () => {
  count += 1;
  store = await Store.open(`explaining-${count}`);
  const entry = (id: string, contributor: string) => ({
    ...{ id, contributor, licence: { spdx: 'CC0-1.0' }, rows: 2 }
  });
  const unseen = { ...openPolicy, display: { rule: 'forbidden' as const } };
  const { root } = await keepVersion(store, 'lamp', rows, {
    contributions: [entry('open', 'Ines'), { ...entry('hidden', 'Wen'), policy: unseen }]
  });
  choice = { kind: 'datanets', versions: [{ datanet: 'datanet-lamp', root, weight: 1 }] };
});
afterEach(() => {
  store.close();
});

const asks = (run: string, more: Partial<ExplainRequest> = {}): ExplainRequest => ({
  ...{ run, model: tinyModel, ...more },
  messages: [
    { role: 'user', content: 'What burns?' },
    { role: 'assistant', content: answer }
  ]
});

/** Explainers that score rows as given, and note what happens to them. */
function explainers(scores = [3, -1, 2, 1]) {
  const opened: ExplainerOptions[] = [];
  let closed = 0;
  const jobs: Partial<GpuJobs> = {
    ...measuring(sameFact),
    openExplainer: async (options) => {
      opened.push(options);
      return {
        explain: async () => ({
          ...{ index: [0, 1, 2, 3], scores: Float64Array.from(scores) },
          moments: [new Float64Array(4), new Float64Array(4)],
          ...{ tokens: { answer: 5, all: 9 }, milliseconds: { gradient: 4, comparing: 2 } }
        }),
        destroy: () => void (closed += 1)
      };
    }
  };
  return { jobs, opened, closed: () => closed };
}

describe('where an answer came from', () => {
  it('is rows, people and exact words, and what may not be shown is counted only', async () => {
    const { run } = await keepRun(store, choice);
    const { jobs } = explainers();
    const found = await gpuServiceWith(store, jobs).explain(asks(run, { top: 2 }), nothing);
    expect(found).toMatchObject({
      compared: 4,
      moments: 2,
      missing: [3],
      milliseconds: { gradient: 4, comparing: 2 }
    });
    const start = answer.indexOf('lamp');
    expect(found.spans).toEqual([{ start, end: answer.indexOf('!'), rows: [0], count: 2 }]);
    expect(found.hiddenSpans).toBe(1);
    const { messages } = rows[0] as { messages: unknown };
    expect(found.rows).toEqual([
      {
        ...{ index: 0, contributor: { id: 'Ines', name: 'Ines' }, score: 3, share: 0.5 },
        content: { messages },
        matches: [{ message: 1, start: 4, end: 23 }]
      },
      {
        index: 2,
        contributor: { id: 'Wen', name: 'Wen' },
        score: 2,
        share: expect.closeTo(1 / 3),
        matches: []
      }
    ]);
    // By the rules of shares: who repeats somebody's answer with more around it earns nothing for that.
    expect(found.contributors).toEqual([
      { id: 'Ines', name: 'Ines', share: 0.75 },
      { id: 'Wen', name: 'Wen', share: 0.25 }
    ]);
  });

  it('names no row where none helped', async () => {
    const { run } = await keepRun(store, choice);
    const found = await gpuServiceWith(store, explainers([-1, 0, -2, -3]).jobs).explain(asks(run), nothing);
    expect(found).toMatchObject({ rows: [], contributors: [], compared: 4 });
    expect(found.spans[0].rows).toEqual([0]);
  });

  it('sketches rows once, and stays open until the memory is needed', async () => {
    const { run } = await keepRun(store, choice);
    const { jobs, opened, closed } = explainers();
    const sketch = vi.fn(jobs.sketch!);
    const service = gpuServiceWith(store, { ...jobs, sketch });
    const events: AttributionEvent[] = [];
    await service.explain(asks(run), (event) => events.push(event));
    await service.explain(asks(run), nothing);
    expect([opened.length, sketch.mock.calls.length, closed()]).toEqual([1, 1, 0]);
    expect(opened[0].sketched.moments).toHaveLength(2);
    expect(events.at(-1)).toEqual({ phase: 'measuring' });
    const other = await keepRun(store, choice);
    await service.explain(asks(other.run), nothing);
    expect([opened.length, closed()]).toEqual([2, 1]);
    await service.release();
    expect(closed()).toBe(2);
    // The sketches outlive the worker.
    const again = explainers();
    await gpuServiceWith(store, { ...again.jobs, sketch }).explain(asks(run), nothing);
    expect([again.opened.length, sketch.mock.calls.length]).toEqual([1, 2]);
  });

  it('sketches rows only while no other tab trains', async () => {
    const { run } = await keepRun(store, choice);
    const locks = lockManager();
    const { jobs } = explainers();
    const service = gpuServiceWith(store, jobs, locks);
    await withTrainingLock(locks, async () => {
      await expect(service.explain(asks(run), nothing)).rejects.toMatchObject({
        name: 'AnotherTabTrainsError'
      });
    });
    await service.explain(asks(run), nothing);
    // A question about rows that are known takes no more than a chat does.
    await withTrainingLock(locks, () => service.explain(asks(run), nothing));
  });
});

describe('an explainer beside a chat', () => {
  const chat: ChatRequest = { model: tinyModel, modelName: tinyModel.name, quant: 'nf4' };
  const loaded = { store: {}, base: {} } as never;

  function withChat(jobs: Partial<GpuJobs>) {
    const order: string[] = [];
    const session = {
      // Nothing is said in these tests.
      reply: undefined as never,
      loaded,
      destroy: async () => void order.push('chat closed')
    };
    return { order, jobs: { ...jobs, openChat: async () => session } as Partial<GpuJobs> };
  }

  it('shares its base, and is closed before it', async () => {
    const { run } = await keepRun(store, choice);
    const { jobs, opened } = explainers();
    const { order, jobs: all } = withChat(jobs);
    const service = gpuServiceWith(store, {
      ...all,
      openExplainer: async (options) => {
        const explainer = await jobs.openExplainer!(options);
        return { ...explainer, destroy: () => void order.push('explainer closed') };
      }
    });
    // Rows are sketched without the chat: that takes more memory.
    await service.explain(asks(run), nothing);
    await service.openChat(chat, nothing);
    expect(order).toEqual(['explainer closed']);
    await service.explain(asks(run), nothing);
    expect(opened.map((options) => options.loaded)).toEqual([undefined, loaded]);
    await service.openChat({ ...chat, quant: 'none' }, nothing);
    expect(order).toEqual(['explainer closed', 'explainer closed', 'chat closed']);
  });

  it('takes its place where both do not fit', async () => {
    const { run } = await keepRun(store, choice);
    const { jobs } = explainers();
    await gpuServiceWith(store, jobs).explain(asks(run), nothing);
    const { order, jobs: all } = withChat(jobs);
    let tries = 0;
    const service = gpuServiceWith(store, {
      ...all,
      openExplainer: async (options) => {
        tries += 1;
        if (options.loaded) throw new OutOfGpuMemoryError('There is no room.');
        return jobs.openExplainer!(options);
      }
    });
    await service.openChat(chat, nothing);
    const found = await service.explain(asks(run), nothing);
    expect([found.compared, tries]).toEqual([4, 2]);
    expect(order).toEqual(['chat closed']);
  });
});
