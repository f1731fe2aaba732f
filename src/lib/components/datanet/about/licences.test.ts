import { describe, expect, it } from 'vitest';
import { licenceProblem, licenceSuggestions } from './licences';

describe('licences', () => {
  it('are suggested, those of data first, each once', async () => {
    const ids = await licenceSuggestions();
    expect(ids[0]).toBe('CC0-1.0');
    expect(ids.length).toBeGreaterThan(400);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('may be any SPDX expression, and terms of one’s own', async () => {
    for (const licence of ['CC-BY-4.0', 'MIT OR Apache-2.0', 'LicenseRef-harbour-terms', ' CC0-1.0 ']) {
      expect(await licenceProblem(licence)).toBeUndefined();
    }
  });

  it('are refused with what to do', async () => {
    expect(await licenceProblem('')).toContain('Choose a licence');
    expect(await licenceProblem('cc-by-4.0')).toBe('SPDX writes it CC-BY-4.0.');
    expect(await licenceProblem('free for all')).toContain('LicenseRef-');
  });

  it('all of those suggested first are known to SPDX', async () => {
    for (const licence of (await licenceSuggestions()).slice(0, 13)) {
      expect(await licenceProblem(licence)).toBeUndefined();
    }
  });
});
