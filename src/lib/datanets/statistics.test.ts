import { beforeAll, describe, expect, it } from 'vitest';
import { NoChatTemplateError } from '../formats/chat-template';
import { loadTokenizer, type ChatTokenizer } from '../formats/tokenizer';
import { mistral, smollm2 } from '../formats/tokenizer.fixtures';
import type { Row } from './row';
import { encodeRows, NothingToTrainError } from './statistics';

const chat = (question: string, answer: string): Row => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ]
});

let tokenizer: ChatTokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(mistral());
});

describe('encoding a data set', () => {
  it('counts tokens, and leaves out with a reason what cannot be trained on', async () => {
    const rows: Row[] = [
      chat('what?', 'Yes'),
      { messages: [{ role: 'system', content: 'Hello' }] },
      chat('the '.repeat(40), 'Yes'),
      { messages: [{ role: 'user', content: 'Hello' }] },
      chat('is it?', 'the answer is '.repeat(20)),
      { text: 'the answer' }
    ];
    const { encoded, index, statistics, refusals } = await encodeRows(rows, tokenizer, { maxLength: 40 });
    expect(index).toEqual([0, 4, 5]);
    expect(encoded).toHaveLength(3);
    expect(refusals).toEqual([
      { row: 1, reason: expect.stringContaining('refuses the conversation (system)') }
    ]);
    expect(statistics).toMatchObject({ rows: 6, longest: 40, cutRows: [2, 4], untrainable: [2, 3] });
    const kept = encoded.reduce((sum, row) => sum + row.trained.filter((flag) => flag === 1).length, 0);
    expect(statistics.trainedTokens).toBe(kept);
    expect(statistics.cutTokens).toBeGreaterThan(0);
  });

  it('says why nothing is left', async () => {
    const cut = encodeRows([chat('the '.repeat(40), 'Yes')], tokenizer, { maxLength: 8 });
    await expect(cut).rejects.toThrow(NothingToTrainError);
    await expect(cut).rejects.toThrow(/1 have no answer within the maximum length of 8 tokens.*Raise/);
    const silent = encodeRows([{ messages: [{ role: 'user', content: 'Hello' }] }], tokenizer, {
      maxLength: 80
    });
    await expect(silent).rejects.toThrow(/1 have no assistant answer/);
    await expect(encodeRows([], tokenizer, { maxLength: 8 })).rejects.toThrow(/there are no rows/);
  });

  it('stops at a model that cannot read conversations at all', async () => {
    const { tokenizerJson } = smollm2();
    const bare = await loadTokenizer({ tokenizerJson, tokenizerConfig: {} });
    const encoding = encodeRows([{ text: 'the' }, chat('what?', 'Yes')], bare, { maxLength: 40 });
    await expect(encoding).rejects.toThrow(NoChatTemplateError);
  });

  it('lets other work run, reports progress and can be aborted', async () => {
    const rows = Array.from({ length: 3000 }, () => chat('what is the answer?', 'Yes'));
    const abort = new AbortController();
    const seen: number[] = [];
    const encoding = encodeRows(rows, tokenizer, {
      maxLength: 40,
      signal: abort.signal,
      onProgress: (done) => {
        seen.push(done);
        if (seen.length === 2) abort.abort(new Error('enough'));
      }
    });
    await expect(encoding).rejects.toThrow('enough');
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBeGreaterThan(seen[0]);
  });
});
