import type { ChatRow } from '../row';
import { CONVERSATION_FIELDS, readRow, requireUnicode, ShapeProblem } from '../shapes';
import { MappingError } from './errors';
import { parseJson } from '../../json';
import type { ImportedRow, ImportMapping, MetaColumns } from './import';
import { readMetaColumns, readRowMeta, withDefaults } from './meta';
import { parsePythonLiteral, PythonLiteralError } from './python-literal';
import { ownValue, valueText } from './records';

/** Names that columns have in published datasets, the likeliest first. Compared without case, `_`, `-` and blanks. */
const NAMES = {
  messages: ['messages', 'conversations', 'conversation', 'chat', 'dialog', 'dialogue', 'turns'],
  user: ['instruction', 'question', 'prompt', 'query', 'user', 'human', 'problem', 'ask', 'input', 'q'],
  assistant: [
    'output',
    'answer',
    'completion',
    'response',
    'assistant',
    'bestanswer',
    'solution',
    'reply',
    'chosen',
    'target',
    'answers',
    'a'
  ],
  context: ['context', 'input', 'passage', 'document', 'background'],
  system: ['system', 'systemprompt', 'systemmessage'],
  text: ['text', 'content', 'body', 'article', 'document', 'passage', 'story', 'markdown', 'description'],
  contributor: ['contributor', 'author', 'writer', 'annotator', 'username', 'createdby'],
  source: ['source', 'url', 'link', 'origin', 'reference'],
  licence: ['licence', 'license', 'spdx'],
  tags: ['tags', 'labels', 'keywords', 'topics'],
  split: ['split', 'partition', 'fold']
} as const;

/** The column that is most likely the one meant; `taken` are spoken for. */
function find(
  columns: readonly string[],
  names: readonly string[],
  taken: readonly unknown[]
): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[\s_-]+/g, '');
  for (const name of names) {
    const column = columns.find((candidate) => plain(candidate) === name && !taken.includes(candidate));
    if (column !== undefined) return column;
  }
  return undefined;
}

/**
 * How a table most likely becomes rows, by the names of its columns and its first records: as conversations, as
 * questions with answers, or as running text (of the column with the longest texts, where no name tells).
 */
export function guessMapping(columns: readonly string[], sample: readonly unknown[]): ImportMapping {
  const known = knownMapping(columns, sample);
  if (known) return known;
  const column = longest(columns, recordsIn(sample)) ?? columns[0] ?? '';
  return { to: 'text', column, ...metaColumns(columns, [column]) };
}

/** The same where names, conversations in it, or a lack of choice tell; undefined where it would be a mere guess. */
export function knownMapping(
  columns: readonly string[],
  sample: readonly unknown[]
): ImportMapping | undefined {
  const records = recordsIn(sample);
  // Conversations and running text in one table, as Tabtune exports them: each record is one or the other.
  const both = columns.includes('messages') && columns.includes('text');
  if (both && records.length > 0 && records.every(isRow)) return { to: 'rows' };
  const toMessages = (column: string): ImportMapping => ({
    to: 'messages',
    column,
    ...metaColumns(columns, [column])
  });
  const conversation = find(columns, NAMES.messages, []);
  if (conversation !== undefined && records.some((record) => isConversation(record, conversation))) {
    return toMessages(conversation);
  }
  const user = find(columns, NAMES.user, []);
  const assistant = find(columns, NAMES.assistant, [user]);
  if (user !== undefined && assistant !== undefined) {
    const context = find(columns, NAMES.context, [user, assistant]);
    const system = find(columns, NAMES.system, [user, assistant, context]);
    const taken = [user, assistant, context, system];
    // Sides that are lists of messages (TRL's conversational form) are read as the rows they are.
    const nested = records.some((record) => typeof record[user] === 'object' && record[user] !== null);
    if (nested && records.every(isRow)) return { to: 'rows' };
    // Answers that are whole conversations, as datasets of preferences have them.
    if (holdsConversations(records, assistant)) return toMessages(assistant);
    return {
      to: 'chat',
      ...(system !== undefined ? { system } : {}),
      user,
      ...(context !== undefined ? { context } : {}),
      assistant,
      ...metaColumns(columns, taken)
    };
  }
  // Under a name that says nothing: only one can be meant.
  const [only, another] = columns.filter((candidate) => holdsConversations(records, candidate));
  if (only !== undefined && another === undefined) return toMessages(only);
  const alone = columns.length === 1 && holdsWords(records, columns[0]) ? columns[0] : undefined;
  const column = find(columns, NAMES.text, []) ?? alone;
  return column === undefined ? undefined : { to: 'text', column, ...metaColumns(columns, [column]) };
}

