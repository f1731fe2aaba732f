import { expect, test } from 'vitest';
import { TokenIdError } from '../model/token-ids';
import { BatchTooLargeError, packBatch } from './batch';

const row = (tokens: number[], trained: number[]) => ({
  tokens: Uint32Array.from(tokens),
  trained: Uint8Array.from(trained)
});

test('rows lie behind one another, and each target is predicted from the token before it', () => {
  const batch = packBatch([row([5, 6, 7], [0, 0, 1]), row([8, 9], [0, 1])], 10, 10);
  expect([...batch.ids]).toEqual([5, 6, 7, 8, 9]);
  expect([...batch.positions]).toEqual([0, 1, 2, 0, 1]);
  expect([...batch.spans]).toEqual([0, 3, 0, 3, 0, 3, 3, 5, 3, 5]);
  expect([...batch.gather]).toEqual([1, 3]);
  expect([...batch.targets]).toEqual([7, 9]);
  expect([...batch.scatter]).toEqual([0, 1, 0, 2, 0]);
  expect(batch).toMatchObject({ tokens: 5, trained: 2 });
});

test('the last token of a row predicts nothing, not even the next row', () => {
  expect(packBatch([row([1, 2], [0, 0]), row([3, 4], [1, 0])], 4, 10).trained).toBe(0);
});

test('more tokens than the plan has room for are refused with both numbers', () => {
  expect(() => packBatch([row([1, 2, 3], [0, 1, 1])], 2, 10)).toThrow(BatchTooLargeError);
  expect(() => packBatch([row([1, 2, 3], [0, 1, 1])], 2, 10)).toThrow(
    'A batch of 3 tokens does not fit a plan for 2.'
  );
});

test('sequences of one row see nothing of each other, and stay one row', () => {
  const two = { ...row([5, 6, 7, 8, 9], [0, 1, 0, 0, 1]), starts: [2] };
  const apart = packBatch([row([5, 6], [0, 1]), row([7, 8, 9], [0, 0, 1])], 10, 10);
  expect(packBatch([two], 10, 10)).toEqual(apart);
  expect([...apart.positions]).toEqual([0, 1, 0, 1, 2]);
});

test('an id without a row in the embedding never leaves the processor', () => {
  expect(packBatch([row([0, 319], [0, 1])], 4, 320).tokens).toBe(2);
  expect(() => packBatch([row([5, 320], [0, 1])], 4, 320)).toThrow(TokenIdError);
  expect(() => packBatch([row([5, 320], [0, 1])], 4, 320)).toThrow(
    "Token 1 has the id 320; the model's embedding has the 320 rows 0 to 319."
  );
});
