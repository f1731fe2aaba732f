import { SPLITS, type DatanetRow, type Split } from '../datanet';
import { ShapeProblem } from '../shapes';
import type { ImportMapping, MetaColumns } from './import';
import { parsePythonLiteral } from './python-literal';
import { ownValue, valueText } from './records';
import { parseJson } from '../../json';

/** What a row may carry beside its words. */
export type RowMeta = Pick<DatanetRow, 'source' | 'licence' | 'tags' | 'split'> & { contributor?: string };

/** Longest contributor, source or licence, as in the shapes of rows. */
const MAX_LENGTH = 512;
const MAX_TAGS = 64;

/** The names that published datasets give their parts. */
const SPLIT_NAMES = new Map<string, Split>([
  ['train', 'train'],
  ['training', 'train'],
  ['validation', 'validation'],
  ['valid', 'validation'],
  ['val', 'validation'],
  ['dev', 'validation'],
  ['test', 'test'],
  ['testing', 'test'],
  ['eval', 'test']
]);

export function parseSplit(text: string): Split | undefined {
  return SPLIT_NAMES.get(text.trim().toLowerCase());
}

/** What the named columns say of a record. A value that cannot be that is a `ShapeProblem`: dropping it would be silent. */
export function readMetaColumns(values: Record<string, unknown>, columns: MetaColumns | undefined): RowMeta {
  const meta: RowMeta = {};
  if (!columns) return meta;
  for (const field of ['contributor', 'source', 'licence'] as const) {
    const column = columns[field];
    const text = column === undefined ? '' : valueText(ownValue(values, column)).trim();
    if (text.length > MAX_LENGTH) throw new ShapeProblem(`${column}: longer than ${MAX_LENGTH} characters`);
    if (text !== '') meta[field] = text;
  }
  const tags = columns.tags === undefined ? [] : readTags(ownValue(values, columns.tags));
  if (tags.length > 0) meta.tags = tags;
  const part = columns.split === undefined ? '' : valueText(ownValue(values, columns.split)).trim();
  if (part !== '') meta.split = requireSplit(part, columns.split ?? 'split');
  return meta;
}

function requireSplit(text: string, column: string): Split {
  const split = parseSplit(text);
  if (split) return split;
  throw new ShapeProblem(`${column}: "${text.slice(0, 40)}" is none of ${SPLITS.join(', ')}`);
}

/** A list of texts, one written as JSON or Python, or texts with commas or semicolons between. */
function readTags(value: unknown): string[] {
  const list = Array.isArray(value)
    ? (value as unknown[])
    : (writtenList(value) ?? valueText(value).split(/[,;]/));
  const tags = [...new Set(list.map((tag) => valueText(tag).trim()).filter((tag) => tag !== ''))];
  if (tags.length > MAX_TAGS || tags.some((tag) => tag.length > MAX_LENGTH)) {
    throw new ShapeProblem(`more than ${MAX_TAGS} tags, or one of more than ${MAX_LENGTH} characters`);
  }
  return tags;
}

function writtenList(value: unknown): unknown[] | undefined {
  if (typeof value !== 'string' || !/^\s*(?:array\()?[[(]/.test(value)) return undefined;
  for (const parse of [(text: string) => parseJson('The list of tags', text), parsePythonLiteral]) {
    try {
      const parsed = parse(value);
      if (Array.isArray(parsed)) return parsed;
    } catch {
      // Then it is written otherwise, or no list.
    }
  }
  return undefined;
}

/**
 * What an object that is a row already says beside its words, as rows exported from here do. Foreign objects use the same
 * names for other things: what does not fit is not meant.
 */
export function readRowMeta(value: Record<string, unknown>): RowMeta & { drafted?: boolean } {
  const { licence, tags, split, drafted } = value;
  const isTags = Array.isArray(tags) && tags.length > 0 && tags.length <= MAX_TAGS;
  return {
    ...(typeof licence === 'string' && licence.length <= MAX_LENGTH && licence ? { licence } : {}),
    ...(isTags && tags.every((tag) => typeof tag === 'string' && tag.length <= MAX_LENGTH)
      ? { tags: tags as string[] }
      : {}),
    ...(SPLITS.some((name) => name === split) ? { split: split as Split } : {}),
    ...(drafted === true ? { drafted } : {})
  };
}

/** What the mapping gives to every row that has none of its own. */
export function withDefaults<T extends RowMeta>(row: T, mapping: ImportMapping): T {
  const { contributor, source, licence, tags } = mapping;
  return {
    ...(contributor ? { contributor } : {}),
    ...(source ? { source } : {}),
    ...(licence ? { licence } : {}),
    ...(tags && tags.length > 0 ? { tags } : {}),
    ...row
  };
}
