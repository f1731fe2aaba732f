import { TabtuneError } from '../errors';
import { JsonBoundsError, parseJson } from '../json';
import { MAX_LINE_BYTES, readLines, type TextInput, type TextLine } from './lines';

/** What a file of rows holds, one after the other, before anybody asks whether it is a row. */
export type FileItem =
  /** A JSON value. `source` gives its text, for an excerpt. */
  | { kind: 'value'; line: number; value: unknown; source: () => string; inArray?: true }
  /** A paragraph of running text. */
  | { kind: 'text'; line: number; text: string }
  /** What could not be read. */
  | { kind: 'problem'; line: number; reason: string; text: string };

export interface ItemOptions {
  /** Longer lines are refused, so that a file without line ends cannot fill the memory. */
  maxLineBytes?: number;
  /** Awaited at every line: see `breather`. */
  breathe?: () => Promise<void>;
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
      yield* readJson(name, all, breathe);
      break;
    case 'text':
      yield* readParagraphs(all, maxLineBytes);
      break;
    case 'lines':
      yield* readJsonLines(all);
  }
}

/** How the file is laid out, from its first line that is not blank. */
export function guessLayout(name: string, first: TextLine): 'json' | 'lines' | 'text' {
  const start = first.text.trim();
  // `[`, `[{...`, or `{` with nothing behind it begin a document that spans lines, whatever the file is called.
  if (start === '[' || start === '{' || /^\[\s*\{/.test(start)) return 'json';
  if (start.startsWith('{') && parsesAsJson(start)) return 'lines';
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

async function* readJsonLines(lines: AsyncIterable<TextLine>): AsyncGenerator<FileItem> {
  for await (const { number: line, text, problem } of lines) {
    if (problem) yield { kind: 'problem', line, reason: problem, text };
    else if (text.trim() !== '') yield jsonItem(line, text);
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
  breathe: () => Promise<void>
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
    yield* readJsonLines(iterate(held));
    return;
  }
  const items = Array.isArray(value) ? (value as unknown[]) : [value];
  for (const [i, item] of items.entries()) {
    await breathe();
    yield { kind: 'value', line: i + 1, value: item, source: () => excerptOf(item), inArray: true };
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
