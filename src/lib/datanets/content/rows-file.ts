import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { TabtuneError } from '../../errors';
import { parseJson } from '../../json';
import { NotCanonicalError, canonicalJson, canonicalRow } from '../canonical';
import type { DatanetRow, Split } from '../datanet';
import { MAX_LINE_BYTES, readLines, type TextInput } from '../lines';
import { Pace, type PaceOptions } from '../pace';
import type { ChatRow, Row, TextRow } from '../row';
import type { RowsDigest } from '../trust/statements';
import { Crc32 } from '../bundle/digest';
import { cidOfDigest, rowCid, rowContent, rowDigest } from './cid';
import { MerkleTree, type MerkleLeaf, type MerkleOptions } from './merkle';
import { readDatanetRow } from './row-schema';

/** A row that a version cannot hold, or a line of its rows that is not what it must be. */
export class RowsFileError extends TabtuneError {}

/** The rows are not those that the signed statement speaks of. */
export class RowsMismatchError extends TabtuneError {}

/** Who and what rows are, counted. */
export interface RowsTally {
  /** Rows per contributor, in order of appearance. */
  contributors: Map<string, number>;
  /** Rows per contribution (CID of the signed statement), of those that came with one. */
  contributions: Map<string, number>;
  /** Rows per split. A row without one is trained on, and counted so. */
  splits: Record<Split, number>;
  /** Which fields rows have, of those that not each must have. */
  fields: Set<keyof RowFields>;
}

/** Everything that a line of the rows can hold. */
type RowFields = ChatRow & TextRow & Omit<DatanetRow, 'messages' | 'text'>;

/** A row as a store of this browser holds it: its words were checked and hashed as they came in. */
export interface StoredRow {
  /** What is said of it besides its words. */
  meta: Omit<DatanetRow, 'messages' | 'text'>;
  /** Canonical JSON of its words, in UTF-8. */
  json: Uint8Array;
  /** SHA-256 of `json`. */
  digest: Uint8Array;
}

/** The rows of a version as they lie in its bundle, and what is signed of them. */
export interface RowsFile {
  blob: Blob;
  /** Of `blob`, as ZIP has it. */
  crc32: number;
  digest: RowsDigest;
  /** Its leaves are in the order of the rows. */
  tree: MerkleTree;
  tally: RowsTally;
}

/** The file is gathered in pieces of this size, each a Blob, which browsers keep outside of the heap. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** One stored row of so many is made and hashed anew, so that a store that does not hold what it says is noticed. */
const LOOKED_AT = 64;

const encoder = new TextEncoder();

/** Words that stand for a row's own while what is said of it is checked and written. */
const NO_MESSAGES = [{ role: 'user', content: '' }];

/**
 * Writes `rows.jsonl`: the canonical form and a line feed for each row, in order. Words of stored rows are taken as they
 * lie there, with the digest they have.
 * @throws RowsFileError for a row that could not be read back, or that is not what its store says; EmptyTreeError where
 * there is none.
 */
export async function writeRows(
  rows: Iterable<DatanetRow | StoredRow> | AsyncIterable<DatanetRow | StoredRow>,
  options: MerkleOptions = {}
): Promise<RowsFile> {
  const lines = new LinesDigest();
  const crc = new Crc32();
  const tally = emptyTally();
  const pieces: Blob[] = [];
  let piece: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  async function* leaves(): AsyncGenerator<MerkleLeaf> {
    for await (const row of rows) {
      const { line, leaf } =
        'json' in row ? storedLine(row, lines.count, tally) : plainLine(row, lines.count, tally);
      const encoded = lines.add(line);
      if (encoded.length > MAX_LINE_BYTES) {
        throw new RowsFileError(
          `Row ${lines.count} is longer than ${MAX_LINE_BYTES} bytes: split it into several.`,
          {
            details: { row: lines.count, bytes: encoded.length }
          }
        );
      }
      crc.update(encoded);
      piece.push(encoded);
      held += encoded.length;
      if (held >= PIECE_BYTES) {
        pieces.push(new Blob(piece));
        piece = [];
        held = 0;
      }
      yield leaf;
    }
  }
  const tree = await MerkleTree.build(leaves(), options);
  pieces.push(new Blob(piece));
  const digest = { count: lines.count, root: tree.root, sha256: lines.sha256(), bytes: lines.bytes };
  return { blob: new Blob(pieces), crc32: crc.value, digest, tree, tally };
}

interface Written {
  line: string | Uint8Array<ArrayBuffer>;
  leaf: MerkleLeaf;
}

