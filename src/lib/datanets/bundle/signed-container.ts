import { TabtuneError } from '../../errors';
import { canonicalJson } from '../canonical';
import type { PaceOptions } from '../pace';
import { MAX_STATEMENT_CHARACTERS } from '../trust/schemas';
import { isSigned, readSigned } from '../trust/sign';
import type { FileDigest, Signed, Statement } from '../trust/statements';
import { readBytes } from './blob';
import { digestEntry, openContainer, within, type ContainerEntry, type ContainerPart } from './container';
import { digestBlob, type BlobDigest } from './digest';

/** A file of Tabtune's whose parts are not those that its statement speaks of. Nothing in it is used. */
export class BrokenBundleError extends TabtuneError {}

/** The entry that every file begins with: the canonical JSON of a signed statement. */
export const STATEMENT_NAME = 'statement.json';

export interface OpenOptions extends PaceOptions {
  /** For messages, such as the file's name. */
  label?: string;
}

/** A part whose checksum fits, with what its bytes are. */
export type CheckedEntry = ContainerEntry & BlobDigest;

/** A container whose bytes and whose statement hold. What the other parts are is not yet compared with anything. */
export interface SignedContainer<S extends Statement> {
  signed: Signed<S>;
  /** The other parts, in their order. */
  parts: CheckedEntry[];
}

/** The first part of a container. */
export function statementPart(signed: Signed): ContainerPart {
  return { name: STATEMENT_NAME, data: new Blob([canonicalJson(signed)]) };
}

/**
 * Opens a container that begins with a statement of this kind: checks its form, all checksums, and the signature.
 * @throws BrokenContainerError, BrokenBundleError, InvalidStatementError, ForgedStatementError, UnreadableFileError, the
 * abort reason.
 */
export async function openSignedContainer<K extends Statement['kind']>(
  blob: Blob,
  kind: K,
  options: OpenOptions = {}
): Promise<SignedContainer<Extract<Statement, { kind: K }>>> {
  const label = options.label ?? 'The file';
  const entries = await openContainer(blob, label);
  if (entries[0].name !== STATEMENT_NAME) {
    throw brokenBundle(label, `it begins with "${entries[0].name}" and not with a signed statement`);
  }
  const checked: CheckedEntry[] = [];
  let before = 0;
  for (const entry of entries) {
    checked.push({ ...entry, ...(await digestEntry(entry, within(options, before, blob.size))) });
    before += entry.data.size;
  }
  const [first, ...parts] = checked;
  const signed = await readSigned(await entryText(first, MAX_STATEMENT_CHARACTERS, label));
  if (!isSigned(signed, kind)) {
    throw brokenBundle(label, `its statement is of the kind "${signed.statement.kind}" and not "${kind}"`);
  }
  return { signed, parts };
}

/** A part of a container that is to be signed, with what is signed of it. @throws UnreadableFileError, the abort reason */
export async function describePart(
  name: string,
  data: Blob,
  options: PaceOptions
): Promise<{ file: FileDigest; part: ContainerPart }> {
  const { bytes, sha256, crc32 } = await digestBlob(data, { signal: options.signal });
  return { file: { name, bytes, sha256 }, part: { name, data, crc32 } };
}

/** Compares parts, byte by byte, with the files that were signed. @throws BrokenBundleError */
export function requireSignedFiles(
  parts: readonly CheckedEntry[],
  files: readonly FileDigest[],
  label: string
): void {
  const names = files.map(({ name }) => name);
  if (parts.map(({ name }) => name).join() !== names.join()) {
    throw brokenBundle(label, `it should hold ${names.join(', ')}`);
  }
  for (const [i, { name, bytes, sha256 }] of parts.entries()) {
    if (bytes !== files[i].bytes || sha256 !== files[i].sha256) {
      throw brokenBundle(label, `"${name}" in it is not the one that was signed`);
    }
  }
}

/** The text of an entry that is read whole. @throws BrokenBundleError where it is too long or not UTF-8. */
export async function entryText(entry: ContainerEntry, maxBytes: number, label: string): Promise<string> {
  if (entry.data.size > maxBytes)
    throw brokenBundle(label, `"${entry.name}" in it is longer than ${maxBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readBytes(entry.data));
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    throw brokenBundle(label, `"${entry.name}" in it is not UTF-8 text`, cause);
  }
}

export function brokenBundle(label: string, reason: string, cause?: unknown): BrokenBundleError {
  return new BrokenBundleError(`${label} was not made as its statement says: ${reason}. Ask for it again.`, {
    details: { label, reason },
    cause
  });
}
