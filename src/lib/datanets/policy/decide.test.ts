import { describe, expect, it } from 'vitest';
import { defaultPolicy } from './combine';
import { decide } from './decide';
import { USES, type Policy, type Rule } from './policy';
import { conditionWords, policySentences, useList } from './sentences';

const NOW = Date.parse('2026-11-24T09:30:00Z');
const training = (rule: Rule): Policy => ({ ...defaultPolicy(), training: rule });
const reason = (rule: Rule, context: Parameters<typeof decide>[2] = { now: NOW, runs: 0 }) => {
  const decision = decide(training(rule), 'training', context);
  return decision.allowed ? 'allowed' : decision.reason;
};

describe('a decision', () => {
  it('ends to the millisecond when the rule says', () => {
    const rule: Rule = { rule: 'conditions', expires: '2026-11-24T10:30:00+01:00' };
    expect(reason(rule, { now: NOW - 1, runs: 0 })).toBe('allowed');
    const late = 'training models on the rows was allowed until 24 November 2026, 09:30 UTC only';
    expect(reason(rule)).toBe(late);
    expect(reason(rule, { now: NOW + 1, runs: 0 })).toBe(late);
    expect(reason(rule, { now: Number.NaN, runs: 0 })).toBe(late);
  });

  it('counts runs, and says when they are used up', () => {
    const rule: Rule = { rule: 'conditions', runs: 2 };
    expect(reason(rule, { now: NOW, runs: 1 })).toBe('allowed');
    expect(reason(rule, { now: NOW, runs: 2 })).toBe(
      'all 2 runs that the rules allow one person are used up'
    );
    expect(reason({ rule: 'conditions', runs: 1 }, { now: NOW, runs: 1 })).toBe(
      'the one run that the rules allow one person is used up'
    );
  });

  it('takes a purpose for the same whatever its case, blanks and form', () => {
    const rule: Rule = { rule: 'conditions', purposes: ['Basic  Research', 'Café'] };
    for (const purpose of [' basic research', 'BASIC\tRESEARCH', 'cafe\u0301'])
      expect(reason(rule, { now: NOW, runs: 0, purpose })).toBe('allowed');
    expect(reason(rule, { now: NOW, runs: 0, purpose: 'basicresearch' })).toContain('only for');
  });

  it('wants one of the purposes, in the words of the owner', () => {
    const rule: Rule = { rule: 'conditions', purposes: ['research', 'teaching'] };
    expect(reason(rule, { now: NOW, runs: 0, purpose: 'teaching' })).toBe('allowed');
    expect(reason(rule)).toBe(
      'training models on the rows is allowed only for “research” or “teaching”, and no purpose is given'
    );
    expect(reason(rule, { now: NOW, runs: 0, purpose: 'War' })).toContain('the purpose here is “War”');
  });

  it('tells what has to be done in return', () => {
    expect(decide(defaultPolicy(), 'training', { now: NOW, runs: 0 })).toEqual({
      allowed: true,
      duties: ['attribution']
    });
    expect(decide(defaultPolicy(), 'evaluation', { now: NOW, runs: 0 })).toEqual({
      allowed: true,
      duties: []
    });
    expect(reason({ rule: 'forbidden' })).toBe('training models on the rows is forbidden');
  });
});

describe('a policy in sentences', () => {
  it('has one sentence a use', () => {
    const policy = training({
      rule: 'conditions',
      purposes: ['research', 'a “school”'],
      expires: '2027-01-01T00:00:00Z',
      runs: 1,
      attribution: true
    });
    expect(policySentences(policy)).toEqual([
      'Training models on the rows is allowed only for “research” or “a "school"”, and until 1 January 2027, 00:00 UTC, and in at most 1 run by one person, and with the contributors named where results are shown.',
      'Measuring models with the rows is allowed.',
      'Looking rows up for a model that answers is allowed with the contributors named where results are shown.',
      'Showing the rows to people is allowed with the contributors named where results are shown.',
      'Passing the rows on is forbidden.'
    ]);
    expect(policySentences(training({ rule: 'conditions' }))[0]).toBe(
      'Training models on the rows is allowed.'
    );
  });

  it('says so where there are no conditions', () => {
    expect(conditionWords({})).toEqual(['There are no conditions, and no end date.']);
    expect(conditionWords({ runs: 3 })).toEqual(['This holds in at most 3 runs by one person.']);
  });

  it('lists uses', () => {
    expect(useList(['training'])).toBe('training');
    expect(useList([...USES])).toBe('training, evaluation, retrieval, display and redistribution');
  });
});
