/**
 * The records of a ZIP archive (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16) in the one form that
 * containers use: stored, names in UTF-8, first of January 1980, nothing optional.
 */

export interface EntryRecord {
  /** ASCII. */
  name: string;
  size: number;
  crc32: number;
  /** Where its local header begins. */
  offset: number;
}

/** Lengths of the records without the names in them. */
export const FIXED_BYTES = { local: 30, central: 46, end: 22 } as const;

const VERSION = 20;
/** Bit 11: the name is UTF-8. */
const FLAGS = 0x0800;
const STORED = 0;
const MIDNIGHT = 0;
const FIRST_OF_1980 = 0x0021;

/** What stands before an entry's content. */
export function localHeader({ name, size, crc32 }: EntryRecord): Uint8Array<ArrayBuffer> {
  const { view, bytes } = record(FIXED_BYTES.local, 0x04034b50, name);
  common(view, 4, name, size, crc32);
  return bytes;
}

/** What the list at the end of the archive says of an entry. */
export function centralRecord({ name, size, crc32, offset }: EntryRecord): Uint8Array<ArrayBuffer> {
  const { view, bytes } = record(FIXED_BYTES.central, 0x02014b50, name);
  view.setUint16(4, VERSION, true);
  common(view, 6, name, size, crc32);
  view.setUint32(42, offset, true);
  return bytes;
}

/** What ends the archive. */
export function endRecord(entries: number, listBytes: number, listAt: number): Uint8Array<ArrayBuffer> {
  const { view, bytes } = record(FIXED_BYTES.end, 0x06054b50);
  view.setUint16(8, entries, true);
  view.setUint16(10, entries, true);
  view.setUint32(12, listBytes, true);
  view.setUint32(16, listAt, true);
  return bytes;
}

/** The eleven fields that a header and the list share; what is not set is zero. */
function common(view: DataView, at: number, name: string, size: number, crc32: number): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, FLAGS, true);
  view.setUint16(at + 4, STORED, true);
  view.setUint16(at + 6, MIDNIGHT, true);
  view.setUint16(at + 8, FIRST_OF_1980, true);
  view.setUint32(at + 10, crc32, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, name.length, true);
}

function record(
  fixed: number,
  signature: number,
  name = ''
): { view: DataView; bytes: Uint8Array<ArrayBuffer> } {
  const bytes = new Uint8Array(fixed + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  bytes.set(new TextEncoder().encode(name), fixed);
  return { view, bytes };
}
