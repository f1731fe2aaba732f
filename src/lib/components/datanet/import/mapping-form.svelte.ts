import { readWhole } from '$lib/components/read-number';
import type { ImportInspection, ImportMapping, MetaColumns } from '$lib/datanets/import/import';
import { parseTags } from '../rows/row-words';

export type MappingTarget = ImportMapping['to'];

/** Columns that say something of a row, with what they are called on the page. */
export const metaColumnWords: Record<keyof MetaColumns, string> = {
  contributor: 'Contributor',
  source: 'Source',
  licence: 'Licence',
  tags: 'Tags',
  split: 'Split'
};

const delimiterNames: Record<string, string> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'vertical bars',
  ' ': 'blanks'
};

/** What a delimiter is called on the page. */
export function delimiterWords(delimiter: string): string {
  return delimiterNames[delimiter] ?? `the sign ${delimiter}`;
}

/** How what was looked at becomes rows, while a person decides it. Begins with the best guess. */
export class MappingForm {
  to = $state<MappingTarget>('rows');
  column = $state('');
  system = $state('');
  user = $state('');
  context = $state('');
  assistant = $state('');
  columns = $state<Record<keyof MetaColumns, string>>({
    contributor: '',
    source: '',
    licence: '',
    tags: '',
    split: ''
  });
  size = $state('1200');
  overlap = $state('120');
  contributor = $state('');
  source = $state('');
  licence = $state('');
  tags = $state('');

  constructor(inspection: ImportInspection) {
    const { mapping } = inspection;
    this.to = mapping.to;
    this.contributor = mapping.contributor ?? '';
    this.source = mapping.source ?? '';
    this.licence = mapping.licence ?? '';
    this.tags = mapping.tags?.join(', ') ?? '';
    // Whichever way the guess went, the other way begins with columns that exist.
    if (inspection.shape === 'table') {
      const [first, second] = inspection.columns;
      this.column = first?.name ?? '';
      this.user = first?.name ?? '';
      this.assistant = (second ?? first)?.name ?? '';
    }
    if (mapping.to === 'text' || mapping.to === 'messages') this.column = mapping.column;
    if (mapping.to === 'chat') {
      this.system = mapping.system ?? '';
      this.context = mapping.context ?? '';
      this.user = mapping.user;
      this.assistant = mapping.assistant;
    }
    if ('columns' in mapping) Object.assign(this.columns, mapping.columns);
    if (mapping.to === 'chunks') {
      this.size = String(mapping.size);
      this.overlap = String(mapping.overlap);
    }
  }

  /** Why it cannot be imported like this, or undefined. */
  get problem(): string | undefined {
    if (this.to === 'text' && !this.column) return 'Choose the column with the text.';
    if (this.to === 'messages' && !this.column) return 'Choose the column with the conversations.';
    if (this.to === 'chat') {
      if (!this.user || !this.assistant) return 'Choose the columns of question and answer.';
      if (this.user === this.assistant) return 'Question and answer are the same column.';
    }
    if (this.to === 'chunks') {
      const [size, overlap] = [readWhole(this.size), readWhole(this.overlap)];
      if (size === undefined || size < 50) return 'A part needs at least 50 characters.';
      if (overlap === undefined) return 'Write the overlap in characters, 0 for none.';
      if (overlap >= size) return 'The overlap must be smaller than a part.';
    }
    return undefined;
  }

  mapping(): ImportMapping {
    const { to } = this;
    const tags = parseTags(this.tags);
    const common = {
      ...(this.contributor.trim() && { contributor: this.contributor.trim() }),
      ...(this.source.trim() && { source: this.source.trim() }),
      ...(this.licence.trim() && { licence: this.licence.trim() }),
      ...(tags.length > 0 && { tags })
    };
    const columns = Object.fromEntries(
      Object.entries(this.columns).filter(([, name]) => name)
    ) as MetaColumns;
    const meta = Object.keys(columns).length > 0 ? { columns } : {};
    switch (to) {
      case 'rows':
        return { ...common, to: 'rows' };
      case 'text':
      case 'messages':
        return { ...common, to, column: this.column, ...meta };
      case 'chat':
        return {
          ...common,
          to: 'chat',
          ...(this.system && { system: this.system }),
          user: this.user,
          ...(this.context && { context: this.context }),
          assistant: this.assistant,
          ...meta
        };
      case 'chunks':
        return {
          ...common,
          to: 'chunks',
          size: readWhole(this.size) ?? 0,
          overlap: readWhole(this.overlap) ?? 0
        };
    }
  }
}

/** Two things that one mapping fits: the same shape, with the same columns. */
export function sameShape(a: ImportInspection, b: ImportInspection): boolean {
  if (a.shape !== b.shape) return false;
  if (a.shape !== 'table' || b.shape !== 'table') return true;
  const names = (table: typeof a) => table.columns.map((column) => column.name).join('\n');
  return names(a) === names(b);
}
