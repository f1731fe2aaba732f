import { describe, expect, it } from 'vitest';
import { sharesOf } from './shares';

describe('shares of the rows', () => {
  it('are percentages that make a whole', () => {
    expect(sharesOf({ train: '80', validation: '12,5', test: '7.5' })).toEqual({
      shares: { train: 0.8, validation: 0.125, test: 0.075 }
    });
    expect(sharesOf({ train: '100', validation: '', test: ' ' })).toMatchObject({ shares: { train: 1 } });
  });

  it('are refused where they are not, in words', () => {
    expect(sharesOf({ train: '80', validation: '10', test: '5' })).toEqual({
      problem: 'The shares add up to 95%, not to 100%.'
    });
    expect(sharesOf({ train: 'most', validation: '0', test: '0' })).toMatchObject({
      problem: 'The share of train is no number.'
    });
    expect(sharesOf({ train: '-10', validation: '100', test: '10' })).toHaveProperty('problem');
  });
});
