import { TabtuneError } from '../errors';
import { JsonBoundsError, parseJson } from '../json';
import { MAX_LINE_BYTES, readLines, type TextInput, type TextLine } from './lines';
import { unwrap } from './wrapped-json';

/** What a file of rows holds, one after the other, before anybody asks whether it is a row. */
export type FileItem =
  /** A JSON value. `source` gives its text, for an excerpt. */
  | { kind: 'value'; line: number; value: unknown; source: () => string; inArray?: true }
  /** A paragraph of running text. */
  | { kind: 'text'; line: number; text: string }
  /** What could not be read. */
  | { kind: 'problem'; line: number; reason: string; text: string }
  /** The file is one object: which of its fields holds the rows that follow, and which others could. */
  | { kind: 'wrapped'; field: string | undefined; fields: string[] };

export interface ItemOptions {
  /** Longer lines are refused, so that a file without line ends cannot fill the memory. */
  maxLineBytes?: number;
  /** Awaited at every line: see `breather`. */
  breathe?: () => Promise<void>;
  /** Where a file is one JSON object with several lists: the field whose rows are meant. */
  field?: string;
}

/** A JSON array too large to be read in one piece. */
export class JsonTooLargeError extends TabtuneError {}

/** JSON arrays are parsed whole, so they are bounded; JSONL is not. Counted in UTF-16 units. */
const MAX_ARRAY_LENGTH = 256 * 1024 * 1024;

/** Names that promise JSON: a first line that is none is then a broken line, not prose. */
const JSON_NAME = /\.(jsonl|ndjson|json)$/i;

/**
 * Reads a file of rows one by one: JSONL; a JSON array, or one object over several lines; or running text, in which
 * blank lines separate paragraphs. What the file is, is decided by its content; its name decides only where the content
 * could be either. Only a JSON array is held whole. `line` counts from 1; in an array it is the item's place.
 * Nothing about one line makes it throw: it throws `JsonTooLargeError`, and what `input` or `breathe` throw.
 */
export async function* readItems(
  name: string,
  input: TextInput,
  options: ItemOptions = {}
): AsyncGenerator<FileItem> {
  const maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
  const breathe = options.breathe ?? (() => Promise.resolve());
  const lines = breathingLines(readLines(input, maxLineBytes), breathe);
  let next = await lines.next();
  while (!next.done && !next.value.problem && next.value.text.trim() === '') next = await lines.next();
  if (next.done) return;
  const first = next.value;
  const all = startingWith(first, lines);
  switch (guessLayout(name, first)) {
    case 'json':
      yield* readJson(name, all, breathe, options.field);
      break;
    case 'text':
      yield* readParagraphs(all, maxLineBytes);
      break;
    case 'lines':
      yield* readJsonLines(all, options.field);
  }
}

