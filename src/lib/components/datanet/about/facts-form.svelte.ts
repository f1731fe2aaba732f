import type { DatanetFacts } from '$lib/datanets/datanet';
import { parseTags } from '../rows/row-words';
import { licenceProblem } from './licences';

export type FactField = 'name' | 'summary' | 'licence' | 'evidence' | 'language' | 'contact';

/** Longer than these, facts are no longer what they are called. Characters. */
const longest = { name: 200, summary: 500 };

/** The facts of a Datanet while they are written. */
export class FactsForm {
  name = $state('');
  summary = $state('');
  description = $state('');
  tags = $state('');
  spdx = $state('');
  evidence = $state('');
  language = $state('');
  purpose = $state('');
  contact = $state('');
  problems = $state.raw<Partial<Record<FactField, string>>>({});
  readonly #before: string;

  constructor(facts: DatanetFacts) {
    this.name = facts.name;
    this.summary = facts.summary;
    this.description = facts.description;
    this.tags = facts.tags.join(', ');
    this.spdx = facts.licence.spdx;
    this.evidence = facts.licence.evidence ?? '';
    this.language = facts.language;
    this.purpose = facts.purpose;
    this.contact = facts.contact;
    this.#before = JSON.stringify(this.facts());
  }

  get changed(): boolean {
    return JSON.stringify(this.facts()) !== this.#before;
  }

  facts(): DatanetFacts {
    const evidence = this.evidence.trim();
    return {
      name: this.name.trim(),
      summary: this.summary.trim(),
      description: this.description.trim(),
      tags: parseTags(this.tags),
      licence: { spdx: this.spdx.trim(), ...(evidence && { evidence }) },
      language: this.language.trim(),
      purpose: this.purpose.trim(),
      contact: this.contact.trim()
    };
  }

  /** Looks at all fields. True where they can be saved. */
  async validate(): Promise<boolean> {
    const problems: Partial<Record<FactField, string>> = {};
    if (!this.name.trim()) problems.name = 'A Datanet needs a name.';
    if (this.name.trim().length > longest.name) problems.name = `At most ${longest.name} characters.`;
    if (this.summary.trim().length > longest.summary)
      problems.summary = `At most ${longest.summary} characters. The description has room for more.`;
    const licence = await licenceProblem(this.spdx);
    if (licence) problems.licence = licence;
    if (!isLanguage(this.language.trim())) problems.language = 'Write a language tag, such as en or pt-BR.';
    this.problems = problems;
    return Object.keys(problems).length === 0;
  }
}

/** A language by its BCP 47 tag, in English: `Portuguese (Brazil)`. Empty where there is no such tag. */
export function languageName(tag: string): string {
  if (!isLanguage(tag)) return '';
  const name = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }).of(tag);
  return name ?? '';
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
