import { TabtuneError } from '../../errors';
import { parseJson } from '../../json';
import { canonicalJson } from '../canonical';
import type { MerkleTree } from '../content/merkle';
import { countRow, emptyTally, type RowsFile, type RowsTally } from '../content/rows-file';
import type { DatanetRow } from '../datanet';
import type { PaceOptions } from '../pace';
import { statementCid } from '../trust/sign';
import type { Signed, Version } from '../trust/statements';
import { writeContainer, type ContainerPart } from './container';
import { croissantOf, type Croissant } from './croissant';
import { RowsPart } from './rows-part';
import { seal } from './seal';
import {
  brokenBundle,
  describePart,
  entryText,
  openSignedContainer,
  requireSignedFiles,
  statementPart,
  type CheckedEntry,
  type OpenOptions
} from './signed-container';
import { checkProvenance, checkTally, readStatements, writeStatements } from './provenance';

/** A bundle was asked for of parts that do not belong together. */
export class BundlePartsError extends TabtuneError {}

const STATEMENTS_NAME = 'statements.jsonl';
const CROISSANT_NAME = 'croissant.json';
const OPEN_ROWS_NAME = 'rows.jsonl';
const SEALED_ROWS_NAME = 'rows.sealed';
const MAX_CROISSANT_BYTES = 32 * 1024 * 1024;

/** All of a bundle but the signature, which is over the digests of the parts. */
export interface PreparedBundle {
  /** To be signed. */
  version: Version;
  parts: ContainerPart[];
}

/**
 * Makes the parts of a bundle, and the version that names them, for its owner to sign.
 * @param version what the owner says; where it is permissioned, a key must be given, and for that version only.
 * @param rows as `writeRows` made them: `version.rows` is their digest.
 * @param statements the signed contributions, decisions and validations that the version rests on.
 * @throws BundlePartsError, UnreadableFileError, the abort reason.
 */
export async function prepareBundle(
  version: Omit<Version, 'files'>,
  rows: Pick<RowsFile, 'blob' | 'crc32' | 'tally'>,
  statements: readonly Signed[],
  key?: CryptoKey,
  options: PaceOptions = {}
): Promise<PreparedBundle> {
  if (version.permissioned !== (key !== undefined)) {
    throw new BundlePartsError(
      'A permissioned version needs a key for its rows, and an open one must not have one.',
      {
        details: { permissioned: version.permissioned }
      }
    );
  }
  const sealed = key && (await seal(rows.blob, key, version.rows.root, options));
  const { sha256, bytes } = version.rows;
  const rowsPart = sealed
    ? await describePart(SEALED_ROWS_NAME, sealed, options)
    : // Their digest is known from when they were written.
      {
        file: { name: OPEN_ROWS_NAME, bytes, sha256 },
        part: { name: OPEN_ROWS_NAME, data: rows.blob, crc32: rows.crc32 }
      };
  const croissant = croissantOf(version, rowsPart.file, rows.tally.fields);
  const parts = [
    await describePart(STATEMENTS_NAME, writeStatements(statements), options),
    await describePart(CROISSANT_NAME, new Blob([canonicalJson(croissant)]), options),
    rowsPart
  ];
  return {
    version: { ...version, files: parts.map(({ file }) => file) },
    parts: parts.map(({ part }) => part)
  };
}

/**
 * The bundle (`*.datanet`) of a version that was signed.
 * @throws BundlePartsError where the parts are not those that were signed; ContainerTooLargeError.
 */
export async function writeBundle(signed: Signed<Version>, parts: readonly ContainerPart[]): Promise<Blob> {
  const { files } = signed.statement;
  if (
    files.length !== parts.length ||
    files.some(({ name, bytes }, i) => name !== parts[i].name || bytes !== parts[i].data.size)
  ) {
    throw new BundlePartsError('The signed version names other files than the ones to be bundled with it.');
  }
  return writeContainer([statementPart(signed), ...parts]);
}

