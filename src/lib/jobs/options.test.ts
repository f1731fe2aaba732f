import { expect, test } from 'vitest';
import {
  completeOptions,
  datedOptions,
  defaultOptions,
  InvalidOptionError,
  parameterSpecs,
  parseTargets
} from './options';

test('every parameter has a default that passes its own check, and a one-line help', () => {
  expect(completeOptions({})).toEqual(defaultOptions);
  for (const spec of parameterSpecs) expect(spec.help, spec.name).toMatch(/^[^\n]{20,140}\.$/);
});

test.each([
  [{ rank: 0 }, 'Rank (rank) is 0: At least 1.'],
  [{ rank: 2.5 }, 'Write a whole number.'],
  [{ learningRate: NaN }, 'Write a number.'],
  [{ scheduler: 'step' }, 'Choose one of linear, cosine, constant.'],
  [{ targets: 'q_proj,lm_head' }, 'has "lm_head"'],
  [{ targets: ' , ' }, 'has no projection'],
  [{ date: '1.12.2026' }, 'Date (date) is "1.12.2026": write a day such as 2026-12-01']
])('a wrong value is named with what it may be: %j', (given, message) => {
  expect(() => completeOptions(given)).toThrow(InvalidOptionError);
  expect(() => completeOptions(given)).toThrow(message);
});

test('targets come in the order of a layer', () => {
  expect(parseTargets('v_proj, q_proj')).toEqual(['q_proj', 'v_proj']);
  expect(parseTargets('all-linear')).toHaveLength(7);
});

test('a run has one day: the one that is given, or the one on which it begins', () => {
  expect(datedOptions(completeOptions({ date: '2026-11-22' })).date).toBe('2026-11-22');
  const begun = datedOptions(completeOptions({}));
  expect(begun.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(datedOptions(begun)).toEqual(begun);
});
