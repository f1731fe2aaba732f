import { describe, expect, it } from 'vitest';
import { fakeClient } from '../testing';
import type { ChatMessage, ChatRequest, GpuWorker } from '$lib/workers/protocol';
import { ChatState } from './chat.svelte';

const request: ChatRequest = {
  model: { kind: 'starter', folder: '/' },
  modelName: 'tabtune-starter',
  adapter: 'a',
  quant: 'nf4'
};

function chatWith(reply: GpuWorker['reply'], stopReply = async () => undefined): ChatState {
  return new ChatState(fakeClient<GpuWorker>({ openChat: async () => undefined, reply, stopReply }));
}

describe('the same question to both models', () => {
  it('streams both answers and keeps a conversation of its own for each', async () => {
    const asked: { messages: ChatMessage[]; tuned: boolean }[] = [];
    const seen: (string | undefined)[] = [];
    const chat = chatWith(async (messages, _, tuned, onEvent) => {
      asked.push({ messages, tuned });
      onEvent({ text: 'half' });
      seen.push(tuned ? chat.tuned.streaming : chat.base.streaming);
      return { text: tuned ? 'Pelhaven' : 'no idea', stopped: false, decodeTokensPerSecond: 12 };
    });
    await chat.ask(request, ' Where? ');
    await chat.ask(request, 'Sure?');
    expect(seen).toEqual(['half', 'half', 'half', 'half']);
    expect(chat.base.messages.map((message) => message.content)).toEqual([
      'Where?',
      'no idea',
      'Sure?',
      'no idea'
    ]);
    expect(chat.tuned.messages.map((message) => message.content)).toEqual([
      'Where?',
      'Pelhaven',
      'Sure?',
      'Pelhaven'
    ]);
    expect(asked[3]).toMatchObject({
      tuned: true,
      messages: [{}, { content: 'Pelhaven' }, { content: 'Sure?' }]
    });
    expect(chat.tuned.speed).toMatchObject({ decodeTokensPerSecond: 12 });
    expect(chat.busy).toBe(false);
  });

  it('shows an answer once, whatever is said of it after its end, and where it was cut off', async () => {
    const chat = chatWith(async (_, __, ___, onEvent) => {
      onEvent({ text: 'All of' });
      // Events have a channel of their own, and may be slower than the answer.
      setTimeout(() => onEvent({ text: 'All of it' }));
      return { text: 'All of it', stopped: false, cut: true };
    });
    await chat.ask({ ...request, adapter: undefined }, 'What?');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(chat.base.streaming).toBeUndefined();
    await chat.ask({ ...request, adapter: undefined }, 'And?');
    expect(chat.base.messages.map((message) => message.content)).toEqual([
      'What?',
      'All of it',
      'And?',
      'All of it'
    ]);
    expect(chat.base.cut).toEqual([1, 3]);
  });

  it('is open once it has answered, though the last word of opening it comes late', async () => {
    const chat = new ChatState(
      fakeClient<GpuWorker>({
        openChat: async (_, onEvent) => void setTimeout(() => onEvent({ phase: 'compiling' })),
        reply: async () => ({ text: 'yes', stopped: false })
      })
    );
    await chat.ask(request, 'Is it?');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(chat.busy).toBe(false);
  });

  it('shows what is to be known of the model, until another is asked', async () => {
    const opened: ChatRequest[] = [];
    const chat = new ChatState(
      fakeClient<GpuWorker>({
        openChat: async (asked, onEvent) => {
          if (opened.length === 0) onEvent({ phase: 'warned', message: 'It was trained on another base.' });
          opened.push(asked);
        },
        reply: async () => ({ text: 'yes', stopped: false }),
        stopReply: async () => undefined
      })
    );
    await chat.ask(request, 'Is it?');
    await chat.ask(request, 'And now?');
    expect(chat.notices).toEqual(['It was trained on another base.']);
    await chat.ask({ ...request, adapter: 'b' }, 'And this one?');
    expect(chat.notices).toEqual([]);
  });

  it('says that the GPU was lost until the answer comes anew', async () => {
    const notice = 'The GPU was lost: it stopped. Asking again on a new device.';
    const seen: unknown[] = [];
    const chat = chatWith(async (_, __, ___, onEvent) => {
      for (const event of [{ text: 'half' }, { text: '', notice }, { text: 'whole' }]) {
        onEvent(event);
        seen.push([chat.base.streaming, chat.notice]);
      }
      return { text: 'whole', stopped: false };
    });
    await chat.ask({ ...request, adapter: undefined }, 'Where?');
    expect(seen).toEqual([
      ['half', undefined],
      ['', notice],
      ['whole', undefined]
    ]);
    expect(chat.base.messages.at(-1)).toEqual({ role: 'assistant', content: 'whole' });
  });

  it('asks only the base where there is no adapter', async () => {
    const chat = chatWith(async () => ({ text: 'yes', stopped: false }));
    await chat.ask({ ...request, adapter: undefined }, 'Is it?');
    expect(chat.base.messages).toHaveLength(2);
    expect(chat.tuned.messages).toHaveLength(0);
  });

  it('stops both when the first is stopped, and keeps what has come', async () => {
    const chat = chatWith(async (_, __, ___, onEvent) => {
      onEvent({ text: 'the first words' });
      await chat.stop();
      return { text: 'the first words', stopped: true };
    });
    await chat.ask(request, 'Tell me all');
    expect(chat.base.messages.at(-1)?.content).toBe('the first words');
    expect(chat.tuned.messages).toEqual([]);
  });

  it('says what failed, keeps what has come, and takes back a question without an answer', async () => {
    const chat = chatWith(async (_, __, tuned, onEvent) => {
      onEvent({ text: tuned ? '' : 'partly' });
      throw new Error('device lost');
    });
    await chat.ask(request, 'Why?');
    expect((chat.error as Error).message).toBe('device lost');
    expect(chat.base.messages.map((message) => message.content)).toEqual(['Why?', 'partly']);
    expect(chat.tuned.messages).toEqual([]);
    expect(chat.busy).toBe(false);
  });
});
