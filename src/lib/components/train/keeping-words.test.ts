/** What is said of a browser's storage before a run is what the browser itself says, and no more. */
import { describe, expect, it } from 'vitest';
import { keepingWords, readKeeping } from './keeping-words';

describe('before a run', () => {
  it('nothing is said where the browser keeps things, or does not say', () => {
    expect(keepingWords({ persisted: true, usage: 1e6, quota: 1e12 })).toBe('');
    expect(keepingWords({})).toBe('');
  });

  it('it is said where the browser promises nothing', () => {
    expect(keepingWords({ persisted: false })).toMatch(/does not promise.*private window.*Download/);
  });

  it('it is said where little room is left', () => {
    expect(keepingWords({ persisted: true, usage: 90e6, quota: 100e6 })).toMatch(/only 10\.0 MB more/);
    expect(keepingWords({ persisted: true, usage: 110e6, quota: 100e6 })).toMatch(/only 0 B more/);
  });

  it('browsers that cannot be asked, or refuse, are not taken for any', async () => {
    expect(await readKeeping(undefined)).toEqual({});
    const refuses = async () => {
      throw new Error('no');
    };
    const storage = { persisted: async () => false, estimate: refuses } as unknown as StorageManager;
    expect(await readKeeping(storage)).toEqual({ persisted: false });
  });
});
