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
  entryText,
  openSignedContainer,
  statementPart,
  type CheckedEntry,
  type OpenOptions
} from './signed-container';
import { parseJson } from '../../json';

const OPEN_NAMES = ['rows.jsonl'];
const SEALED_NAMES = ['key.json', 'rows.sealed'];
const MAX_KEY_BYTES = 4096;

/**
 * The file that hands in rows (`*.contribution`): the signed statement, and the rows; sealed for the owner alone where
 * a lock is given, which is a fresh data key and the same key wrapped for the owner.
 * @param rows `rows.jsonl` as `writeRows` made it, whose digest the statement signs.
 * @throws ContainerTooLargeError, UnreadableFileError, the abort reason.
 */
export async function writeContribution(
  signed: Signed<Contribution>,
  rows: Blob,
  lock?: { key: CryptoKey; wrapped: WrappedKey },
  options: PaceOptions = {}
): Promise<Blob> {
  const parts: ContainerPart[] = [statementPart(signed)];
  if (lock) {
    parts.push({ name: SEALED_NAMES[0], data: new Blob([canonicalJson(lock.wrapped)]) });
    const sealed = await seal(rows, lock.key, signed.statement.rows.root, options);
    parts.push({ name: SEALED_NAMES[1], data: sealed });
  } else {
    parts.push({ name: OPEN_NAMES[0], data: rows });
  }
  return writeContainer(parts, { signal: options.signal });
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
 * The parts beside the statement: open rows, which must be those that were signed, or sealed ones with their key.
 * @throws BrokenBundleError, UnreadableFileError
 */
export async function requireContributionParts(
  parts: readonly CheckedEntry[],
  { rows: digest }: Contribution,
  label: string
): Promise<{ rows: RowsPart; data: Blob; wrapped?: WrappedKey }> {
  const names = parts.map(({ name }) => name).join();
  const sealed = names === SEALED_NAMES.join();
  if (!sealed && names !== OPEN_NAMES.join())
    throw brokenBundle(label, `a contribution is not made of ${names}`);
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
