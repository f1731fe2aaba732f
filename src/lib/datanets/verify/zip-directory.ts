/**
 * The list of files at the end of a ZIP archive, and the head before each of them (PKWARE's APPNOTE.TXT 6.3.10, sections
 * 4.3.7, 4.3.9, 4.3.12 and 4.3.16), read so that no byte of the archive is left for another reader to find something in.
 */
import { TabtuneError } from '../../errors';
import { readBytes } from '../bundle/blob';
import { shownText } from '../one-line';
import { objectionToExtra, readName } from './zip-names';

/** A ZIP archive that is damaged, made to harm, or uses what no archive of an adapter needs. */
export class ZipArchiveError extends TabtuneError {}

/** What the list and the head say of a file. */
export interface ZipRecord {
  /** With `/` between folders, and none at the end. */
  path: string;
  folder: boolean;
  size: number;
  packed: number;
  deflated: boolean;
  crc32: number;
  /** Where its head begins. */
  offset: number;
}

/** A file whose place in the archive is known: from its head to the next. */
export interface PlacedRecord extends ZipRecord {
  /** Where its packed bytes begin. */
  start: number;
}

/** Signatures of records, and their lengths without names. */
const END = { signature: 0x06054b50, bytes: 22 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const ZIP64_LOCATOR = { signature: 0x07064b50, bytes: 20 } as const;
const DESCRIPTOR = 0x08074b50;

/** A comment at the end can be as long as 16 bits tell. */
const MAX_COMMENT = 0xffff;
/** The one comment that is read: the commit that `git archive`, and so GitHub, made the archive of. */
const COMMIT_LENGTHS = [0, 40, 64];
const MAX_ENTRIES = 256;
const MAX_LIST_BYTES = MAX_ENTRIES * 1024;
/** DEFLATE makes at most 1,032 bytes of one. */
const MAX_RATIO = 1032;
const STORED = 0;
const DEFLATED = 8;
/** General purpose bits: encrypted, sizes behind the content, patched data, strong encryption, masked heads. */
const BITS = { encrypted: 0x2041, described: 0x0008, patched: 0x0020 } as const;
/** A size or place that stands in a ZIP64 record instead. */
const ELSEWHERE = 0xffffffff;
/** The kind of file in the mode that programs of Unix write. */
const KIND = { mask: 0xf000, plain: 0x8000, folder: 0x4000 } as const;

/** The words that a refusal has around its reason. @param label for messages, such as the archive's name */
export function refusal(label: string, reason: string, cause?: unknown): ZipArchiveError {
  return new ZipArchiveError(`${label} is not looked into: ${reason}. Ask for it again, or pack it anew.`, {
    details: { label, reason },
    cause
  });
}

/** Why an archive with bytes that belong to nothing is refused. @param where `behind its end` */
export function stray(where: string, bytes: number): string {
  return `what lies ${where} (${bytes} ${bytes === 1 ? 'byte' : 'bytes'}) belongs to no file`;
}

/** A name as messages show it. */
export function shownName(name: string): string {
  return `"${shownText(name, 100)}"`;
}

/**
 * The records of all files and folders, in the order of the list. Together with the list and the end they are the whole
 * archive: nothing lies before, between or behind them.
 * @throws ZipArchiveError, UnreadableFileError
 */
export async function readDirectory(blob: Blob, label: string): Promise<PlacedRecord[]> {
  const refuse = (reason: string) => refusal(label, reason);
  const { count, listAt, listBytes } = await findEnd(blob, refuse);
  const list = await readBytes(blob, listAt, listAt + listBytes);
  const records: CentralRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const record = readCentral(list, at, refuse);
    records.push(record);
    at = record.end;
  }
  if (at !== list.length) throw refuse('its list of files has more in it than it says');
  const placed = new Map<CentralRecord, number>();
  let covered = 0;
  const inOrder = records.toSorted((a, b) => a.offset - b.offset);
  for (const [i, record] of inOrder.entries()) {
    const { offset, path } = record;
    if (offset < covered) throw refuse(`${shownName(path)} overlaps another file in it`);
    if (offset > covered) {
      const where = i === 0 ? 'before its first file' : `before ${shownName(path)}`;
      throw refuse(stray(where, offset - covered));
    }
    const next = i + 1 < inOrder.length ? inOrder[i + 1].offset : listAt;
    const { start, end } = await readHead(blob, record, next, listAt, refuse);
    placed.set(record, start);
    covered = end;
  }
  if (covered !== listAt) throw refuse(stray('before its list', listAt - covered));
  return records.map((record) => {
    const { path, folder, size, packed, deflated, crc32, offset } = record;
    return { path, folder, size, packed, deflated, crc32, offset, start: placed.get(record)! };
  });
}

