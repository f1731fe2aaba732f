import { ROW_SHAPES } from './shapes';

/** What is inside an object that a whole file is. */
export type Unwrapped = {
  /** The field that was taken; undefined where the columns are fields themselves. */
  field: string | undefined;
  /** All that could have been taken. */
  fields: string[];
} & ({ items: unknown[] } | { reason: string });

/** Of several lists the one that is usually meant. */
const USUAL = ['data', 'train', 'rows', 'examples', 'records', 'items', 'instances', 'samples', 'entries'];

/**
 * The rows inside a file that is one object, as `{"version": 1, "data": [...]}` (what `datasets` reads with `field=`), or one
 * whose columns are lists or numbered records (what pandas' `to_json` writes). Undefined where the object is a row itself
 * or holds no rows.
 * @param wanted the field asked for
 */
export function unwrap(value: unknown, wanted?: string): Unwrapped | undefined {
  if (!isRecord(value)) return undefined;
  const fields = Object.keys(value).filter((key) => isListOfRecords(value[key]));
  if (wanted !== undefined) {
    if (fields.includes(wanted)) return { field: wanted, fields, items: value[wanted] as unknown[] };
    const known = fields.length > 0 ? `. It has: ${fields.slice(0, 20).join(', ')}` : '';
    return {
      field: undefined,
      fields,
      reason: `no list of rows in the field "${wanted.slice(0, 40)}"${known}`
    };
  }
  if (ROW_SHAPES.some((shape) => shape.matches(value)) && !isColumns(value)) return undefined;
  if (fields.length === 1) return { field: fields[0], fields, items: value[fields[0]] as unknown[] };
  if (fields.length > 1) {
    const field = USUAL.find((name) => fields.includes(name));
    if (field !== undefined) return { field, fields, items: value[field] as unknown[] };
    const reason = `holds several lists (${fields.slice(0, 20).join(', ')}): say which one has the rows`;
    return { field: undefined, fields, reason };
  }
  const items = isColumns(value) ? transpose(value) : undefined;
  return items && { field: undefined, fields, items };
}

type JsonRecord = Record<string, unknown>;

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list of objects that are no turns of one conversation. */
function isListOfRecords(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(isRecord) &&
    !value.every((item) => ('role' in item && 'content' in item) || ('from' in item && 'value' in item))
  );
}

/** Whether each field is a column: lists of one length, or records under the same numbers. */
function isColumns(value: JsonRecord): boolean {
  const columns = Object.values(value);
  const lengths = new Set(columns.map((column) => columnLength(column)));
  return columns.length > 0 && lengths.size === 1 && !lengths.has(undefined);
}

function columnLength(column: unknown): number | undefined {
  if (Array.isArray(column)) {
    // A list of objects is what a conversation is; columns that hold conversations are lists of lists.
    return column.length > 0 && !column.every(isRecord) ? column.length : undefined;
  }
  if (!isRecord(column)) return undefined;
  const keys = Object.keys(column);
  return keys.length > 0 && keys.every((key, i) => key === String(i)) ? keys.length : undefined;
}

function transpose(value: JsonRecord): JsonRecord[] {
  const columns = Object.entries(value);
  const length = columnLength(columns[0][1]) ?? 0;
  return Array.from({ length }, (_, i) =>
    Object.fromEntries(columns.map(([name, column]) => [name, (column as unknown[])[i]]))
  );
}
