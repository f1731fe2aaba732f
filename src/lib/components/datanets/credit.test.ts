import { expect, it } from 'vitest';
import { creditLine } from './credit';

const owing = (...names: string[]) => ({ attribution: names.map((name) => ({ id: `id of ${name}`, name })) });

it('names each person once, and says how many more there are', () => {
  expect(creditLine([])).toBe('');
  expect(creditLine([owing(), owing()])).toBe('');
  expect(creditLine([owing('Wen', 'Sal'), owing('Sal')])).toBe('Wen, Sal');
  const many = owing(...Array.from({ length: 23 }, (_, i) => `Person ${i}`));
  expect(creditLine([many])).toMatch(/^Person 0, .*, Person 19 and 3 more$/);
});
