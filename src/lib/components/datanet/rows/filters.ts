import { readWhole } from '$lib/components/read-number';
import { CHECKS, type CheckName } from '$lib/datanets/checks/finding';
import { SPLITS, type Split } from '$lib/datanets/datanet';
import type { RowQuery, RowStatus } from '$lib/workers/datanets/protocol';

/** What the filter fields hold: text as typed, '' for any. */
export interface RowFilters {
  text: string;
  contributor: string;
  tag: string;
  split: Split | '';
  status: RowStatus | '';
  minLength: string;
  maxLength: string;
  finding: CheckName | '';
  order: NonNullable<RowQuery['order']>;
}

export const noFilters: RowFilters = {
  text: '',
  contributor: '',
  tag: '',
  split: '',
  status: '',
  minLength: '',
  maxLength: '',
  finding: '',
  order: 'position'
};

export const statusWords: Record<RowStatus, string> = {
  published: 'published',
  new: 'new since the last version',
  drafted: 'drafted by a model'
};

export const splitWords: Record<Split, string> = {
  train: 'train',
  validation: 'validation',
  test: 'test'
};

export const checkWords: Record<CheckName, string> = {
  schema: 'Shape of the row',
  empty: 'Empty text',
  truncated: 'Text cut off',
  'exact-duplicate': 'The same twice',
  'near-duplicate': 'Nearly the same',
  'personal-data': 'Personal data',
  secret: 'Keys and secrets',
  language: 'Another language',
  'prompt-injection': 'Instructions to a model',
  'hidden-characters': 'Hidden characters',
  licence: 'Licence'
};

/** The question that the fields ask. What is not a number asks nothing. */
export function queryOf(filters: RowFilters): RowQuery {
  return {
    ...(filters.text.trim() && { text: filters.text.trim() }),
    ...(filters.contributor && { contributor: filters.contributor }),
    ...(filters.tag && { tag: filters.tag }),
    ...(filters.split && { split: filters.split }),
    ...(filters.status && { status: filters.status }),
    ...lengths(filters),
    ...(filters.finding && { finding: filters.finding }),
    ...(filters.order !== 'position' && { order: filters.order })
  };
}

/** How many fields beside the search narrow the rows. */
export function countFilters(filters: RowFilters): number {
  const { text: _, order: __, ...query } = queryOf(filters);
  return Object.keys(query).length;
}

/** The check that an address asks for: `#rows/personal-data`. */
export function checkOfPart(part: string): CheckName | '' {
  return CHECKS.find((check) => check === part) ?? '';
}

export { CHECKS, SPLITS };

function lengths({ minLength, maxLength }: RowFilters): Pick<RowQuery, 'minLength' | 'maxLength'> {
  const low = readWhole(minLength);
  const high = readWhole(maxLength);
  return { ...(low !== undefined && { minLength: low }), ...(high !== undefined && { maxLength: high }) };
}
