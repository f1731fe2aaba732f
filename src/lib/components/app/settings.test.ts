import { describe, expect, it } from 'vitest';
import { readSetting, writeSetting } from './settings';

function memory(): Storage {
  const entries = new Map<string, string>();
  return {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value)
  } as Storage;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

describe('settings', () => {
  it('come back as they were', () => {
    const storage = memory();
    writeSetting(storage, 'rank', 8);
    expect(readSetting(storage, 'rank', isNumber)).toBe(8);
    expect(readSetting(storage, 'alpha', isNumber)).toBeUndefined();
  });

  it('are absent when they are damaged or of another kind', () => {
    const storage = memory();
    storage.setItem('tabtune.rank', '{oops');
    expect(readSetting(storage, 'rank', isNumber)).toBeUndefined();
    writeSetting(storage, 'rank', 'eight');
    expect(readSetting(storage, 'rank', isNumber)).toBeUndefined();
  });

  it('do not fail a page whose storage is refused', () => {
    const refusing = {
      getItem: () => {
        throw new DOMException('denied', 'SecurityError');
      },
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError');
      }
    };
    expect(() => writeSetting(refusing, 'rank', 8)).not.toThrow();
    expect(readSetting(refusing, 'rank', isNumber)).toBeUndefined();
  });
});
