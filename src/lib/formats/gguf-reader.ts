import { TabtuneError } from '../errors';

/** A GGUF file whose header is cut short or contradicts itself or the file's size. */
export class InvalidGgufError extends TabtuneError {}

/** The bytes at hand end before the value does: more must be read, or the file is cut short. */
export class NeedMoreBytes extends Error {}

/** A metadata value. 64-bit integers are numbers where exact, else bigints. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

const STRING = 8;
const ARRAY = 9;
/** The longest array accepted; the largest vocabularies have about 300,000 tokens. */
const MAX_ARRAY_LENGTH = 2 ** 24;
/** Arrays may nest; no known file goes past two levels. */
const MAX_ARRAY_DEPTH = 4;
/** Fewest bytes an element takes, by value type id (u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64). */
const MIN_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

/** A cursor over the first bytes of a GGUF file. Every count is checked against the whole file's size before use. */
export class GgufReader {
  private readonly view: DataView;
  private readonly text = new TextDecoder();
  at = 0;

  /** @param fileSize size of the whole file, of which `bytes` is the beginning */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly fileSize: number,
    readonly file: string
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** An unsigned 64-bit integer that must be an exact number, as every size and offset in a real file is. */
  size(what: string): number {
    const value = this.view.getBigUint64(this.take(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.invalid(`${what} is ${value}`);
    return Number(value);
  }

  /** A count of things that take at least `minBytes` each, which therefore have to fit the rest of the file. */
  count(what: string, minBytes: number): number {
    const count = this.size(what);
    if (count * minBytes > this.fileSize - this.at) {
      throw this.invalid(`${what} is ${count}, more than its ${this.fileSize} bytes can hold`);
    }
    return count;
  }

  string(what: string): string {
    const length = this.count(`the length of ${what}`, 1);
    const start = this.take(length);
    return this.text.decode(this.bytes.subarray(start, start + length));
  }

  value(what: string, type = this.u32(), depth = 0): GgufValue {
    switch (type) {
      case 0:
        return this.view.getUint8(this.take(1));
      case 1:
        return this.view.getInt8(this.take(1));
      case 2:
        return this.view.getUint16(this.take(2), true);
      case 3:
        return this.view.getInt16(this.take(2), true);
      case 4:
        return this.u32();
      case 5:
        return this.view.getInt32(this.take(4), true);
      case 6:
        return this.view.getFloat32(this.take(4), true);
      case 7:
        return this.view.getUint8(this.take(1)) !== 0;
      case STRING:
        return this.string(what);
      case ARRAY:
        return this.array(what, depth + 1);
      case 10:
        return exact(this.view.getBigUint64(this.take(8), true));
      case 11:
        return exact(this.view.getBigInt64(this.take(8), true));
      case 12:
        return this.view.getFloat64(this.take(8), true);
      default:
        throw this.invalid(`${what} has the unknown value type ${type}`);
    }
  }

  invalid(what: string, details: Record<string, unknown> = {}): InvalidGgufError {
    return new InvalidGgufError(
      `${this.file} is not a valid GGUF file: ${what}. It is damaged or cut short; copy or download it again.`,
      { details: { file: this.file, ...details } }
    );
  }

  private array(what: string, depth: number): readonly GgufValue[] {
    if (depth > MAX_ARRAY_DEPTH) throw this.invalid(`${what} nests arrays more than ${MAX_ARRAY_DEPTH} deep`);
    const type = this.u32();
    if (type >= MIN_BYTES.length) throw this.invalid(`${what} is an array of the unknown value type ${type}`);
    const length = this.count(`the length of ${what}`, MIN_BYTES[type]);
    if (length > MAX_ARRAY_LENGTH)
      throw this.invalid(`${what} has ${length} entries; at most ${MAX_ARRAY_LENGTH} are read`);
    const values: GgufValue[] = [];
    for (let i = 0; i < length; i++) values.push(this.value(what, type, depth));
    return values;
  }

  /** Moves past `length` bytes and returns where they begin. */
  private take(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.byteLength) throw new NeedMoreBytes();
    this.at = start + length;
    return start;
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
