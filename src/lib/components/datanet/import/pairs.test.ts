import { describe, expect, it } from 'vitest';
import { fakeClient } from '$lib/components/testing';
import type { DatanetWorker, RowChange, RowContent, RowItem } from '$lib/workers/datanets/protocol';
import { DatanetPage } from '../page.svelte';
import { PairWriting } from './pairs.svelte';

const item = { id: 1, name: 'log.txt', input: { kind: 'text' as const, text: '' } };
const mapping = { to: 'chunks' as const, size: 100, overlap: 0, source: 'log', tags: ['harbour'] };

function writing(
  addRow: (content: RowContent, change: RowChange & { drafted?: boolean }) => void
): PairWriting {
  const client = fakeClient<DatanetWorker>({
    previewImport: async () => ({ rows: [{ text: 'one' }, { text: 'two' }], problems: [] }),
    addRow: async (_, content, change) => {
      addRow(content, change);
      return {} as RowItem;
    }
  });
  return new PairWriting(new DatanetPage(client, 'a'));
}

describe('questions and answers about a document', () => {
  it('become rows that say which part they are about', async () => {
    const added: unknown[] = [];
    const pairs = writing((content, change) => added.push([content, change]));
    await pairs.read(item, mapping);
    pairs.go(5);
    expect(pairs.at).toBe(1);
    expect(await pairs.add(mapping)).toBe(false);
    pairs.question = ' Which? ';
    pairs.answer = 'Two.';
    expect(await pairs.add(mapping)).toBe(true);
    expect(added).toEqual([
      [
        {
          messages: [
            { role: 'user', content: 'Which?' },
            { role: 'assistant', content: 'Two.' }
          ]
        },
        { source: 'log, part 2', tags: ['harbour'], drafted: false }
      ]
    ]);
    expect([pairs.question, pairs.answer, pairs.written]).toEqual(['', '', 1]);
  });

  it('drafted by a model stay marked as drafted, however much is changed; the next is not', async () => {
    const drafted: (boolean | undefined)[] = [];
    const pairs = writing((_, change) => drafted.push(change.drafted));
    await pairs.read(item, mapping);
    const drafter = {
      name: 'a model',
      draft: async (text: string) => ({ question: `About ${text}?`, answer: 'Yes.' }),
      end: () => undefined
    };
    await pairs.draft(drafter);
    expect(pairs.question).toBe('About one?');
    pairs.question = 'Mine?';
    pairs.answer = 'Mine.';
    await pairs.add(mapping);
    pairs.question = 'Own?';
    pairs.answer = 'Own.';
    await pairs.add(mapping);
    expect(drafted).toEqual([true, false]);
  });

  it('that cannot be saved or drafted stay in the fields, with the reason', async () => {
    const pairs = writing(() => {
      throw new Error('the disk is full');
    });
    await pairs.read(item, mapping);
    pairs.question = 'Which?';
    pairs.answer = 'Two.';
    expect(await pairs.add(mapping)).toBe(false);
    expect(pairs.error).toMatchObject({ message: 'the disk is full' });
    await pairs.draft({
      name: 'a model',
      draft: async () => {
        throw new Error('no GPU');
      },
      end: () => undefined
    });
    expect(pairs.question).toBe('Which?');
    expect(pairs.error).toMatchObject({ message: 'no GPU' });
  });
});
