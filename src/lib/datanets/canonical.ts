import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { TabtuneError } from '../errors';
import type { DatanetRow } from './datanet';
import { rowContent, type Row } from './row';

/** A value that has no canonical JSON: not JSON at all, a number JSON cannot say, text that is not Unicode. */
export class NotCanonicalError extends TabtuneError {}

/** Nesting beyond this is refused, so that neither a cycle nor a hostile file exhausts the stack. */
const MAX_DEPTH = 256;

/**
 * Canonical JSON (RFC 8785): keys in the order of their UTF-16 code units, no spaces, numbers and strings as
 * ECMAScript writes them. Equal values are equal text, whoever writes them.
 * @throws NotCanonicalError for what I-JSON cannot hold: NaN, infinities, lone surrogates, `undefined` (leave the key
 * out), big integers, functions, objects that are not plain, and nesting over 256.
 */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

/** @param path keys and indices that lead to the value, for the message of an error. */
function write(value: unknown, path: (string | number)[]): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, path);
    case 'number':
      if (!Number.isFinite(value)) throw refusal(`the number ${value}`, path);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (path.length >= MAX_DEPTH) throw refusal(`something nested deeper than ${MAX_DEPTH}`, path);
      return Array.isArray(value) ? writeArray(value, path) : writeObject(value, path);
    default:
      throw refusal(typeof value === 'undefined' ? 'an undefined value' : `a ${typeof value}`, path);
  }
}

function writeString(text: string, path: readonly (string | number)[]): string {
  if (!text.isWellFormed()) throw refusal('text with a lone surrogate, which is not Unicode', path);
  return JSON.stringify(text);
}

function writeArray(items: readonly unknown[], path: (string | number)[]): string {
  let text = '[';
  // By index: a hole is an undefined value, not nothing.
  for (let i = 0; i < items.length; i += 1) {
    path.push(i);
    text += `${i === 0 ? '' : ','}${write(items[i], path)}`;
    path.pop();
  }
  return `${text}]`;
}

function writeObject(value: object, path: (string | number)[]): string {
  if (!isPlain(value)) throw refusal(`a ${value.constructor?.name ?? 'special object'}`, path);
  let text = '{';
  // The default order of `sort` is that of UTF-16 code units, as section 3.2.3 asks.
  for (const key of Object.keys(value).sort()) {
    path.push(key);
    const member = write((value as Record<string, unknown>)[key], path);
    text += `${text.length === 1 ? '' : ','}${writeString(key, path)}:${member}`;
    path.pop();
  }
  return `${text}}`;
}

/** Whether it is an object literal or came of JSON, in this realm or another. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function refusal(what: string, path: readonly (string | number)[]): NotCanonicalError {
  const where = path
    .slice(0, 8)
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step.slice(0, 40).toWellFormed()}`))
    .join('')
    .replace(/^\./, '');
  const place = where === '' ? 'The value' : `"${where}"`;
  return new NotCanonicalError(`${place} is ${what}: it cannot be written as canonical JSON.`, {
    details: { path: path.slice(0, 8), what }
  });
}

/**
 * A row as canonical JSON. Only the fields of `DatanetRow` take part; those that say nothing (`undefined`, no tags, not
 * drafted) are left out, so that a row has one form.
 * @throws NotCanonicalError where text of it holds a lone surrogate.
 */
export function canonicalRow(row: Row | DatanetRow): string {
  const fields: Record<string, unknown> = { ...rowContent(row) };
  const { contributor, source, contribution, licence, split, tags, drafted } = row as Partial<DatanetRow>;
  if (contributor !== undefined) fields.contributor = contributor;
  if (source !== undefined) fields.source = source;
  if (contribution !== undefined) fields.contribution = contribution;
  if (licence !== undefined) fields.licence = licence;
  if (split !== undefined) fields.split = split;
  if (tags !== undefined && tags.length > 0) fields.tags = tags;
  if (drafted) fields.drafted = true;
  return canonicalJson(fields);
}

/** Rows as JSON Lines: `canonicalRow` and a line feed for each. What `rowsSha256` hashes and an export writes. */
export function* canonicalLines(rows: Iterable<Row | DatanetRow>): Generator<string> {
  for (const row of rows) yield `${canonicalRow(row)}\n`;
}

/** SHA-256, in hexadecimal, and size of the rows' canonical JSON Lines. */
export function rowsSha256(rows: Iterable<Row | DatanetRow>): { sha256: string; bytes: number } {
  const hash = sha256.create();
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const line of canonicalLines(rows)) {
    const encoded = encoder.encode(line);
    bytes += encoded.length;
    hash.update(encoded);
  }
  return { sha256: bytesToHex(hash.digest()), bytes };
}
