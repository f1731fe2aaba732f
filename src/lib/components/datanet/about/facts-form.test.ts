import { describe, expect, it } from 'vitest';
import type { DatanetFacts } from '$lib/datanets/datanet';
import { FactsForm, languageName } from './facts-form.svelte';

const facts: DatanetFacts = {
  name: 'Pelhaven',
  summary: 'A harbour',
  description: '# Pelhaven',
  tags: ['harbour'],
  licence: { spdx: 'CC0-1.0', evidence: 'https://example.org/licence' },
  language: 'en',
  purpose: 'To try',
  contact: 'ines@example.org'
};

describe('the facts of a Datanet', () => {
  it('come out as they went in, until something is changed', () => {
    const form = new FactsForm(facts);
    expect(form.facts()).toEqual(facts);
    expect(form.changed).toBe(false);
    form.tags = 'harbour, light';
    expect(form.changed).toBe(true);
    expect(form.facts().tags).toEqual(['harbour', 'light']);
  });

  it('are refused with what is wrong, each at its field', async () => {
    const form = new FactsForm(facts);
    expect(await form.validate()).toBe(true);
    form.name = ' ';
    form.spdx = 'mine';
    form.language = 'English, mostly';
    form.summary = 'x'.repeat(501);
    expect(await form.validate()).toBe(false);
    expect(Object.keys(form.problems).sort()).toEqual(['language', 'licence', 'name', 'summary']);
  });

  it('leave evidence out where there is none', () => {
    const form = new FactsForm(facts);
    form.evidence = ' ';
    expect(form.facts().licence).toEqual({ spdx: 'CC0-1.0' });
  });

  it('name a language as people do', () => {
    expect(languageName('pt-BR')).toBe('Brazilian Portuguese');
    expect(languageName('nonsense tag')).toBe('');
  });
});
