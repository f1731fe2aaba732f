import { describe, expect, it } from 'vitest';
import { fakeClient, memoryStorage } from '../testing';
import type { AttributionWorker, DatanetValue, ValueRequest } from '$lib/workers/attribution/protocol';
import { GpuWork } from './gpu-work.svelte';
import { ValueState } from './value.svelte';
import { StoppedError } from '$lib/errors';

const request: Omit<ValueRequest, 'prompts' | 'trialSteps'> = {
  model: { kind: 'starter', folder: '/' },
  data: { kind: 'rows', rowSet: 's' },
  encoding: { maxLength: 40, trainOn: 'answers' }
};
const value = { lossBefore: 3 } as DatanetValue;

function valueWith(datanetValue: AttributionWorker['datanetValue'], storage = memoryStorage()): ValueState {
  return new ValueState(storage, new GpuWork(fakeClient<AttributionWorker>({ datanetValue })));
}

describe('what data would add', () => {
  it('is measured on the questions that are whole, and shown for the data it was asked of only', async () => {
    let asked: ValueRequest | undefined;
    const state = valueWith(async (request) => {
      asked = request;
      return value;
    });
    expect(state.takeLines('What burns?\tClove oil\nWhy?\tBecause')).toEqual({
      taken: 2,
      refused: 0,
      tooMany: 0
    });
    expect(state.takeLines('Why?\tBecause')).toMatchObject({ taken: 0, tooMany: 0 });
    state.add();
    state.setTrialSteps(5);
    await state.measure(request);
    expect(asked).toMatchObject({ trialSteps: 5, prompts: [{ answer: 'Clove oil' }, { question: 'Why?' }] });
    expect(asked?.prompts).toHaveLength(2);
    expect(state.of(request)).toEqual(value);
    expect(state.of({ ...request, data: { kind: 'rows', rowSet: 'other' } })).toBeUndefined();
    expect(state.of({ ...request, adapter: 'a' })).toBeUndefined();
  });

  it('tells what failed, and nothing of what was stopped', async () => {
    let error: Error = new Error('no row may be used');
    const state = valueWith(() => Promise.reject(error));
    await state.measure(request);
    expect(state.error).toBe(error);
    error = new StoppedError();
    await state.measure(request);
    expect([state.error, state.of(request)]).toEqual([undefined, undefined]);
  });

  it('keeps between two and twenty questions, over a reload too', () => {
    const storage = memoryStorage();
    const state = valueWith(async () => value, storage);
    expect(state.prompts).toHaveLength(2);
    const lines = Array.from({ length: 25 }, (_, i) => `Question ${i}\tAnswer ${i}`).join('\n');
    expect(state.takeLines(lines)).toEqual({ taken: 20, refused: 0, tooMany: 5 });
    state.add();
    expect(state.prompts).toHaveLength(20);
    expect(valueWith(async () => value, storage).prompts[19]).toEqual({
      question: 'Question 19',
      answer: 'Answer 19'
    });
    while (state.prompts[0].question) state.remove(0);
    expect(state.prompts).toHaveLength(2);
    storage.setItem('tabtune.value', '{"prompts":[null],"trialSteps":-1}');
    expect(valueWith(async () => value, storage).prompts).toHaveLength(2);
  });

  it('takes a trial of 0 to 200 steps', () => {
    const state = valueWith(async () => value);
    for (const [asked, kept] of [
      [0, 0],
      [-4, 0],
      [1e6, 200],
      [Number.NaN, 200]
    ]) {
      state.setTrialSteps(asked);
      expect(state.trialSteps).toBe(kept);
    }
  });
});
