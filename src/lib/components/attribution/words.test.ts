import { describe, expect, it } from 'vitest';
import type { Attribution, ContributorResult } from '$lib/workers/attribution/protocol';
import type { RunSummary } from '$lib/workers/protocol';
import {
  agreementSentence,
  agreementWords,
  hurtSentence,
  measuringSeconds,
  missingSentence,
  retrainingSeconds
} from './words';

const attribution = (...agreements: number[]) =>
  ({
    estimator: 'cosine',
    estimators: [
      { name: 'cosine', agreement: 1 },
      ...agreements.map((agreement) => ({ name: 'tracIn', agreement }))
    ]
  }) as Attribution;
const person = (name: string, hurt: number) => ({ name, hurt }) as ContributorResult;

describe('figures in words', () => {
  it('say how far estimators agree, the default with itself left out', () => {
    expect([1, 0.75, 0.5, 0, -0.9, Number.NaN].map(agreementWords)).toEqual([
      'agrees closely',
      'agrees in the main',
      'agrees in part',
      'does not agree',
      'says the opposite',
      'cannot be compared'
    ]);
    expect(agreementSentence(attribution())).toMatch(/no other/);
    expect(agreementSentence(attribution(0.9, 0.8))).toMatch(/^All/);
    expect(agreementSentence(attribution(0.9, 0.1))).toMatch(/^1 of 2/);
    expect(agreementSentence(attribution(0.2))).toMatch(/with care/);
  });

  it('name who pushed the other way', () => {
    expect(hurtSentence([person('Ada', 0)])).toBeUndefined();
    expect(hurtSentence([person('Ada', -1), person('Bo', 0)])).toMatch(/^Some rows of Ada also/);
    expect(hurtSentence([person('Ada', -1), person('Bo', -2)])).toMatch(/^Some rows of 2 contributors/);
  });

  it('name the moments of a run that are not there', () => {
    expect([missingSentence(undefined), missingSentence([])]).toEqual([undefined, undefined]);
    expect(missingSentence([25])).toMatch(/after step 25 as well/);
    expect(missingSentence([25, 50])).toMatch(/after steps 25, 50 as well/);
  });

  it('estimate time from what a step of the run took', () => {
    const options = { batchSize: 8, gradAccum: 1, epochs: 3 };
    // Three epochs over 80 rows: two seconds a step.
    const run = { milliseconds: 60_000, step: 30, request: { options } } as unknown as RunSummary;
    expect(retrainingSeconds(run, [40, 40], 2)).toBe((30 + 4 * 15) * 2);
    expect(retrainingSeconds(run, [72, 8], 0)).toBe((30 + 3 + 27) * 2);
    // One that ended after five steps: no part has more.
    expect(retrainingSeconds({ ...run, step: 5 }, [40, 40], 2)).toBe(5 * 5 * 12);
    expect(measuringSeconds(run, 80)).toBeCloseTo(1.3 * 3 * 10 * 2);
    for (const odd of [{ milliseconds: undefined }, { step: 0 }, { request: { options: {} } }]) {
      const unknown = { ...run, ...odd } as RunSummary;
      expect([retrainingSeconds(unknown, [4], 1), measuringSeconds(unknown, 4)]).toEqual([
        undefined,
        undefined
      ]);
    }
  });
});
