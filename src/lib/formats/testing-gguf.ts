/** Writes GGUF headers for tests, true ones and lying ones, byte by byte. */

export type TestValue =
  | { type: 'u32' | 'u64' | 'f32'; value: number | bigint }
  | { type: 'string'; value: string }
  | { type: 'bool'; value: boolean }
  | { type: 'array'; of: 'u32' | 'f32' | 'string'; values: (number | string)[]; length?: bigint };

export interface TestTensor {
  name: string;
  /** In the file's order: innermost first. */
  dimensions: (number | bigint)[];
  type: number;
  offset: number | bigint;
}

const IDS = { u32: 4, f32: 6, bool: 7, string: 8, array: 9, u64: 10 } as const;

class Bytes {
  readonly all: number[] = [];

  u8(value: number): void {
    this.all.push(value);
  }

  u32(value: number): void {
    this.raw(new Uint8Array(new Uint32Array([value]).buffer));
  }

  u64(value: number | bigint): void {
    this.raw(new Uint8Array(new BigUint64Array([BigInt(value)]).buffer));
  }

  f32(value: number): void {
    this.raw(new Uint8Array(new Float32Array([value]).buffer));
  }

  string(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    for (const byte of bytes) this.all.push(byte);
  }
}

export interface TestGguf {
  magic?: string;
  version?: number;
  tensorCount?: bigint;
  metadata?: [string, TestValue][];
  metadataCount?: bigint;
  tensors?: TestTensor[];
  /** Bytes of tensor data, all zero, after the header and its padding to 32. */
  dataBytes?: number;
}

/** The bytes of such a file. */
export function testGguf(options: TestGguf): Uint8Array {
  const { magic = 'GGUF', version = 3, metadata = [], tensors = [], dataBytes = 0 } = options;
  const out = new Bytes();
  out.raw(new TextEncoder().encode(magic));
  out.u32(version);
  out.u64(options.tensorCount ?? tensors.length);
  out.u64(options.metadataCount ?? metadata.length);
  for (const [key, value] of metadata) {
    out.string(key);
    out.u32(IDS[value.type]);
    writeValue(out, value);
  }
  for (const { name, dimensions, type, offset } of tensors) {
    out.string(name);
    out.u32(dimensions.length);
    for (const size of dimensions) out.u64(size);
    out.u32(type);
    out.u64(offset);
  }
  while (out.all.length % 32 !== 0) out.u8(0);
  return Uint8Array.from([...out.all, ...new Uint8Array(dataBytes)]);
}

function writeValue(out: Bytes, value: TestValue): void {
  switch (value.type) {
    case 'u32':
      return out.u32(Number(value.value));
    case 'u64':
      return out.u64(value.value);
    case 'f32':
      return out.f32(Number(value.value));
    case 'string':
      return out.string(value.value);
    case 'bool':
      return out.u8(value.value ? 1 : 0);
    case 'array':
      out.u32(IDS[value.of]);
      out.u64(value.length ?? value.values.length);
      for (const item of value.values) {
        if (value.of === 'string') out.string(String(item));
        else if (value.of === 'u32') out.u32(Number(item));
        else out.f32(Number(item));
      }
  }
}
