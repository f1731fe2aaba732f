import { describe, expect, it } from 'vitest';
import { memoryStorage } from '$lib/components/testing';
import type { Policy } from '$lib/datanets/policy/policy';
import { HandInForm } from './hand-in-form.svelte';

const licence = { spdx: 'CC-BY-4.0', evidence: 'https://example.org' };
const policy: Policy = {
  training: { rule: 'allowed' },
  evaluation: { rule: 'allowed' },
  retrieval: { rule: 'forbidden' },
  display: { rule: 'conditions', attribution: true },
  redistribution: { rule: 'forbidden' }
};

describe('what a contributor says of rows', () => {
  it('names what is missing, and begins with the licence that the owner asks for', () => {
    const form = new HandInForm(memoryStorage(), 'd', licence);
    expect(form.obstacle).toMatch(/where the rows come from/);
    form.source = ' My notes. ';
    expect(form.obstacle).toBeUndefined();
    expect(form.licence).toEqual({ spdx: 'CC-BY-4.0' });
    form.spdx = ' ';
    expect(form.obstacle).toMatch(/licence/);
  });

  it('comes back after a reload, and is empty after it was signed', () => {
    const storage = memoryStorage();
    const form = new HandInForm(storage, 'd', licence);
    form.source = 'My notes';
    form.evidence = 'Written by me';
    form.policy = policy;
    form.keep();
    const again = new HandInForm(storage, 'd', licence);
    expect(again).toMatchObject({ source: 'My notes', evidence: 'Written by me', policy });
    expect(new HandInForm(storage, 'other', licence).source).toBe('');
    again.clear();
    expect(new HandInForm(storage, 'd', licence)).toMatchObject({ source: '', policy: undefined });
  });

  it('does without what was damaged', () => {
    const storage = memoryStorage();
    for (const kept of ['{"source":1}', '{"source":"a","spdx":"b","evidence":"c","policy":{}}', '[']) {
      storage.setItem('tabtune.hand-in.d', kept);
      expect(new HandInForm(storage, 'd', licence)).toMatchObject({ source: '', spdx: 'CC-BY-4.0' });
    }
  });
});