function plainLine(row: DatanetRow, index: number, tally: RowsTally): Written {
  const line = writeLine(row, index + 1);
  countRow(tally, row);
  return { line, leaf: leafOf(row) };
}

/** What is said of the row, around its words as they lie in the store. */
function storedLine({ meta, json, digest }: StoredRow, index: number, tally: RowsTally): Written {
  // A row's fields stand in the order of their names, so its tools would not stand beside its messages.
  const words = new TextDecoder().decode(json);
  if (words.includes('],"tools":['))
    return plainLine({ ...meta, ...(JSON.parse(words) as Row) }, index, tally);
  // `{"messages":…}` or `{"text":…}`.
  const isChat = json[2] === 'm'.charCodeAt(0);
  const stub: DatanetRow = isChat ? { ...meta, messages: NO_MESSAGES } : { ...meta, text: '' };
  // Within a string its quotes would be escaped: there is one such place.
  const [before, after] = writeLine(stub, index + 1).split(
    isChat ? canonicalJson({ messages: NO_MESSAGES }).slice(1, -1) : '"text":""'
  );
  const [head, tail] = [encoder.encode(before), encoder.encode(`${after}\n`)];
  const line = new Uint8Array(head.length + json.length - 2 + tail.length);
  line.set(head);
  line.set(json.subarray(1, -1), head.length);
  line.set(tail, head.length + json.length - 2);
  if (index % LOOKED_AT === 0) requireAsStored({ meta, json, digest }, line, index + 1);
  countRow(tally, stub);
  return { line, leaf: { cid: cidOfDigest(digest), contributor: meta.contributor } };
}

/** @throws RowsFileError where the words are not of that digest, or not as they would be written */
function requireAsStored({ meta, json, digest }: StoredRow, line: Uint8Array, number: number): void {
  const decoder = new TextDecoder();
  let row: DatanetRow | undefined;
  try {
    row = { ...meta, ...(JSON.parse(decoder.decode(json)) as Row) };
  } catch {
    // Not JSON any more: told below.
  }
  const same =
    row !== undefined &&
    bytesToHex(rowDigest(rowContent(row))) === bytesToHex(digest) &&
    `${writeLine(row, number)}\n` === decoder.decode(line);
  if (same) return;
  throw new RowsFileError(
    `Row ${number} is no longer in this browser as it came in: its storage is damaged. Remove the row, or import it again.`,
    { details: { row: number } }
  );
}

/**
 * Reads `rows.jsonl` as `writeRows` writes it, holding one row at a time. Each line must be a row in its canonical form,
 * byte for byte.
 * @param expected what was signed. With it, the end throws where number, length or SHA-256 differ: all rows have been
 * given by then. The Merkle root takes longer, see `verifyRows`.
 * @throws RowsFileError that names the line, RowsMismatchError, the abort reason, or what the input throws.
 */
export async function* readRows(
  input: TextInput,
  expected?: Omit<RowsDigest, 'root'>,
  options: PaceOptions = {}
): AsyncGenerator<DatanetRow> {
  const pace = new Pace(options);
  const lines = new LinesDigest();
  let count = 0;
  for await (const line of readLines(input)) {
    if (expected && count === expected.count) throw mismatch('number of rows', expected.count, 'more');
    count = line.number;
    if (line.problem !== undefined) throw badLine(count, line.problem);
    // Decoding keeps each byte of a line that is plain, so that what is hashed are the bytes of the file.
    if (!line.plain) {
      throw badLine(count, 'it does not end with a line feed alone, or begins with a byte order mark');
    }
    const row = readLine(line.text, count);
    lines.add(line.text);
    yield row;
    if (pace.due) await pace.breathe(count, expected?.count ?? count);
  }
  if (expected) {
    if (count !== expected.count) throw mismatch('number of rows', expected.count, count);
    if (lines.bytes !== expected.bytes) throw mismatch('length in bytes', expected.bytes, lines.bytes);
    if (lines.sha256() !== expected.sha256) throw mismatch('SHA-256', expected.sha256, lines.sha256());
  }
  pace.finish(count);
}

/**
 * Reads bytes that should be those of signed rows, and makes nothing of them: what a stranger sent is looked into only
 * once it is known to be what was signed.
 * @throws RowsMismatchError, or what the bytes throw.
 */
