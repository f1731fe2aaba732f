/**
 * A second reader of archives, for tests: it shares nothing with the first. It walks forward from the first byte, as readers
 * of streams do, takes each head at its word, and then wants the list and the end that it would have written itself.
 */
import { crc32, inflateRawSync } from 'node:zlib';

const NAMES = /^(?:[\p{L}\p{M}\w .-]+\/)*(?:[\p{L}\p{M}\w .-]+\/?)$/u;
/** Of a file: letters that fold into no others, and no end that Windows drops. */
const LAST = /(?:^|\/)(?:[\x20-\x7e]*[^. /])?$/;
/** Each of the two files of an adapter has one place, beside the other. */
const ONCE = ['adapter_model.safetensors', 'adapter_config.json'];

/** Files by name. @throws Error for whatever it would not have written */
export function readStrictly(archive: Uint8Array): Map<string, Uint8Array> {
  const bytes = Buffer.from(archive);
  const files = new Map<string, Uint8Array>();
  const list: Buffer[] = [];
  let at = 0;
  while (bytes.readUInt32LE(at) === 0x04034b50) {
    const begin = at;
    const record = listed(bytes, list.length, begin);
    list.push(record);
    const [flags, method] = [bytes.readUInt16LE(at + 6), bytes.readUInt16LE(at + 8)];
    const [nameBytes, extraBytes] = [bytes.readUInt16LE(at + 26), bytes.readUInt16LE(at + 28)];
    const name = bytes.subarray(at + 30, at + 30 + nameBytes).toString('utf8');
    const [crc, packed, size] = [16, 20, 24].map((field) => record.readUInt32LE(field));
    check((flags & ~0x0808) === 0 && (method === 0 || method === 8), 'flags');
    const extra = bytes.subarray(at + 30 + nameBytes, at + 30 + nameBytes + extraBytes);
    checkExtra(extra);
    at += 30 + nameBytes + extraBytes;
    const data = bytes.subarray(at, at + packed);
    at += packed;
    check(data.length === packed, 'cut');
    const content = method === 0 ? data : inflated(data);
    check(content.length === size && crc32(content) === crc, 'content');
    for (const [field, value] of [crc, packed, size].entries()) {
      const told = bytes.readUInt32LE(begin + 14 + 4 * field);
      check(told === value || (told === 0 && (flags & 8) !== 0), 'head');
    }
    if (flags & 8) {
      if (bytes.readUInt32LE(at) === 0x08074b50) at += 4;
      check(
        [crc, packed, size].every((value, i) => bytes.readUInt32LE(at + 4 * i) === value),
        'descriptor'
      );
      at += 12;
    }
    check(NAMES.test(name) && !name.split('/').includes('..') && LAST.test(name), 'name');
    check(![...files.keys()].some((other) => other.toLowerCase() === name.toLowerCase()), 'twice');
    if (name.endsWith('/')) check(size === 0, 'folder');
    else files.set(name, content);
  }
  const whole = Buffer.concat(list);
  check(whole.equals(bytes.subarray(at, at + whole.length)), 'list');
  const end = bytes.subarray(at + whole.length);
  const wanted = Buffer.alloc(22);
  wanted.writeUInt32LE(0x06054b50);
  wanted.writeUInt16LE(list.length, 8);
  wanted.writeUInt16LE(list.length, 10);
  wanted.writeUInt32LE(whole.length, 12);
  wanted.writeUInt32LE(at, 16);
  const commit = end.subarray(22).toString('latin1');
  check(/^(?:[0-9a-f]{40})?$/.test(commit), 'comment');
  wanted.writeUInt16LE(commit.length, 20);
  check(end.subarray(0, 22).equals(wanted) && list.length > 0, 'end');
  const places = ONCE.map((base) =>
    [...files.keys()]
      .filter((name) => !name.startsWith('__MACOSX/') && name.split('/').at(-1) === base)
      .map((name) => name.slice(0, -base.length))
  );
  check(
    places.every(({ length }) => length <= 1),
    'two adapters'
  );
  check(places[0].length === 0 || places[1].length === 0 || places[0][0] === places[1][0], 'two folders');
  return files;
}

/** The record of the list that belongs to a head: it begins with the fields of the head, and has no comment. */
function listed(bytes: Buffer, index: number, head: number): Buffer {
  let at = bytes.readUInt32LE(bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1')) + 16);
  for (let i = 0; i < index; i += 1) at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30);
  const length = 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30);
  const record = bytes.subarray(at, at + length);
  check(record.readUInt32LE(0) === 0x02014b50 && record.readUInt32LE(42) === head, 'place');
  check(record.readUInt16LE(32) === 0 && record.readUInt16LE(34) === 0, 'comment or disk');
  check([0, 0o040000, 0o100000].includes(record.readUInt16LE(40) & 0o170000), 'kind');
  checkExtra(record.subarray(46 + record.readUInt16LE(28)));
  // Flags, method; then the name.
  check(record.subarray(8, 12).equals(bytes.subarray(head + 6, head + 10)), 'head and list');
  const name = record.subarray(46, 46 + record.readUInt16LE(28));
  check(name.equals(bytes.subarray(head + 30, head + 30 + bytes.readUInt16LE(head + 26))), 'names');
  return record;
}

/** Times and owners alone. */
function checkExtra(extra: Buffer): void {
  for (let at = 0; at < extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    check([0x5455, 0x7875, 0x000a].includes(extra.readUInt16LE(at)), 'extra');
  }
}

function inflated(data: Buffer): Buffer {
  const { buffer, engine } = inflateRawSync(data, { info: true }) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  check(engine.bytesWritten === data.length, 'behind the content');
  return buffer;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`The strict reader refuses it: ${what}`);
}
