import type { z } from 'zod';
import { canonicalJson } from '../canonical';
import type { MerkleTree } from '../content/merkle';
import type { RowsTally } from '../content/rows-file';
import type { DatanetRow } from '../datanet';
import type { PaceOptions } from '../pace';
import { wrappedKeySchema } from '../trust/schemas';
import { statementCid } from '../trust/sign';
import type { Contribution, Signed, WrappedKey } from '../trust/statements';
import { writeContainer, type ContainerPart } from './container';
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
import { parseJson } from '../../json';

const OPEN_NAMES = ['rows.jsonl'];
const SEALED_NAMES = ['key.json', 'rows.sealed'];
const MAX_KEY_BYTES = 4096;

/** All of a contribution's file but the signature, which is over the digests of its parts. */
export interface PreparedContribution {
  /** To be signed. */
  contribution: Contribution;
  parts: ContainerPart[];
}

/**
 * Makes the parts of the file that hands in rows, and the statement about them, for their contributor to sign: the rows
 * as they are, or sealed for the owner alone where a lock is given, which is a fresh data key and the same key wrapped
 * for the owner.
 * @param contribution what the contributor says; `contribution.rows` is the digest of `rows`.
 * @param rows `rows.jsonl` as `writeRows` made it.
 * @throws UnreadableFileError, the abort reason.
 */
export async function prepareContribution(
  contribution: Omit<Contribution, 'files'>,
  rows: Blob,
  lock?: { key: CryptoKey; wrapped: WrappedKey },
  options: PaceOptions = {}
): Promise<PreparedContribution> {
  // Open rows are named by their digest already.
  if (!lock) return { contribution, parts: [{ name: OPEN_NAMES[0], data: rows }] };
  const parts = [
    await describePart(SEALED_NAMES[0], new Blob([canonicalJson(lock.wrapped)]), options),
    await describePart(SEALED_NAMES[1], await seal(rows, lock.key, contribution.rows.root, options), options)
  ];
  return {
    contribution: { ...contribution, files: parts.map(({ file }) => file) },
    parts: parts.map(({ part }) => part)
  };
}

/**
 * The file (`*.contribution`) of a contribution that was signed, with the parts that were prepared for it.
 * @throws ContainerTooLargeError, UnreadableFileError, the abort reason.
 */
export async function writeContribution(
  signed: Signed<Contribution>,
  parts: readonly ContainerPart[],
  options: PaceOptions = {}
): Promise<Blob> {
  return writeContainer([statementPart(signed), ...parts], { signal: options.signal });
}

/** A contribution that was handed in, its signature checked. */
export interface ContributionFile {
  readonly signed: Signed<Contribution>;
  /** What the contribution is known by. */
  readonly cid: string;
  readonly sealed: boolean;
  /** The data key, wrapped for the owner; of sealed rows. */
  readonly wrapped?: WrappedKey;
  /** See `RowsPart.rows`. */
  rows(key?: CryptoKey, options?: PaceOptions): AsyncGenerator<DatanetRow>;
  /** See `RowsPart.verify`. */
  verifyRows(key?: CryptoKey, options?: PaceOptions): Promise<{ tree: MerkleTree; tally: RowsTally }>;
}

/**
 * Opens what `writeContribution` wrote. Checks every byte of the container and the signature; the rows are checked where
 * they are read, once there is a key.
 * @throws BrokenContainerError, BrokenBundleError, InvalidStatementError, ForgedStatementError, UnreadableFileError, the
 * abort reason.
 */
export async function openContribution(blob: Blob, options: OpenOptions = {}): Promise<ContributionFile> {
  const { signed, parts } = await openSignedContainer(blob, 'contribution', options);
  const { rows, wrapped } = await requireContributionParts(
    parts,
    signed.statement,
    options.label ?? 'The file'
  );
  return {
    signed,
    cid: statementCid(signed),
    sealed: rows.sealed,
    wrapped,
    rows: (key, pace) => rows.rows(key, pace),
    verifyRows: (key, pace) => rows.verify(key, pace)
  };
}

/**
 * The parts beside the statement: open rows, which must be those that were signed, or sealed ones with their key, which
 * must be those that were signed where the statement names them.
 * @throws BrokenBundleError, UnreadableFileError
 */
export async function requireContributionParts(
  parts: readonly CheckedEntry[],
  { rows: digest, files }: Contribution,
  label: string
): Promise<{ rows: RowsPart; data: Blob; wrapped?: WrappedKey }> {
  const names = parts.map(({ name }) => name).join();
  const sealed = names === SEALED_NAMES.join();
  if (!sealed && names !== OPEN_NAMES.join())
    throw brokenBundle(label, `a contribution is not made of ${names}`);
  if (files) requireSignedFiles(parts, files, label);
  const last = parts[parts.length - 1];
  if (!sealed && (last.sha256 !== digest.sha256 || last.bytes !== digest.bytes)) {
    throw brokenBundle(label, 'its rows are not those that were signed');
  }
  return {
    rows: new RowsPart(last.data, digest, sealed),
    data: last.data,
    ...(sealed ? { wrapped: readWrappedKey(await entryText(parts[0], MAX_KEY_BYTES, label), label) } : {})
  };
}

function readWrappedKey(text: string, label: string): WrappedKey {
  let parsed: z.ZodSafeParseResult<WrappedKey> | undefined;
  try {
    parsed = wrappedKeySchema.safeParse(parseJson(label, text));
  } catch (cause) {
    throw brokenBundle(label, 'its key is not JSON', cause);
  }
  if (!parsed.success || canonicalJson(parsed.data) !== text)
    throw brokenBundle(label, 'its key is not a wrapped key');
  return parsed.data;
}
