import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCorrelation,
  formatCount,
  formatDifference,
  formatDuration,
  formatFigure,
  formatShare,
  plural
} from './format';

describe('figures as people read them', () => {
  it('writes bytes in the largest unit below a thousand', () => {
    expect([0, 999, 1000, 41_234_567, 999_999_999, 7.2e9].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 KB',
      '41.2 MB',
      '1.0 GB',
      '7.2 GB'
    ]);
    expect(formatBytes(Number.NaN)).toBe('–');
  });

  it('writes counts in words from a million on', () => {
    expect([1250, 134_515_008, 1.236e9].map(formatCount)).toEqual(['1,250', '135 million', '1.24 billion']);
  });

  it('writes durations with at most two units', () => {
    expect([0.4, 8.2, 59.7, 60, 200, 3900, 7200].map(formatDuration)).toEqual([
      '0.4 s',
      '8 s',
      '1 min',
      '1 min',
      '3 min 20 s',
      '1 h 5 min',
      '2 h'
    ]);
    expect(formatDuration(Number.POSITIVE_INFINITY)).toBe('–');
  });

  it('keeps three digits', () => {
    expect([2e-4, 0.84213, 12.41, 2291.4, 0, -0.00004].map(formatFigure)).toEqual([
      '2e-4',
      '0.842',
      '12.4',
      '2,291',
      '0',
      '-4e-5'
    ]);
    expect(formatFigure(undefined)).toBe('–');
  });

  it('counts things', () => {
    expect([plural(1, 'row'), plural(1200, 'row'), plural(0, 'entry', 'entries')]).toEqual([
      '1 row',
      '1,200 rows',
      '0 entries'
    ]);
  });

  it('writes shares with one digit, and never nothing for something', () => {
    expect([0, 0.0001, 0.1234, 1].map(formatShare)).toEqual(['0.0 %', 'under 0.1 %', '12.3 %', '100.0 %']);
    expect(formatShare(Number.NaN)).toBe('–');
  });

  it('writes correlations all as long, without a zero below zero', () => {
    expect([1, 0.8, -0.3511, -0.001, undefined].map(formatCorrelation)).toEqual([
      '1.00',
      '0.80',
      '−0.35',
      '0.00',
      '–'
    ]);
  });

  it('writes differences with their sign', () => {
    expect([0.123, -0.03, 0].map(formatDifference)).toEqual(['+0.123', '−0.03', '0']);
  });
});
