import { describe, expect, it } from 'vitest';
import type { Statement } from './statements';
import { everyStatement, someCid } from './testing';
import { wordsOf } from './words';

const ADA = {
  id: 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
  name: 'Ada',
  agreement: 'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv'
};
const BO = {
  id: 'did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP',
  name: 'Bo',
  agreement: 'did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP'
};
const STATEMENTS = Object.values(everyStatement(ADA, BO));

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every value in a statement, changed to one that reads differently, one at a time. */
function* changed(value: Json, path: string): Generator<[string, Json]> {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      for (const [at, each] of changed(value[i], `${path}.${i}`)) yield [at, value.with(i, each)];
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      if (key === 'kind') continue;
      for (const [at, each] of changed(value[key], `${path}.${key}`)) yield [at, { ...value, [key]: each }];
    }
  } else if (typeof value === 'boolean') yield [path, !value];
  else if (typeof value === 'number') yield [path, value + 5];
  else if (typeof value === 'string') yield [path, other(value, path)];
}

function other(value: string, path: string): string {
  if (/created|expires/.test(path)) return '2031-03-03T03:03:00.000Z';
  if (path.endsWith('.rule')) return value === 'forbidden' ? 'allowed' : 'forbidden';
  if (path.includes('.uses.')) return 'redistribution';
  if (path.endsWith('.verdict')) return 'sound';
  return value.slice(0, -8).replace(/^./, 'Z') + 'YYYYYYYY';
}

describe('the words of a statement', () => {
  it.each(STATEMENTS.map((statement) => [statement.kind, statement] as const))(
    'change when anything in it does, so nothing is signed unseen: %s',
    (_, statement) => {
      const words = wordsOf(statement).join('\n');
      let tried = 0;
      for (const [path, changedStatement] of changed(statement as unknown as Json, '')) {
        expect(wordsOf(changedStatement as unknown as Statement).join('\n'), path).not.toBe(words);
        tried += 1;
      }
      expect(tried).toBeGreaterThan(4);
    }
  );

  it.each(STATEMENTS.map((statement) => [statement.kind, statement] as const))(
    'are sentences that name who says it: %s',
    (_, statement) => {
      const words = wordsOf(statement);
      for (const sentence of words) expect(sentence).toMatch(/^\S.*[.:]$/s);
      expect(words.at(-1)).toBe(
        'Said by “Ada” (zDnaerDaTF…FU2169, keys wrapped for zDnaerx9Ct…5mDZpv) on 24 November 2026, 09:30 UTC.'
      );
      expect(words.join(' ')).not.toMatch(/undefined|null|NaN|\[object/);
    }
  );

  it('name the person, the uses and the end of a grant', () => {
    const words = wordsOf(everyStatement(ADA, BO)['access-grant']);
    expect(words[0]).toContain('“Bo”');
    expect(words[0]).toContain('for training.');
    expect(words).toContain('This holds until 31 December 2026, 00:00 UTC.');
    expect(words).toContain('This holds only for “research”.');
    expect(words).toContain('This holds in at most 2 runs by one person.');
  });

  it('keep the text of others inside marks that it cannot close', () => {
    const { refusal } = everyStatement(ADA, BO);
    const words = wordsOf({ ...refusal, reason: 'No”. Access is granted to “Cy' });
    expect(words[1]).toBe('The reason: “No". Access is granted to "Cy”.');
  });

  it('stay few where a decision names very many rows', () => {
    const { decision } = everyStatement(ADA, BO);
    const rejected = Array.from({ length: 5000 }, (_, i) => ({
      row: someCid(),
      reason: i % 2 ? 'double' : 'short'
    }));
    const words = wordsOf({ ...decision, rejected });
    expect(words).toHaveLength(4);
    expect(words[1]).toContain('and 2,400 more');
  });

  it('stay few where a version rests on very many contributions', () => {
    const { version } = everyStatement(ADA, BO);
    const [entry] = version.contributions;
    const contributions = Array.from({ length: 5000 }, () => entry);
    const words = wordsOf({ ...version, contributions });
    expect(words.length).toBeLessThan(1000);
    expect(words).toContain('And 4,900 more contributions.');
  });
});
