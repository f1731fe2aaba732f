/** Archives as other programs write them, and as nobody should: for tests. */
import { deflateSync } from 'fflate';
import { Crc32 } from '../bundle/digest';

/** What a head and a list say of a file. */
export interface ZipFields {
  name: string | Uint8Array;
  flags: number;
  method: number;
  crc32: number;
  packed: number;
  size: number;
  extra: Uint8Array;
}

export interface PackedFile {
  name: string;
  data?: Uint8Array;
  /** Packed with DEFLATE. */
  deflate?: boolean;
  /** What lies behind the packed content and is counted as a part of it. */
  padding?: Uint8Array;
  /** In both head and list. */
  both?: Partial<ZipFields>;
  local?: Partial<ZipFields>;
  central?: Partial<ZipFields> & { comment?: string; attributes?: number; offset?: number; disk?: number };
  /** Checksum and lengths behind the content: none in the head, with a signature or without, or other bytes. */
  descriptor?: 'signed' | 'plain' | Uint8Array;
  /** In front of its head. */
  before?: Uint8Array;
}

export interface Archive {
  files: PackedFile[];
  /** Between the last file and the list; between the list and the end; behind the end. */
  beforeList?: Uint8Array;
  beforeEnd?: Uint8Array;
  behind?: Uint8Array;
  comment?: string | Uint8Array;
  /** In front of all, with places counted from behind it. */
  prepended?: Uint8Array;
  end?: Partial<{ disk: number; count: number; listBytes: number; listAt: number }>;
}

const encode = (text: string | Uint8Array) =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

/** @returns the bytes of the archive */
export function packZip(archive: Archive): Uint8Array<ArrayBuffer> {
  const { files, beforeList, beforeEnd, behind, comment = '', prepended, end = {} } = archive;
  const heads: Uint8Array[] = [];
  const list: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    if (file.before) offset += push(heads, file.before);
    const { record, pieces } = packFile(file, offset);
    list.push(record);
    for (const piece of pieces) offset += push(heads, piece);
  }
  if (beforeList) offset += push(heads, beforeList);
  const listBytes = list.reduce((sum, { length }) => sum + length, 0);
  const words = encode(comment);
  const disk = end.disk ?? 0;
  const count = end.count ?? files.length;
  const record = fields(0x06054b50, [
    ...[u16(disk), u16(disk), u16(count), u16(count)],
    ...[u32(end.listBytes ?? listBytes), u32(end.listAt ?? offset), u16(words.length)]
  ]);
  return joined([
    ...[prepended ?? encode(''), ...heads, ...list, beforeEnd ?? encode('')],
    ...[record, words, behind ?? encode('')]
  ]);
}

function packFile(file: PackedFile, offset: number): { record: Uint8Array; pieces: Uint8Array[] } {
  const { name, data = encode(''), deflate = false, padding = encode(''), both, local, central } = file;
  const packed = joined([deflate ? deflateSync(data) : data, padding]);
  const told: ZipFields = {
    ...{
      name,
      flags: file.descriptor ? 8 : 0,
      method: deflate ? 8 : 0,
      crc32: new Crc32().update(data).value
    },
    ...{ packed: packed.length, size: data.length, extra: encode(''), ...both }
  };
  const unknown = file.descriptor ? { crc32: 0, packed: 0, size: 0 } : {};
  const head = { ...told, ...unknown, ...local };
  const listed = { comment: '', attributes: 0, offset, disk: 0, ...told, ...central };
  const sizes = [u32(told.crc32), u32(told.packed), u32(told.size)];
  const descriptor =
    file.descriptor === 'signed'
      ? fields(0x08074b50, sizes)
      : file.descriptor === 'plain'
        ? joined(sizes)
        : (file.descriptor ?? encode(''));
  const record = fields(0x02014b50, [
    ...[u16(0x0314), ...common(listed), u16(encode(listed.name).length), u16(listed.extra.length)],
    ...[u16(encode(listed.comment).length), u16(listed.disk), u16(0), u32(listed.attributes)],
    ...[u32(listed.offset), encode(listed.name), listed.extra, encode(listed.comment)]
  ]);
  const names = [u16(encode(head.name).length), u16(head.extra.length), encode(head.name), head.extra];
  return { record, pieces: [fields(0x04034b50, [...common(head), ...names]), packed, descriptor] };
}

/** Version, flags, method, time, date, checksum and lengths. */
function common({ flags, method, crc32, packed, size }: ZipFields): Uint8Array[] {
  return [u16(20), u16(flags), u16(method), u16(0), u16(0x21), u32(crc32), u32(packed), u32(size)];
}

/** An extra field. */
export function extraField(id: number, data: Uint8Array): Uint8Array {
  return joined([u16(id), u16(data.length), data]);
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function fields(signature: number, rest: readonly Uint8Array[]): Uint8Array {
  return joined([u32(signature), ...rest]);
}

function push(list: Uint8Array[], piece: Uint8Array): number {
  list.push(piece);
  return piece.length;
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff);
}

export function u32(value: number): Uint8Array {
  return joined([u16(value & 0xffff), u16(value >>> 16)]);
}
