import { describe, expect, it } from 'vitest';
import { readSeed, readShares, usualShares } from './split-form';

describe('shares of a split', () => {
  it('become parts of one', () => {
    expect(readShares(usualShares)).toEqual({ shares: { train: 0.8, validation: 0.1, test: 0.1 } });
    const thirds = readShares({ train: '33.3', validation: '33,3', test: '33.3' });
    expect(thirds).toHaveProperty('shares.test');
    if ('shares' in thirds)
      expect(Object.values(thirds.shares).reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
    expect(readShares({ train: '100', validation: '', test: '' })).toEqual({
      shares: { train: 1, validation: 0, test: 0 }
    });
  });

  it('are refused where they make no whole, or leave nothing to train on', () => {
    for (const form of [
      { train: '80', validation: '10', test: '20' },
      { train: '-80', validation: '90', test: '90' },
      { train: 'most', validation: '10', test: '10' },
      { train: '0', validation: '50', test: '50' }
    ])
      expect(readShares(form)).toHaveProperty('problem');
  });

  it('go with a seed of 32 bits', () => {
    expect(readSeed(' 42 ')).toBe(42);
    expect(readSeed('4294967295')).toBe(4294967295);
    for (const text of ['', '-1', '1.5', '4294967296', 'x']) expect(readSeed(text)).toBeUndefined();
  });
});