export async function verifyBytes(
  bytes: AsyncIterable<Uint8Array>,
  expected: Pick<RowsDigest, 'bytes' | 'sha256'>
): Promise<void> {
  const hash = sha256.create();
  let length = 0;
  for await (const piece of bytes) {
    hash.update(piece);
    length += piece.length;
    if (length > expected.bytes) break;
  }
  if (length !== expected.bytes) throw mismatch('length in bytes', expected.bytes, length);
  const found = bytesToHex(hash.digest());
  if (found !== expected.sha256) throw mismatch('SHA-256', expected.sha256, found);
}

/**
 * Reads all rows and compares their number, length, SHA-256 and Merkle root with what was signed.
 * @returns the tree, for proofs, and who and what the rows are.
 * @throws RowsFileError, RowsMismatchError, the abort reason, or what the input throws.
 */
export async function verifyRows(
  input: TextInput,
  expected: RowsDigest,
  options: PaceOptions = {}
): Promise<{ tree: MerkleTree; tally: RowsTally }> {
  const tally = emptyTally();
  async function* leaves(): AsyncGenerator<MerkleLeaf> {
    for await (const row of readRows(input, expected, { signal: options.signal })) {
      countRow(tally, row);
      yield leafOf(row);
    }
  }
  const tree = await MerkleTree.build(leaves(), { ...options, count: expected.count });
  if (tree.root !== expected.root) throw mismatch('Merkle root', expected.root, tree.root);
  return { tree, tally };
}

function writeLine(row: DatanetRow, number: number): string {
  const result = readDatanetRow(row);
  const problem = (reason: string, cause?: unknown) =>
    new RowsFileError(`Row ${number} cannot be part of a version: ${reason}.`, {
      details: { row: number, reason },
      cause
    });
  if ('problem' in result) throw problem(result.problem);
  try {
    return canonicalRow(row);
  } catch (cause) {
    if (cause instanceof NotCanonicalError) throw problem(cause.message.replace(/\.$/, ''), cause);
    throw cause;
  }
}

function readLine(text: string, number: number): DatanetRow {
  let value: unknown;
  try {
    value = parseJson(`Line ${number}`, text);
  } catch (cause) {
    throw badLine(number, 'not JSON', cause);
  }
  const result = readDatanetRow(value);
  if ('problem' in result) throw badLine(number, result.problem);
  let canonical: string;
  try {
    canonical = canonicalRow(result.row);
  } catch (cause) {
    throw badLine(number, 'text with half of a character', cause);
  }
  if (canonical !== text) throw badLine(number, 'not in its canonical form');
  return result.row;
}

function badLine(line: number, reason: string, cause?: unknown): RowsFileError {
  return new RowsFileError(
    `Line ${line} of the rows cannot be read: ${reason}. The file was changed or damaged.`,
    {
      details: { line, reason },
      cause
    }
  );
}

function mismatch(what: string, signed: string | number, found: string | number): RowsMismatchError {
  return new RowsMismatchError(
    `The rows are not those that were signed: their ${what} is ${found} and not ${signed}. Ask for the file again.`,
    { details: { what, signed, found } }
  );
}

function leafOf(row: DatanetRow): MerkleLeaf {
  return { cid: rowCid(rowContent(row)), contributor: row.contributor };
}

/** Nothing counted yet. */
export function emptyTally(): RowsTally {
  return {
    contributors: new Map(),
    contributions: new Map(),
    splits: { train: 0, validation: 0, test: 0 },
    fields: new Set()
  };
}

/** Counts one more row. */
export function countRow(tally: RowsTally, row: DatanetRow): void {
  const { contributor, contribution, split } = row;
  tally.contributors.set(contributor, (tally.contributors.get(contributor) ?? 0) + 1);
  if (contribution !== undefined) {
    tally.contributions.set(contribution, (tally.contributions.get(contribution) ?? 0) + 1);
  }
  tally.splits[split ?? 'train'] += 1;
  for (const [field, value] of Object.entries(row)) {
    const says = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    if (says) tally.fields.add(field as keyof RowFields);
  }
}

/** Number, length and SHA-256 of lines, each with its line feed. */
class LinesDigest {
  count = 0;
  bytes = 0;
  readonly #hash = sha256.create();

  /** The line's bytes, line feed included. @param line its text, or its bytes with the line feed */
  add(line: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const encoded = typeof line === 'string' ? encoder.encode(`${line}\n`) : line;
    this.#hash.update(encoded);
    this.count += 1;
    this.bytes += encoded.length;
    return encoded;
  }

  sha256(): string {
    return bytesToHex(this.#hash.clone().digest());
  }
}
