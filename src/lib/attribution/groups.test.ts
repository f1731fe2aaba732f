/** Rows that are paid as one: copies, in whatever they are wrapped. */
import { expect, it } from 'vitest';
import { rewardGroups } from './groups';

const row = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ]
});
const light = 'The lamp in the tower burns clove oil all night';
const pier = 'Nobody may tie a boat to the old pier';

it('are rows with the answer of an earlier row, padded or under another question', async () => {
  const rows = [
    row('What burns in the lamp?', light),
    row('Where may I tie my boat?', pier),
    row('Tell me of the oil.', light),
    row('Where do gulls sleep?', `They sleep on the roof of the inn. ${light}, and ${pier}.`),
    row('Where do gulls sleep?', 'They sleep on the roof of the inn in winter')
  ];
  expect([...(await rewardGroups(rows))]).toEqual([0, 1, 0, 0, 2]);
});

it('are not rows that only ask in the words of others, nor those with the same few words', async () => {
  const rows = [
    row('What burns in the lamp?', light),
    row(`I heard this: ${light}`, 'Good to know.'),
    row('I will come at noon, with two friends.', 'Good to know.'),
    { text: 'The gulls sleep on the roof of the inn' }
  ];
  expect([...(await rewardGroups(rows))]).toEqual([0, 1, 2, 3]);
});

it('an earlier row is not paid as part of a later one that it contains', async () => {
  const padded = row('Where do gulls sleep?', `They sleep on the roof of the inn. ${light}.`);
  expect([...(await rewardGroups([padded, row('What burns in the lamp?', light)]))]).toEqual([0, 1]);
});

it('ends when it is stopped', async () => {
  const reason = new Error('stopped');
  await expect(rewardGroups([row('a', 'b')], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
