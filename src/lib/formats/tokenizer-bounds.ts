/**
 * What of a tokenizer.json is looked at before anything is built of it. The library makes an array as long as the highest id,
 * runs the file's patterns over every row, and applies its replacements one after the other: numbers, patterns and
 * replacements of strangers are bounded here, in time linear in the file.
 */
import { TabtuneError } from '../errors';
import type { TokenizerJson } from './tokenizer-json';

/** A tokenizer.json whose numbers, sizes or patterns no tokeniser has. */
export class TokenizerBoundsError extends TabtuneError {}

/** Ids and tokens; the largest vocabularies in use have about 260,000. */
const MAX_VOCABULARY = 2 ** 20;
const MAX_MERGES = 2 ** 21;
/** Added tokens are looked for one by one at each place of a text. */
const MAX_ADDED = 2 ** 15;
/** UTF-16 units; blanks in a row make tokens of some hundred. */
const MAX_TOKEN_LENGTH = 2048;
/** Objects, lists and values in all that surrounds the vocabulary. */
const MAX_PARTS = 10_000;
const MAX_PATTERN_LENGTH = 8192;
/** How many times longer a text may become by what replaces its parts. */
const MAX_GROWTH = 64;

/** @throws TokenizerBoundsError naming what is out of bounds */
export function requireBoundedTokenizer(json: TokenizerJson): void {
  requireVocabulary(json.model.vocab);
  const { merges } = json.model;
  if (merges !== undefined && !(Array.isArray(merges) && merges.length <= MAX_MERGES)) {
    throw refusal(`its merges are no list of at most ${MAX_MERGES}`);
  }
  requireAddedTokens(json.added_tokens);
  const bounds = new PipelineBounds();
  for (const part of ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const) {
    bounds.look(json[part], part);
  }
}

function requireVocabulary(vocab: unknown): void {
  if (Array.isArray(vocab)) {
    requireCount(vocab.length);
    for (const piece of vocab as unknown[]) {
      const [token, score] = Array.isArray(piece) ? (piece as unknown[]) : [];
      if (typeof token !== 'string' || typeof score !== 'number')
        throw refusal('a piece of its vocabulary is no token with a score');
      requireLength(token);
    }
    return;
  }
  const entries = Object.entries(vocab as object) as [string, unknown][];
  requireCount(entries.length);
  for (const [token, id] of entries) {
    requireLength(token);
    requireId(token, id);
  }
}

function requireAddedTokens(added: unknown): void {
  if (!Array.isArray(added) || added.length > MAX_ADDED)
    throw refusal(`its added tokens are no list of at most ${MAX_ADDED}`);
  for (const token of added as ({ id?: unknown; content?: unknown } | null)[]) {
    if (typeof token?.content !== 'string') throw refusal('an added token has no text');
    requireLength(token.content);
    requireId(token.content, token.id);
  }
}

function requireCount(count: number): void {
  if (count > MAX_VOCABULARY)
    throw refusal(`its vocabulary has ${count} tokens, more than ${MAX_VOCABULARY}`);
}

function requireLength(token: string): void {
  if (token.length > MAX_TOKEN_LENGTH) {
    throw refusal(
      `the token that begins with ${JSON.stringify(token.slice(0, 40))} has ${token.length} characters, more than ${MAX_TOKEN_LENGTH}`
    );
  }
}

function requireId(token: string, id: unknown): void {
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < MAX_VOCABULARY) return;
  throw refusal(
    `the token ${JSON.stringify(token.slice(0, 40))} has the id ${JSON.stringify(id)?.slice(0, 40)}, which is no whole number below ${MAX_VOCABULARY}`
  );
}

/** Counts what stands in the steps around the model, however deep. */
class PipelineBounds {
  #parts = 0;
  #growth = 1;

  look(value: unknown, where: string): void {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw refusal(`${where} has more than ${MAX_PARTS} parts`);
    if (typeof value !== 'object' || value === null) return;
    const { type, pattern, content } = value as { type?: unknown; pattern?: unknown; content?: unknown };
    const regex = (pattern as { Regex?: unknown } | null | undefined)?.Regex;
    if (typeof regex === 'string') requireSteadyPattern(regex, where);
    if (type === 'Replace' && typeof content === 'string') {
      this.#growth *=
        Math.max(1, content.length) + Number(typeof regex === 'string' && matchesNothing(regex));
      if (this.#growth > MAX_GROWTH)
        throw refusal(`${where} makes a text more than ${MAX_GROWTH} times as long`);
    }
    for (const inner of Object.values(value)) this.look(inner, where);
  }
}

/** Whether a pattern is found between any two characters. */
function matchesNothing(source: string): boolean {
  try {
    return new RegExp(source, 'u').test('');
  } catch {
    // What the engine does not take, the library has its own way with.
    return true;
  }
}

function requireSteadyPattern(source: string, where: string): void {
  const shown = JSON.stringify(source.slice(0, 60));
  if (source.length > MAX_PATTERN_LENGTH)
    throw refusal(`a pattern of ${where}, ${shown}, is longer than ${MAX_PATTERN_LENGTH} characters`);
  if (repeatsRepeats(source)) {
    throw refusal(
      `a pattern of ${where}, ${shown}, repeats what repeats or differs already: on some texts it would never end`
    );
  }
}

/**
 * Whether a regular expression repeats, without a bound, a group that holds a repetition or alternatives itself: then a text that
 * almost fits can be divided in exponentially many ways, and each is tried.
 */
export function repeatsRepeats(source: string): boolean {
  /** Of each open group, whether what it holds can be divided in several ways. */
  const open: boolean[] = [false];
  let closed = false;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    const quantifier = /^(?:[*+]|\{\d+,(?:\d{2,})?\})/.exec(source.slice(at, at + 16))?.[0];
    if (quantifier !== undefined) {
      if (closed) return true;
      open[open.length - 1] = true;
      at += quantifier.length - 1;
    } else if (char === '(') open.push(false);
    else if (char === '|') open[open.length - 1] = true;
    const inner = char === ')' && open.length > 1 ? open.pop() : undefined;
    closed = inner === true;
    if (closed) open[open.length - 1] = true;
    if (char === '\\') at += 1;
    else if (char === '[') at = classEnd(source, at);
  }
  return false;
}

/** Index of the bracket that closes a class of characters; classes may stand in classes. */
function classEnd(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '[') depth += 1;
    else if (source[at] === ']' && --depth === 0) return at;
  }
  // In JavaScript an opening bracket in a class is a character like others.
  const end = source.indexOf(']', start + 1);
  return end < 0 ? source.length : end;
}

function refusal(why: string): TokenizerBoundsError {
  return new TokenizerBoundsError(
    `The model's tokenizer.json cannot be used: ${why}. Download it anew from the model's page; if it is the same there, choose another model.`,
    { details: { file: 'tokenizer.json', reason: why } }
  );
}
