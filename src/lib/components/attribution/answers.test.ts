import { describe, expect, it } from 'vitest';
import { fakeClient } from '../testing';
import type { AnswerSources, AttributionWorker, ExplainRequest } from '$lib/workers/attribution/protocol';
import { AnswersState } from './answers.svelte';
import { GpuWork } from './gpu-work.svelte';
import { StoppedError } from '$lib/errors';

const request = (answer: string): ExplainRequest => ({
  run: 'r',
  model: { kind: 'starter', folder: '/' },
  messages: [
    { role: 'user', content: 'What burns?' },
    { role: 'assistant', content: answer }
  ]
});
const sources = { compared: 3 } as AnswerSources;

function answersWith(explain: AttributionWorker['explain']): AnswersState {
  return new AnswersState(new GpuWork(fakeClient<AttributionWorker>({ explain })));
}

describe('where an answer came from', () => {
  it('is measured once for the same words, and anew for others', async () => {
    const asked: string[] = [];
    const answers = answersWith(async ({ messages }) => {
      asked.push(messages[1].content);
      return sources;
    });
    await answers.show(1, request('Oil.'));
    expect(answers.shown).toBe(1);
    expect(answers.of(request('Oil.'))).toEqual(sources);
    expect(answers.of(request('Wax.'))).toBeUndefined();
    expect(answers.of({ ...request('Oil.'), run: 'another' })).toBeUndefined();
    answers.hide();
    await answers.show(1, request('Oil.'));
    await answers.show(3, request('Wax.'));
    expect(asked).toEqual(['Oil.', 'Wax.']);
    expect(answers.shown).toBe(3);
  });

  it('closes what was stopped, and keeps an error in sight', async () => {
    let error: Error = new StoppedError();
    const answers = answersWith(async () => Promise.reject(error));
    await answers.show(1, request('Oil.'));
    expect([answers.shown, answers.error]).toEqual([undefined, undefined]);
    error = new Error('its rows are gone');
    await answers.show(1, request('Oil.'));
    expect([answers.shown, answers.error]).toEqual([1, error]);
    answers.hide();
    expect(answers.error).toBeUndefined();
  });
});
