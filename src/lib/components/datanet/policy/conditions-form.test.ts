import { describe, expect, it } from 'vitest';
import type { Policy } from '$lib/datanets/policy/policy';
import { noConditions, readConditions, readPolicy, toConditionsForm, toPolicyForm } from './conditions-form';

const now = new Date(2026, 4, 10, 12).getTime();

describe('conditions as a form holds them', () => {
  it('come back as they went in', () => {
    const conditions = {
      purposes: ['research', 'teaching, in class'],
      expires: new Date(2027, 0, 1).toISOString(),
      runs: 3,
      attribution: true
    };
    const form = toConditionsForm(conditions);
    expect(form.until).toBe('2026-12-31');
    expect(readConditions(form, now)).toEqual({ conditions, problems: {} });
    expect(readConditions(noConditions, now)).toEqual({ conditions: {}, problems: {} });
  });

  it('hold through the last day that is named, and not a moment longer', () => {
    const { conditions } = readConditions({ ...noConditions, until: '2026-05-10' }, now);
    expect(conditions.expires).toBe(new Date(2026, 4, 11).toISOString());
  });

  it('say which field is wrong', () => {
    for (const [field, value] of [
      ['until', '2026-05-09'],
      ['until', '2026-02-30'],
      ['until', 'soon'],
      ['runs', '0'],
      ['runs', '2.5'],
      ['runs', '-1'],
      ['runs', 'many']
    ] as const) {
      const { problems, conditions } = readConditions({ ...noConditions, [field]: value }, now);
      expect(Object.keys(problems)).toEqual([field]);
      expect(conditions).toEqual({});
    }
  });

  it('take a purpose once, and no empty one', () => {
    const { conditions } = readConditions({ ...noConditions, purposes: ' research \n\nresearch\nart' }, now);
    expect(conditions.purposes).toEqual(['research', 'art']);
  });
});

describe('a policy as a form holds it', () => {
  const policy: Policy = {
    training: { rule: 'conditions', purposes: ['research'], attribution: true },
    evaluation: { rule: 'allowed' },
    retrieval: { rule: 'forbidden' },
    display: { rule: 'conditions', runs: 2 },
    redistribution: { rule: 'forbidden' }
  };

  it('comes back as it went in', () => {
    expect(readPolicy(toPolicyForm(policy), undefined, now)).toEqual({ policy, problems: {} });
  });

  it('wants a condition where it says that there are some', () => {
    const form = toPolicyForm(policy);
    form.retrieval = { ...noConditions, rule: 'conditions' };
    expect(Object.keys(readPolicy(form, undefined, now).problems)).toEqual(['retrieval']);
  });

  it('forgets conditions of a rule that has none', () => {
    const form = toPolicyForm(policy);
    form.training.rule = 'forbidden';
    expect(readPolicy(form, undefined, now).policy.training).toEqual({ rule: 'forbidden' });
  });

  it('may be stricter than the rules that it stands within, and not looser', () => {
    const form = toPolicyForm(policy);
    expect(readPolicy(form, policy, now).problems).toEqual({});
    form.evaluation.rule = 'forbidden';
    form.display.runs = '1';
    expect(readPolicy(form, policy, now).problems).toEqual({});
    form.display.runs = '3';
    form.retrieval.rule = 'allowed';
    form.training.purposes = 'research\nart';
    expect(Object.keys(readPolicy(form, policy, now).problems).sort()).toEqual([
      'display',
      'retrieval',
      'training'
    ]);
  });
});