/** A version as somebody handed it over: what is said of it is checked, the rows are read on demand. */
export interface Bundle {
  readonly version: Signed<Version>;
  /** What the signed version is known by. */
  readonly cid: string;
  /** What it rests on, each signature checked. */
  readonly statements: readonly Signed[];
  readonly croissant: Croissant;
  readonly permissioned: boolean;
  /** See `RowsPart.rows`; behind the last row, also compares who and what the rows are with what the version says. */
  rows(key?: CryptoKey, options?: PaceOptions): AsyncGenerator<DatanetRow>;
  /** As `RowsPart.verify`; also compares who and what the rows are with what the version says. */
  verifyRows(key?: CryptoKey, options?: PaceOptions): Promise<{ tree: MerkleTree; tally: RowsTally }>;
}

/**
 * Opens a bundle and checks all that can be checked without reading rows: every byte of the container, the digest of
 * every part, the signatures of the version and of what it rests on, and that these belong together. `verifyRows` is for
 * the rest, and should be called once before a bundle is kept, or where it is sealed, once there is a key.
 * @throws BrokenContainerError, BrokenBundleError, InvalidStatementError, ForgedStatementError, UnreadableFileError, the
 * abort reason.
 */
export async function openBundle(blob: Blob, options: OpenOptions = {}): Promise<Bundle> {
  const label = options.label ?? 'The file';
  const { signed, parts } = await openSignedContainer(blob, 'version', options);
  const version = signed.statement;
  const [statementsPart, croissantPart, rowsPart] = requireParts(parts, version, label);

  const statements = await readStatements(statementsPart.data, label, { signal: options.signal });
  checkProvenance(version, statements, label);
  const croissant = await readDescription(croissantPart, label);
  const rows = new RowsPart(rowsPart.data, version.rows, version.permissioned);
  return {
    version: signed,
    cid: statementCid(signed),
    statements,
    croissant,
    permissioned: version.permissioned,
    async *rows(key, pace) {
      const tally = emptyTally();
      for await (const row of rows.rows(key, pace)) {
        countRow(tally, row);
        yield row;
      }
      checkTally(version, tally, label);
    },
    async verifyRows(key, pace) {
      const verified = await rows.verify(key, pace);
      checkTally(version, verified.tally, label);
      return verified;
    }
  };
}

/**
 * The parts beside the statement, each the one that the version names: statements, description, rows.
 * @throws BrokenBundleError
 */
export function requireParts(
  parts: readonly CheckedEntry[],
  version: Version,
  label: string
): [statements: CheckedEntry, croissant: CheckedEntry, rows: CheckedEntry] {
  const { files, rows, permissioned } = version;
  const names = [STATEMENTS_NAME, CROISSANT_NAME, permissioned ? SEALED_ROWS_NAME : OPEN_ROWS_NAME];
  if (files.map(({ name }) => name).join() !== names.join()) {
    throw brokenBundle(label, `it should hold ${names.join(', ')}`);
  }
  requireSignedFiles(parts, files, label);
  const { bytes, sha256 } = files[files.length - 1];
  if (!permissioned && (bytes !== rows.bytes || sha256 !== rows.sha256)) {
    throw brokenBundle(label, 'it says two things of its rows');
  }
  return [parts[0], parts[1], parts[2]];
}

/** What `croissant.json` says, which is an object in its canonical form. @throws BrokenBundleError, UnreadableFileError */
export async function readDescription(part: CheckedEntry, label: string): Promise<Croissant> {
  return readJson(await entryText(part, MAX_CROISSANT_BYTES, label), label);
}

function readJson(text: string, label: string): Croissant {
  try {
    const value = parseJson(`${label}, ${CROISSANT_NAME}`, text);
    // A key that is there twice would tell other readers something else.
    if (isObject(value) && canonicalJson(value) === text) return value as Croissant;
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    throw brokenBundle(label, `its ${CROISSANT_NAME} is not JSON`, cause);
  }
  throw brokenBundle(label, `its ${CROISSANT_NAME} is not a JSON object in its canonical form`);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
