import { describe, expect, it } from 'vitest';
import { dateWords, lastDayWords } from './dates';

describe('dates of statements', () => {
  it('have a year, and the last day is the one before the end', () => {
    expect(dateWords(new Date(2026, 10, 20, 23, 59).toISOString())).toBe('20 Nov 2026');
    expect(lastDayWords(new Date(2027, 6, 1).toISOString())).toBe('30 Jun 2027');
    expect(lastDayWords(new Date(2027, 6, 1, 9).toISOString())).toBe('1 Jul 2027');
  });

  it('say so where there is none', () => {
    expect(dateWords('soon')).toBe('at an unknown time');
    expect(lastDayWords('')).toBe('at an unknown time');
  });
});
