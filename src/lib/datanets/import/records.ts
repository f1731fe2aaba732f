import { oneLine } from '../one-line';
import type { ImportProblem } from './import';

/** One record of a table or file of rows, before mapping: an object, its values as the file has them. */
export interface SourceRecord {
  where: string;
  value: unknown;
}

/** The next records of a source. */
export interface RecordPage {
  records: SourceRecord[];
  problems: ImportProblem[];
  /** Bytes of the source read so far. */
  done: number;
}

const REASON_LENGTH = 300;
const EXCERPT_LENGTH = 120;

/** A problem fit for a list: reason and excerpt on one line each, bounded. */
export function problem(where: string, reason: string, excerpt: string): ImportProblem {
  return { where, reason: oneLine(reason, REASON_LENGTH), excerpt: oneLine(excerpt, EXCERPT_LENGTH) };
}

/** The value under a key that may be anything, `constructor` too. */
export function ownValue(values: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

/** A value of a record as a person reads it in a list: text as it is, anything else as JSON. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? String(inner) : inner
    );
  } catch {
    return '(nested too deep to show)';
  }
}
