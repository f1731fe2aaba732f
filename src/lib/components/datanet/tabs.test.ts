import { describe, expect, it } from 'vitest';
import { datanetTabs, partOfHash, tabOfHash } from './tabs';

const quiet = { proposals: 0, requests: 0 };

describe('the tabs of a Datanet', () => {
  it('are those of the person: only owners decide, only contributors hand in', () => {
    const names = (role: 'owner' | 'contributor' | 'reader') =>
      datanetTabs({ role, waiting: quiet }).map((tab) => tab.name);
    expect(names('owner')).toContain('proposals');
    expect(names('owner')).not.toContain('hand-in');
    expect(names('contributor')).toContain('hand-in');
    expect(names('contributor')).not.toContain('proposals');
    expect(names('reader')).not.toContain('hand-in');
  });

  it('say how much waits, and nothing where nothing does', () => {
    const tabs = datanetTabs({ role: 'owner', waiting: { proposals: 2, requests: 0 } });
    expect(tabs.find((tab) => tab.name === 'proposals')?.count).toBe(2);
    expect(tabs.find((tab) => tab.name === 'access')?.count).toBeUndefined();
  });

  it('are found by the address, the first where it names none that this person has', () => {
    const tabs = datanetTabs({ role: 'reader', waiting: quiet });
    expect(tabOfHash('#checks', tabs)).toBe('checks');
    expect(tabOfHash('#hand-in', tabs)).toBe('rows');
    expect(tabOfHash('', tabs)).toBe('rows');
    expect(tabOfHash('#checks/any', tabs)).toBe('checks');
    expect(partOfHash('#rows/import')).toBe('import');
    expect(partOfHash('#rows')).toBe('');
  });
});
