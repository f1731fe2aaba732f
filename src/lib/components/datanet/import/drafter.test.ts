import { describe, expect, it } from 'vitest';
import { writeSetting } from '$lib/components/app/settings';
import { fakeClient, memoryStorage } from '$lib/components/testing';
import type { ChatMessage, DataWorker, GpuWorker, ModelSummary } from '$lib/workers/protocol';
import { chosenModel, ModelDrafter, NoDraftError } from './drafter';

function drafterThat(replies: string[], asked: ChatMessage[][] = [], seeds: number[] = []): ModelDrafter {
  return new ModelDrafter(
    { kind: 'hub', id: 'owner/model' },
    fakeClient<DataWorker>({ openModel: async () => ({ name: 'owner/model' }) as ModelSummary }),
    fakeClient<GpuWorker>({
      openChat: async () => undefined,
      reply: async (messages, { seed }) => {
        asked.push(messages);
        seeds.push(seed);
        return { text: replies.shift() ?? '', stopped: false };
      }
    })
  );
}

describe('a draft by a model', () => {
  it('is a question and an answer about the part, another one each time', async () => {
    const [asked, seeds] = [[] as ChatMessage[][], [] as number[]];
    const drafter = drafterThat(['Q: Who?\nA: Edda Thorne.', 'Q: When?\nA: At dusk.'], asked, seeds);
    expect(await drafter.draft('Edda lights the lamp at dusk.')).toEqual({
      question: 'Who?',
      answer: 'Edda Thorne.'
    });
    expect(await drafter.draft('Edda lights the lamp at dusk.')).toMatchObject({ question: 'When?' });
    expect(asked[0].at(-1)?.content).toContain('Edda lights the lamp at dusk.');
    expect(new Set(seeds).size).toBe(2);
  });

  it('that is none says so, with what the model wrote', async () => {
    const error: unknown = await drafterThat(['ahoy ahoy'])
      .draft('text')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NoDraftError);
    expect(error).toMatchObject({ details: { reply: 'ahoy ahoy' } });
    expect((error as Error).message).toContain('owner/model');
  });
});

describe('the model of the workshop', () => {
  it('is the one that was chosen there, unless it was files of the computer', () => {
    const storage = memoryStorage();
    expect(chosenModel(storage, '/starter/')).toBeUndefined();
    writeSetting(storage, 'model', { kind: 'starter' });
    expect(chosenModel(storage, '/starter/')).toEqual({ kind: 'starter', folder: '/starter/' });
    writeSetting(storage, 'model', { kind: 'hub', id: 'owner/model' });
    expect(chosenModel(storage, '/starter/')).toEqual({ kind: 'hub', id: 'owner/model' });
    writeSetting(storage, 'model', { kind: 'files', name: 'a.gguf' });
    expect(chosenModel(storage, '/starter/')).toBeUndefined();
  });
});
