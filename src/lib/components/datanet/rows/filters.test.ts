import { describe, expect, it } from 'vitest';
import { checkOfPart, countFilters, noFilters, queryOf } from './filters';

describe('the filters of the rows', () => {
  it('ask nothing when they are empty', () => {
    expect(queryOf(noFilters)).toEqual({});
    expect(countFilters(noFilters)).toBe(0);
  });

  it('ask what is filled in; a length that is no number asks nothing', () => {
    const filters = {
      ...noFilters,
      text: ' light ',
      split: 'test' as const,
      minLength: '12',
      maxLength: 'many'
    };
    expect(queryOf(filters)).toEqual({ text: 'light', split: 'test', minLength: 12 });
    expect(countFilters(filters)).toBe(2);
  });

  it('take a check from an address, and nothing else', () => {
    expect(checkOfPart('personal-data')).toBe('personal-data');
    expect(checkOfPart('import')).toBe('');
  });
});
