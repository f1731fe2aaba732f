/** A run that made its model no better does not end in the words of one that did. */
import { describe, expect, it } from 'vitest';
import { judgeRun } from './verdict';

const falling = Array.from({ length: 40 }, (_, step) => 4 * 0.95 ** step + 0.2 * (step % 3));
const usual = { losses: falling, warmupSteps: 5, steps: 40 };

describe('a run', () => {
  it('that learned is told so, and nothing else', () => {
    expect(judgeRun(usual)).toEqual({ learned: true, words: '' });
    expect(judgeRun({ ...usual, heldOut: { before: 4, after: 2 } })).toEqual({ learned: true, words: '' });
  });

  it('whose rate was far too high got worse', () => {
    const { learned, words } = judgeRun({ ...usual, losses: falling.toReversed() });
    expect([learned, words]).toEqual([false, expect.stringMatching(/rose.*got worse.*lower learning rate/)]);
    expect(judgeRun({ ...usual, losses: [4, 9, Number.NaN] }).learned).toBe(false);
    expect(judgeRun({ ...usual, losses: [4, 9, Number.NaN] }).words).toMatch(/rose/);
  });

  it('whose rate was far too low learned next to nothing', () => {
    const losses = falling.map((_, step) => 4 + 0.05 * Math.sin(step));
    expect(judgeRun({ ...usual, losses })).toEqual({
      learned: false,
      words: expect.stringMatching(/hardly changed.*higher learning rate/)
    });
  });

  it('that learned its rows by heart says so', () => {
    const { learned, words } = judgeRun({ ...usual, heldOut: { before: 2, after: 3 } });
    expect([learned, words]).toEqual([false, expect.stringMatching(/never saw, it got worse/)]);
  });

  it('that was over before its warm-up says so', () => {
    expect(judgeRun({ ...usual, warmupSteps: 100 }).words).toMatch(/warm-up of 100 steps.*run of 40/);
    expect(judgeRun({ ...usual, warmupSteps: 39 }).words).toBe('');
  });

  it('of one step is not judged by its loss', () => {
    expect(judgeRun({ losses: [3], warmupSteps: 0, steps: 1 }).words).toBe('');
  });
});
