import { TabtuneError } from '../../errors';
import { readBytes, readChunks } from '../bundle/blob';
import { Crc32 } from '../bundle/digest';
import { Pace, type PaceOptions } from '../pace';

/** A ZIP archive that is damaged, made to harm, or uses what no archive of an adapter needs. */
export class ZipArchiveError extends TabtuneError {}

/** A file in an archive that anybody made. */
export interface ZipEntry {
  /** As the archive has it: `adapter/run.json`. A stranger's text. */
  readonly name: string;
  /** Unpacked. */
  readonly size: number;
  /** Its packed bytes. */
  readonly data: Blob;
  readonly deflated: boolean;
  readonly crc32: number;
}

/** Records of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16: their signatures, and lengths without names. */
const END = { signature: 0x06054b50, bytes: 22 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;

/** A comment at the end can be as long as 16 bits tell. */
const MAX_COMMENT = 0xffff;
const MAX_ENTRIES = 256;
const MAX_LIST_BYTES = MAX_ENTRIES * 1024;
/** Far more than any adapter for a browser. */
const MAX_UNPACKED = 4 * 2 ** 30;
/** DEFLATE makes at most 1,032 bytes of one. */
const MAX_RATIO = 1032;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

/**
 * Lists the files of a ZIP archive, as other programs write them, too: stored or deflated. Nothing is unpacked. What its
 * list claims is compared with the head of each file; files that overlap, or would unpack to more than they can, are
 * refused before anything is read.
 * @throws ZipArchiveError that says why, UnreadableFileError
 */
export async function openZip(blob: Blob): Promise<ZipEntry[]> {
  const { count, listAt, listBytes } = await findEnd(blob);
  const list = await readBytes(blob, listAt, listAt + listBytes);
  const entries: (ZipEntry & { from: number; end: number })[] = [];
  let at = 0;
  let unpacked = 0;
  for (let i = 0; i < count; i += 1) {
    const record = readRecord(list, at);
    at = record.end;
    if (record.name.endsWith('/')) continue;
    if (entries.some(({ name }) => name === record.name))
      throw refuse(`it has "${shown(record.name)}" twice`);
    unpacked += record.size;
    if (unpacked > MAX_UNPACKED) throw refuse(`it would unpack to more than ${MAX_UNPACKED / 2 ** 30} GiB`);
    entries.push({ ...record, ...(await contentOf(blob, record, listAt)) });
  }
  const inOrder = entries.toSorted((a, b) => a.from - b.from);
  for (const [i, { from, name }] of inOrder.entries()) {
    if (i > 0 && from < inOrder[i - 1].end) throw refuse(`"${shown(name)}" overlaps another file in it`);
  }
  return entries.map(({ name, size, data, deflated, crc32 }) => ({ name, size, data, deflated, crc32 }));
}

/**
 * Unpacks a file of an archive, a piece at a time, and compares length and CRC-32 with what the archive says of it.
 * @throws ZipArchiveError, UnreadableFileError, the abort reason
 */
export async function* unpack(entry: ZipEntry, options: PaceOptions = {}): AsyncGenerator<Uint8Array> {
  const pace = new Pace(options);
  const crc = new Crc32();
  let done = 0;
  for await (const piece of entry.deflated ? inflate(entry) : readChunks(entry.data)) {
    done += piece.length;
    if (done > entry.size) throw refuse(`"${shown(entry.name)}" unpacks to more than it says`);
    crc.update(piece);
    yield piece;
    if (pace.due) await pace.breathe(done, entry.size);
  }
  if (done !== entry.size || crc.value !== entry.crc32) {
    throw refuse(`"${shown(entry.name)}" in it is damaged: its length or its checksum does not fit`);
  }
  pace.finish(done);
}

/** A file of an archive as text. @throws ZipArchiveError also where it is longer than `max` bytes, or no UTF-8 */
export async function unpackText(entry: ZipEntry, max: number, options: PaceOptions = {}): Promise<string> {
  if (entry.size > max) {
    throw refuse(`"${shown(entry.name)}" is ${entry.size} bytes long, and at most ${max} are read`);
  }
  const bytes = new Uint8Array(entry.size);
  let at = 0;
  for await (const piece of unpack(entry, options)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refuse(`"${shown(entry.name)}" is no text in UTF-8`, cause);
  }
}

async function* inflate({ data, name }: ZipEntry): AsyncGenerator<Uint8Array> {
  const reader = data.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw refuse(`"${shown(name)}" in it is damaged and cannot be unpacked`, cause);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function findEnd(blob: Blob): Promise<{ count: number; listAt: number; listBytes: number }> {
  if (blob.size < END.bytes) throw refuse('it is too short');
  const from = Math.max(0, blob.size - END.bytes - MAX_COMMENT);
  const tail = await readBytes(blob, from);
  const view = new DataView(tail.buffer);
  for (let at = tail.length - END.bytes; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== END.signature) continue;
    // A comment must reach the end, or these four bytes are only its words.
    if (at + END.bytes + view.getUint16(at + 20, true) !== tail.length) continue;
    const count = view.getUint16(at + 10, true);
    const listBytes = view.getUint32(at + 12, true);
    const listAt = view.getUint32(at + 16, true);
    if (count === 0 || count > MAX_ENTRIES) throw refuse(`it claims to have ${count} files`);
    if (listBytes > MAX_LIST_BYTES || listAt + listBytes > from + at) {
      throw refuse('its list of files is not where its end says');
    }
    return { count, listAt, listBytes };
  }
  throw refuse('its end is missing, so it was cut short or is no archive');
}

interface ZipRecord {
  name: string;
  size: number;
  packed: number;
  deflated: boolean;
  crc32: number;
  offset: number;
  /** Where the next record begins. */
  end: number;
}

function readRecord(list: Uint8Array<ArrayBuffer>, at: number): ZipRecord {
  const view = new DataView(list.buffer, list.byteOffset);
  if (at + CENTRAL.bytes > list.length || view.getUint32(at, true) !== CENTRAL.signature) {
    throw refuse('its list of files is damaged');
  }
  const nameEnd = at + CENTRAL.bytes + view.getUint16(at + 28, true);
  const end = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  if (end > list.length) throw refuse('its list of files is damaged');
  const name = new TextDecoder().decode(list.subarray(at + CENTRAL.bytes, nameEnd));
  const method = view.getUint16(at + 10, true);
  if (view.getUint16(at + 8, true) & ENCRYPTED) throw refuse(`"${shown(name)}" in it is encrypted`);
  if (method !== STORED && method !== DEFLATED) {
    throw refuse(`"${shown(name)}" is packed in a way (${method}) that is not read here`);
  }
  const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
  if (method === STORED ? packed !== size : size > packed * MAX_RATIO) {
    throw refuse(`"${shown(name)}" claims to be ${size} bytes long in ${packed}, which cannot be`);
  }
  return {
    ...{ name, size, packed, deflated: method === DEFLATED, end },
    ...{ crc32: view.getUint32(at + 16, true), offset: view.getUint32(at + 42, true) }
  };
}

/** What lies behind the head of a file, which must name the same file as the list does. */
async function contentOf(
  blob: Blob,
  { name, packed, offset }: ZipRecord,
  listAt: number
): Promise<{ data: Blob; from: number; end: number }> {
  if (offset + LOCAL.bytes > listAt) throw refuse(`"${shown(name)}" lies outside of it`);
  const view = new DataView((await readBytes(blob, offset, offset + LOCAL.bytes)).buffer);
  const nameBytes = view.getUint16(26, true);
  const start = offset + LOCAL.bytes + nameBytes + view.getUint16(28, true);
  if (view.getUint32(0, true) !== LOCAL.signature || start + packed > listAt) {
    throw refuse(`"${shown(name)}" lies outside of it`);
  }
  const head = await readBytes(blob, offset + LOCAL.bytes, offset + LOCAL.bytes + nameBytes);
  if (new TextDecoder().decode(head) !== name) {
    throw refuse(`it calls one file "${shown(name)}" in its list, and something else in place`);
  }
  return { data: blob.slice(start, start + packed), from: offset, end: start + packed };
}

function shown(name: string): string {
  return name.slice(0, 100).toWellFormed();
}

function refuse(reason: string, cause?: unknown): ZipArchiveError {
  return new ZipArchiveError(`The archive is not looked into: ${reason}. Ask for it again.`, {
    details: { reason },
    cause
  });
}