type Refuse = (reason: string) => ZipArchiveError;

async function findEnd(
  blob: Blob,
  refuse: Refuse
): Promise<{ count: number; listAt: number; listBytes: number }> {
  if (blob.size < END.bytes) throw refuse('it is too short');
  const from = Math.max(0, blob.size - END.bytes - MAX_COMMENT - ZIP64_LOCATOR.bytes);
  const tail = await readBytes(blob, from);
  const view = new DataView(tail.buffer);
  const at = endIn(tail, view, refuse);
  if (at >= ZIP64_LOCATOR.bytes && view.getUint32(at - ZIP64_LOCATOR.bytes, true) === ZIP64_LOCATOR.signature)
    throw refuse('it is written as ZIP64, for archives larger than those of an adapter');
  const [disk, listDisk, onDisk, count] = [4, 6, 8, 10].map((field) => view.getUint16(at + field, true));
  const [listBytes, listAt] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
  if (count === 0xffff || listBytes === ELSEWHERE || listAt === ELSEWHERE)
    throw refuse('it is written as ZIP64, for archives larger than those of an adapter');
  if (disk !== 0 || listDisk !== 0 || onDisk !== count) throw refuse('it is a part of an archive in several');
  if (count === 0 || count > MAX_ENTRIES) throw refuse(`it claims to have ${count} files`);
  const end = from + at;
  if (listBytes <= MAX_LIST_BYTES && listAt + listBytes === end) return { count, listAt, listBytes };
  const found = end - listBytes;
  const shifted = found >= from && found < end && view.getUint32(found - from, true) === CENTRAL.signature;
  throw refuse(
    shifted && found > listAt
      ? stray('before its first file, and was put there later', found - listAt)
      : 'its list of files is not where its end says'
  );
}

/** Where the end record stands in the last bytes of an archive: at their very end, but for a commit's name. */
function endIn(tail: Uint8Array, view: DataView, refuse: Refuse): number {
  for (const length of COMMIT_LENGTHS) {
    const at = tail.length - END.bytes - length;
    if (at < 0 || view.getUint32(at, true) !== END.signature) continue;
    if (view.getUint16(at + 20, true) !== length) continue;
    const comment = new TextDecoder('latin1').decode(tail.subarray(at + END.bytes));
    if (/^[0-9a-f]*$/.test(comment)) return at;
  }
  for (let at = tail.length - END.bytes; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== END.signature) continue;
    const behind = tail.length - at - END.bytes;
    const told = view.getUint16(at + 20, true);
    if (told > behind) continue;
    throw refuse(
      told === behind
        ? `it has a comment at its end (${told} bytes), in which a second archive can be`
        : stray('behind its end', behind - told)
    );
  }
  throw refuse('its end is missing, so it was cut short or is no archive');
}

interface CentralRecord extends ZipRecord {
  flags: number;
  method: number;
  name: Uint8Array;
  /** Where the next record begins. */
  end: number;
}