function recordsIn(sample: readonly unknown[]): Record<string, unknown>[] {
  return sample.filter(
    (value): value is Record<string, unknown> =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
  );
}

/** Whether a column without a telling name holds text: numbers and objects are something else. */
function holdsWords(records: readonly Record<string, unknown>[], column: string): boolean {
  return records.every((record) => typeof (ownValue(record, column) ?? '') === 'string');
}

function holdsConversations(records: readonly Record<string, unknown>[], column: string): boolean {
  const values = records.map((record) => ownValue(record, column)).filter((value) => valueText(value) !== '');
  return values.length > 0 && values.every((value) => isConversation({ [column]: value }, column));
}

function metaColumns(columns: readonly string[], taken: readonly unknown[]): { columns?: MetaColumns } {
  const meta: MetaColumns = {};
  for (const field of ['contributor', 'source', 'licence', 'tags', 'split'] as const) {
    const column = find(columns, NAMES[field], taken);
    if (column !== undefined) meta[field] = column;
  }
  return Object.keys(meta).length > 0 ? { columns: meta } : {};
}

function longest(
  columns: readonly string[],
  records: readonly Record<string, unknown>[]
): string | undefined {
  const lengthOf = (column: string) =>
    records.reduce(
      (sum, record) => sum + (typeof record[column] === 'string' ? record[column].length : 0),
      0
    );
  return [...columns].sort((a, b) => lengthOf(b) - lengthOf(a))[0];
}

function isConversation(record: Record<string, unknown>, column: string): boolean {
  try {
    return readConversation({ [column]: record[column] }, column).messages.length > 0;
  } catch {
    return false;
  }
}

/**
 * A list of messages or of ShareGPT's turns, or one written as JSON or as Python does, with what the record says of the
 * conversation besides: its tools, a system text. Throws `ShapeProblem`.
 */
function readConversation(values: Record<string, unknown>, column: string): ChatRow {
  const value = ownValue(values, column);
  const list = typeof value === 'string' ? parseList(value, column) : value;
  const beside = CONVERSATION_FIELDS.filter((field) => field !== column && Object.hasOwn(values, field));
  const { row } = readRow({
    ...Object.fromEntries(beside.map((field) => [field, values[field]])),
    messages: list ?? 'nothing'
  });
  return row as ChatRow;
}

function parseList(text: string, column: string): unknown {
  try {
    return parseLiteral(text, column);
  } catch (error) {
    const why = error instanceof PythonLiteralError ? ` (as Python: ${error.message})` : '';
    throw new ShapeProblem(`${column}: expected a list of messages, or one written as JSON or Python${why}`);
  }
}

/** What a cell says in JSON, or as Python writes lists and dicts. @throws PythonLiteralError */
function parseLiteral(text: string, column: string): unknown {
  try {
    return parseJson(column, text);
  } catch {
    return parsePythonLiteral(text);
  }
}

function hasTurns(list: unknown, key: 'from' | 'role'): boolean {
  const [first] = Array.isArray(list) ? (list as unknown[]) : [];
  return typeof first === 'object' && first !== null && key in first;
}