/** How the file is laid out, from its first line that is not blank. */
export function guessLayout(name: string, first: TextLine): 'json' | 'lines' | 'text' {
  const start = first.text.trim();
  // `[`, `[{...`, or `{` with nothing behind it begin a document that spans lines, whatever the file is called.
  if (start === '[' || start === '{' || /^\[\s*\{/.test(start)) return 'json';
  if (start.startsWith('{') && parsesAsJson(start)) return 'lines';
  // A first line that is the beginning of an object, `{"data": [`: the rest follows. A broken line of JSONL is that, too.
  if (/^\{\s*"/.test(start) && !/\.(jsonl|ndjson)$/i.test(name) && !first.problem) return 'json';
  return JSON_NAME.test(name) ? 'lines' : 'text';
}

function parsesAsJson(text: string): boolean {
  try {
    parseJson('The line', text);
    return true;
  } catch {
    return false;
  }
}

/** JSONL; a file that is one line with an object around its rows gives these. */
async function* readJsonLines(
  lines: AsyncIterable<TextLine>,
  field: string | undefined
): AsyncGenerator<FileItem> {
  /** The first item, until a second one shows that it is a row of many. */
  let only: FileItem | undefined;
  let count = 0;
  for await (const { number: line, text, problem } of lines) {
    if (!problem && text.trim() === '') continue;
    const item: FileItem = problem ? { kind: 'problem', line, reason: problem, text } : jsonItem(line, text);
    count += 1;
    if (count === 1) {
      only = item;
      continue;
    }
    if (only) yield only;
    only = undefined;
    yield item;
  }
  if (only?.kind === 'value') yield* unwrapped(only, field);
  else if (only) yield only;
}

/** The rows inside a file's only object, or that object where it is a row itself. */
function* unwrapped(
  item: Extract<FileItem, { kind: 'value' }>,
  field: string | undefined
): Generator<FileItem> {
  const inside = unwrap(item.value, field);
  if (!inside) {
    yield item;
    return;
  }
  yield { kind: 'wrapped', field: inside.field, fields: inside.fields };
  if ('reason' in inside) {
    yield { kind: 'problem', line: item.line, reason: inside.reason, text: item.source() };
    return;
  }
  yield* arrayItems(inside.items);
}

function* arrayItems(values: readonly unknown[]): Generator<FileItem> {
  for (const [i, value] of values.entries()) {
    yield { kind: 'value', line: i + 1, value, source: () => excerptOf(value), inArray: true };
  }
}

function jsonItem(line: number, text: string): FileItem {
  try {
    return { kind: 'value', line, value: parseJson('the line', text), source: () => text };
  } catch (error) {
    return { kind: 'problem', line, reason: reasonOf(error), text };
  }
}

function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return error instanceof JsonBoundsError ? message : `not valid JSON: ${message}`;
}

/** A JSON array, or one object over several lines. If it is neither after all, its lines are tried one by one. */
async function* readJson(
  name: string,
  lines: AsyncIterable<TextLine>,
  breathe: () => Promise<void>,
  field: string | undefined
): AsyncGenerator<FileItem> {
  const held: TextLine[] = [];
  let length = 0;
  for await (const line of lines) {
    length += line.text.length + 1;
    if (length > MAX_ARRAY_LENGTH) {
      throw new JsonTooLargeError(
        `${name} is one JSON array of more than ${MAX_ARRAY_LENGTH / 1024 / 1024} MiB, which must be read whole. ` +
          'Save it as JSONL, one object on each line: then size does not matter.',
        { details: { file: name } }
      );
    }
    held.push(line);
  }
  let value: unknown;
  try {
    // Of any depth: an item that is nested too deep is a problem, and the others are kept.
    value = JSON.parse(held.map((line) => line.text).join('\n'));
  } catch {
    yield* readJsonLines(iterate(held), field);
    return;
  }
  const items = Array.isArray(value)
    ? arrayItems(value as unknown[])
    : unwrapped({ kind: 'value', line: 1, value, source: () => excerptOf(value), inArray: true }, field);
  for (const item of items) {
    await breathe();
    yield item;
  }
}

/** The value as JSON; some nest too deep to be written. */
function excerptOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '(nested too deep to show)';
  }
}

/** Running text: each block between blank lines is one item, its inner line breaks kept. */
async function* readParagraphs(lines: AsyncIterable<TextLine>, maxLength: number): AsyncGenerator<FileItem> {
  let block: string[] = [];
  let length = 0;
  let start = 1;
  function* flush(): Generator<FileItem> {
    const text = block.join('\n').trim();
    block = [];
    length = 0;
    if (text !== '') yield { kind: 'text', line: start, text };
  }
  for await (const { number, text, problem } of lines) {
    if (problem) {
      yield* flush();
      yield { kind: 'problem', line: number, reason: problem, text };
      continue;
    }
    const blank = text.trim() === '';
    // A block without blank lines is broken at a line end once it is as long as a line may be.
    if (blank || length + text.length > maxLength) yield* flush();
    if (blank) continue;
    if (block.length === 0) start = number;
    block.push(text);
    length += text.length + 1;
  }
  yield* flush();
}

async function* breathingLines(
  lines: AsyncIterable<TextLine>,
  breathe: () => Promise<void>
): AsyncGenerator<TextLine> {
  for await (const line of lines) {
    await breathe();
    yield line;
  }
}

async function* startingWith(first: TextLine, rest: AsyncIterable<TextLine>): AsyncGenerator<TextLine> {
  yield first;
  yield* rest;
}

async function* iterate(lines: TextLine[]): AsyncGenerator<TextLine> {
  yield* lines;
}