function readCentral(list: Uint8Array<ArrayBuffer>, at: number, refuse: Refuse): CentralRecord {
  const view = new DataView(list.buffer, list.byteOffset);
  if (at + CENTRAL.bytes > list.length || view.getUint32(at, true) !== CENTRAL.signature) {
    throw refuse('its list of files is damaged');
  }
  const nameEnd = at + CENTRAL.bytes + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const end = extraEnd + view.getUint16(at + 32, true);
  if (end > list.length) throw refuse('its list of files is damaged');
  const name = list.subarray(at + CENTRAL.bytes, nameEnd);
  const shown = shownName(new TextDecoder().decode(name));
  const refuseIt = (reason: string) => refuse(`${shown} in it ${reason}`);
  const reading = readName(name);
  if ('refused' in reading) throw refuseIt(reading.refused);
  const { path, folder } = reading;
  const objection = objectionToExtra(list.subarray(nameEnd, extraEnd), name);
  if (objection !== undefined) throw refuseIt(objection);
  if (end !== extraEnd) throw refuseIt('has a comment, in which a second list can be');
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  if (flags & BITS.encrypted) throw refuseIt('is encrypted');
  if (flags & BITS.patched) throw refuseIt('is a change of another file');
  if (method !== STORED && method !== DEFLATED) {
    throw refuseIt(`is packed in a way (${method}) that is not read here`);
  }
  const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
  const offset = view.getUint32(at + 42, true);
  if ([packed, size, offset].includes(ELSEWHERE)) {
    throw refuseIt('is written as ZIP64, for files larger than those of an adapter');
  }
  if (method === STORED ? packed !== size : size > packed * MAX_RATIO) {
    throw refuseIt(`claims to be ${size} bytes long in ${packed}, which cannot be`);
  }
  const kind = (view.getUint32(at + 38, true) >>> 16) & KIND.mask;
  if (kind !== 0 && kind !== (folder ? KIND.folder : KIND.plain)) {
    throw refuseIt('is neither a file nor a folder, but a link or a device');
  }
  if (folder && size > 0) throw refuseIt('is a folder with content of its own');
  if (view.getUint16(at + 34, true) !== 0) throw refuseIt('lies in another part of the archive');
  return {
    ...{ path, folder, size, packed, deflated: method === DEFLATED, crc32: view.getUint32(at + 16, true) },
    ...{ offset, flags, method, name, end }
  };
}

/** What stands before and behind a file's content must say the same as the list. @param next where the next file begins */
async function readHead(
  blob: Blob,
  record: CentralRecord,
  next: number,
  listAt: number,
  refuse: Refuse
): Promise<{ start: number; end: number }> {
  const { path, name, offset, packed, size, crc32, flags, method } = record;
  const shown = shownName(path);
  const outside = () => refuse(`${shown} lies outside of it`);
  if (offset + LOCAL.bytes > listAt) throw outside();
  const view = new DataView((await readBytes(blob, offset, offset + LOCAL.bytes)).buffer);
  const [nameBytes, extraBytes] = [view.getUint16(26, true), view.getUint16(28, true)];
  const start = offset + LOCAL.bytes + nameBytes + extraBytes;
  if (view.getUint32(0, true) !== LOCAL.signature || start + packed > listAt) throw outside();
  const rest = await readBytes(blob, offset + LOCAL.bytes, start);
  if (!equal(rest.subarray(0, nameBytes), name)) {
    throw refuse(`it calls one file ${shown} in its list, and something else in place`);
  }
  const differs = (what: string) =>
    refuse(`it says one thing of ${shown} in its list, and another in place: ${what}`);
  if (view.getUint16(6, true) !== flags) throw differs('how it is packed');
  if (view.getUint16(8, true) !== method) throw differs('how it is packed');
  const described = (flags & BITS.described) !== 0;
  const fields = [
    ['its checksum', 14, crc32],
    ['its packed length', 18, packed],
    ['its length', 22, size]
  ] as const;
  for (const [what, at, listed] of fields) {
    const found = view.getUint32(at, true);
    // Programs that did not know it yet wrote nothing, and told it behind the content.
    if (found !== listed && !(described && found === 0)) throw differs(what);
  }
  const objection = objectionToExtra(rest.subarray(nameBytes), name);
  if (objection !== undefined) throw refuse(`${shown} in it ${objection}`);
  const dataEnd = start + packed;
  if (!described) return { start, end: dataEnd };
  return { start, end: await readDescriptor(blob, record, dataEnd, next, refuse) };
}

/** Checksum and lengths that were told behind the content, with or without a signature before them. */
async function readDescriptor(
  blob: Blob,
  { path, crc32, packed, size }: ZipRecord,
  at: number,
  next: number,
  refuse: Refuse
): Promise<number> {
  const length = next - at;
  const view = new DataView((await readBytes(blob, at, Math.max(at, Math.min(next, at + 16)))).buffer);
  const from = length === 16 && view.getUint32(0, true) === DESCRIPTOR ? 4 : 0;
  const same =
    length === 12 + from &&
    view.getUint32(from, true) === crc32 &&
    view.getUint32(from + 4, true) === packed &&
    view.getUint32(from + 8, true) === size;
  if (!same) throw refuse(`what is told behind ${shownName(path)} is not what its list says of it`);
  return next;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