/** Whether text is a conversation as programs write one, rather than words. */
function isWrittenConversation(text: string): boolean {
  if (!/^\s*(?:array\()?[[(]\s*\{\s*["'](?:role|from|content|value)["']\s*:/.test(text)) return false;
  try {
    const list = parseLiteral(text, 'The cell');
    return hasTurns(list, 'role') || hasTurns(list, 'from');
  } catch {
    return true;
  }
}

/** A cell that should hold words. Lists and objects are none: their JSON would be learnt as text. */
function cell(values: Record<string, unknown>, column: string): string {
  const value = ownValue(values, column);
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    throw new ShapeProblem(
      `${column}: expected text, received a ${Array.isArray(value) ? 'list' : 'record'}`
    );
  }
  if (typeof value === 'string' && isWrittenConversation(value)) {
    throw new ShapeProblem(`${column}: holds a conversation, not a text: take the column as conversations`);
  }
  return valueText(value);
}

function filledCell(values: Record<string, unknown>, column: string): string {
  const text = cell(values, column);
  if (text.trim() === '') throw new ShapeProblem(`${column}: empty`);
  return text;
}

/**
 * The row that a record of a file becomes.
 * @throws ShapeProblem saying which field cannot be used; MappingError when the mapping is for documents.
 */
export function mapRecord(value: unknown, mapping: ImportMapping): ImportedRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ShapeProblem('not a JSON object');
  }
  const values = value as Record<string, unknown>;
  const row = withDefaults(readWords(values, mapping), mapping);
  requireUnicode(row);
  return row;
}

/** The record with the conversation that Tabtune's own Parquet holds as JSON, where it has one. */
function unpacked(values: Record<string, unknown>): Record<string, unknown> {
  const { conversation, ...rest } = values;
  if (typeof conversation !== 'string' || !conversation.startsWith('{"messages":')) return values;
  try {
    return { ...rest, ...(JSON.parse(conversation) as object) };
  } catch {
    throw new ShapeProblem('conversation: expected JSON');
  }
}

function readWords(values: Record<string, unknown>, mapping: ImportMapping): ImportedRow {
  switch (mapping.to) {
    case 'rows':
      return { ...readRow(unpacked(values)).row, ...readRowMeta(values) };
    case 'text':
      return { text: filledCell(values, mapping.column), ...readMetaColumns(values, mapping.columns) };
    case 'messages':
      return {
        ...readConversation(values, mapping.column),
        ...readMetaColumns(values, mapping.columns)
      };
    case 'chat': {
      const system = mapping.system === undefined ? '' : cell(values, mapping.system);
      const context = mapping.context === undefined ? '' : cell(values, mapping.context);
      const question = filledCell(values, mapping.user);
      return {
        messages: [
          ...(system.trim() === '' ? [] : [{ role: 'system', content: system }]),
          { role: 'user', content: context.trim() === '' ? question : `${question}\n\n${context}` },
          { role: 'assistant', content: filledCell(values, mapping.assistant) }
        ],
        ...readMetaColumns(values, mapping.columns)
      };
    }
    case 'chunks':
      throw new MappingError('A table cannot be cut into chunks. Choose the column that holds its text.');
  }
}

/** Whether a value is an object that can be a row as it is. */
export function isRow(value: unknown): boolean {
  try {
    readRow(typeof value === 'object' && value !== null ? unpacked(value as Record<string, unknown>) : value);
    return true;
  } catch {
    return false;
  }
}

/** The columns that a mapping names. */
export function columnsOf(mapping: ImportMapping): string[] {
  switch (mapping.to) {
    case 'rows':
    case 'chunks':
      return [];
    case 'text':
    case 'messages':
      return [mapping.column, ...Object.values(mapping.columns ?? {})];
    case 'chat': {
      const { system, context, user, assistant, columns } = mapping;
      return [system, context, user, assistant, ...Object.values(columns ?? {})].filter(
        (column): column is string => column !== undefined
      );
    }
  }
}

/** @throws MappingError when the mapping names a column that the file does not have. */
export function requireColumns(name: string, columns: readonly string[], mapping: ImportMapping): void {
  const missing = columnsOf(mapping).filter((column) => !columns.includes(column));
  if (missing.length === 0) return;
  throw new MappingError(
    `${name} has no column ${missing.map((column) => `"${column}"`).join(', ')}. It has: ` +
      `${columns.slice(0, 20).join(', ')}. Choose among these.`,
    { details: { file: name, missing, columns: columns.slice(0, 100) } }
  );
}
