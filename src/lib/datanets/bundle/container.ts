import { TabtuneError } from '../../errors';
import type { PaceOptions } from '../pace';
import { readBytes } from './blob';
import { crc32OfBlob, digestBlob, type BlobDigest } from './digest';
import { FIXED_BYTES, centralRecord, endRecord, localHeader, type EntryRecord } from './zip-records';

/** A file of Tabtune's was changed, cut, damaged, or is no such file. Nothing in it is used. */
export class BrokenContainerError extends TabtuneError {}

/** Files over 4 GiB are beyond plain ZIP. */
export class ContainerTooLargeError extends TabtuneError {}

export interface ContainerPart {
  name: string;
  data: Blob;
  /** Where it is known already: saves a reading of `data`. */
  crc32?: number;
}

export interface ContainerEntry {
  readonly name: string;
  readonly data: Blob;
  readonly crc32: number;
}

const MAX_ENTRIES = 32;
const MAX_BYTES = 0xffffffff;
const NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;

/**
 * A container is a ZIP archive in one fixed form: entries stored without compression, in the order given, one date, no
 * extra fields, no comments. Equal parts give equal bytes, and anybody can unzip it. The parts are not copied.
 * @throws ContainerTooLargeError, UnreadableFileError, the abort reason.
 */
export async function writeContainer(
  parts: readonly ContainerPart[],
  options: PaceOptions = {}
): Promise<Blob> {
  const total = parts.reduce((sum, part) => sum + part.data.size, 0);
  const pieces: BlobPart[] = [];
  const central: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  let read = 0;
  for (const { name, data, crc32 } of parts) {
    if (!NAME.test(name)) throw new RangeError(`"${name}" cannot name a part of a container`);
    const before = read;
    const known = crc32 ?? (await crc32OfBlob(data, within(options, before, total)));
    const record: EntryRecord = { name, size: data.size, crc32: known, offset };
    const header = localHeader(record);
    pieces.push(header, data);
    central.push(centralRecord(record));
    offset += header.length + data.size;
    read += data.size;
  }
  const centralBytes = central.reduce((sum, record) => sum + record.length, 0);
  const size = offset + centralBytes + FIXED_BYTES.end;
  if (size > MAX_BYTES) {
    throw new ContainerTooLargeError(
      `This would be a file of ${(size / 2 ** 30).toFixed(1)} GiB: more than the 4 GiB that fit. Split the Datanet.`,
      { details: { size } }
    );
  }
  pieces.push(...central, endRecord(parts.length, centralBytes, offset));
  return new Blob(pieces, { type: 'application/zip' });
}

/**
 * Opens a container: every byte that is not content must be the one that `writeContainer` would have written. The
 * contents are compared with their CRC-32 by `digestEntry` only. Reads some kilobytes, however large the file claims to be.
 * @param label for messages, such as the file's name.
 * @throws BrokenContainerError that says why, UnreadableFileError.
 */
export async function openContainer(blob: Blob, label = 'The file'): Promise<ContainerEntry[]> {
  const broken = (reason: string, details: Record<string, unknown> = {}) =>
    new BrokenContainerError(`${label} is no file of Tabtune's, or it was changed or cut: ${reason}.`, {
      details: { label, reason, ...details }
    });
  if (blob.size > MAX_BYTES) throw broken('it is larger than 4 GiB');
  if (blob.size < FIXED_BYTES.end) throw broken('it is too short');

  const endAt = blob.size - FIXED_BYTES.end;
  const end = await readBytes(blob, endAt);
  const view = new DataView(end.buffer);
  const [count, centralBytes, centralAt] = [
    view.getUint16(10, true),
    view.getUint32(12, true),
    view.getUint32(16, true)
  ];
  if (!equal(end, endRecord(count, centralBytes, centralAt)))
    throw broken('its end is not that of a container');
  if (count === 0 || count > MAX_ENTRIES) throw broken(`it claims to have ${count} parts`);
  // Bounds what is read next: the lengths that the file claims are not to be believed.
  if (centralBytes > MAX_ENTRIES * (FIXED_BYTES.central + 64) || centralAt + centralBytes !== endAt) {
    throw broken('its list of parts is not where its end says');
  }

  const central = await readBytes(blob, centralAt, endAt);
  const entries: ContainerEntry[] = [];
  let at = 0;
  let offset = 0;
  for (let i = 0; i < count; i += 1) {
    const record = readRecord(central, at, offset);
    if (!record) throw broken(`part ${i + 1} of its list is not as it was written`);
    const { name, size, crc32 } = record;
    if (entries.some((entry) => entry.name === name)) throw broken(`it has "${name}" twice`, { part: name });
    at += FIXED_BYTES.central + name.length;
    const header = localHeader(record);
    const start = offset + header.length;
    if (start + size > centralAt) throw broken(`"${name}" is longer than the file`, { part: name });
    if (!equal(await readBytes(blob, offset, start), header)) {
      throw broken(`the head of "${name}" is not as it was written`, { part: name });
    }
    entries.push({ name, data: blob.slice(start, start + size), crc32 });
    offset = start + size;
  }
  if (at !== central.length || offset !== centralAt)
    throw broken('there are bytes in it that belong to no part');
  return entries;
}

/** Reads an entry whole, for its SHA-256. @throws BrokenContainerError where it is not what its CRC-32 says. */
export async function digestEntry(entry: ContainerEntry, options: PaceOptions = {}): Promise<BlobDigest> {
  const digest = await digestBlob(entry.data, options);
  if (digest.crc32 !== entry.crc32) {
    throw new BrokenContainerError(
      `"${entry.name}" in the file was changed or damaged: its checksum does not fit. Ask for the file again.`,
      { details: { part: entry.name } }
    );
  }
  return digest;
}

/** Whether the file begins as containers do, so that it is worth opening as one. */
export async function looksLikeContainer(blob: Blob): Promise<boolean> {
  const start = await readBytes(blob, 0, Math.min(4, blob.size));
  return equal(start, localHeader({ name: 'a', size: 0, crc32: 0, offset: 0 }).subarray(0, 4));
}

/** Progress of a part as progress of the whole. */
export function within({ signal, onProgress }: PaceOptions, before: number, total: number): PaceOptions {
  return { signal, onProgress: onProgress && ((done) => onProgress(before + done, total)) };
}

/** The record at this place of the list, or nothing where it is not as `centralRecord` writes it. */
function readRecord(central: Uint8Array<ArrayBuffer>, at: number, offset: number): EntryRecord | undefined {
  if (at + FIXED_BYTES.central > central.length) return undefined;
  const view = new DataView(central.buffer, at);
  const nameEnd = at + FIXED_BYTES.central + view.getUint16(28, true);
  if (nameEnd > central.length) return undefined;
  const name = new TextDecoder().decode(central.subarray(at + FIXED_BYTES.central, nameEnd));
  if (!NAME.test(name)) return undefined;
  const record = { name, size: view.getUint32(24, true), crc32: view.getUint32(16, true), offset };
  return equal(central.subarray(at, nameEnd), centralRecord(record)) ? record : undefined;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
