import { expect, test } from 'vitest';
import { checkTokenIds, TokenIdError } from './token-ids';

test('every id must have a row', () => {
  expect(() => checkTokenIds([0, 319], 320)).not.toThrow();
  for (const id of [320, -1, 1.5, NaN]) expect(() => checkTokenIds([0, id], 320)).toThrow(TokenIdError);
});
