import { z } from 'zod';
import { TabtuneError } from '../errors';
import { parseJson } from '../json';
import { bf16ToF32, f16ToF32, f32ToF16 } from './half';
import { topLevelKeys } from './json-keys';
import { aligned, readExactly, readPieces, type ByteSource } from './source';
import { CHUNK_VALUES } from './weights';

/**
 * safetensors: u64 header length, JSON header, tensor bytes. Layout and limits from the format's specification
 * (github.com/huggingface/safetensors). A header is checked whole before any tensor is read.
 */

/** A safetensors file whose header is cut short or contradicts itself or the file's size. */
export class InvalidSafetensorsError extends TabtuneError {}

/** A tensor is stored in a number type that the operation cannot take. */
export class UnsupportedDtypeError extends TabtuneError {}

/** Bytes per value of each dtype of the specification that occupies whole bytes. */
const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
  C64: 8
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

/** Where one tensor lies in its file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  /** Row-major. */
  readonly shape: readonly number[];
  /** Absolute byte range in the file. */
  readonly start: number;
  readonly end: number;
}

/** A parsed file: its tensors by name, and the free-form `__metadata__`. */
export interface SafetensorsFile {
  readonly source: ByteSource;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The specification's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

const headerEntry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()])
});
const headerMetadata = z.record(z.string(), z.string());

/**
 * Reads and checks a file's header.
 * @throws InvalidSafetensorsError on anything but a header that describes the file exactly: every byte of data in one
 * tensor, no overlap, no gap, each range the size of its shape and dtype.
 * @throws UnsupportedDtypeError on a dtype that is not in the specification.
 */
export async function openSafetensors(source: ByteSource, signal?: AbortSignal): Promise<SafetensorsFile> {
  if (source.size < 8) throw invalid(source, `it has only ${source.size} bytes`);
  const lengthBytes = await readExactly(source, 0, 8, signal);
  const length = new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw invalid(source, `its header claims ${length} bytes; the format allows ${MAX_HEADER_BYTES}`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > source.size) {
    throw invalid(source, `its header claims ${length} bytes, but the file has only ${source.size}`);
  }
  const text = decodeHeader(source, await readExactly(source, 8, dataStart, signal));
  const header = parseHeader(source, text);
  const metadata = headerMetadata.safeParse(header['__metadata__'] ?? {});
  if (!metadata.success) throw invalid(source, 'its __metadata__ is not a map of strings');
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(source, name, value, dataStart));
  checkCoverage(source, entries, dataStart);
  return { source, tensors: new Map(entries.map((entry) => [entry.name, entry])), metadata: metadata.data };
}

/**
 * Streams a tensor's values as f32, at most CHUNK_VALUES each.
 * @throws UnsupportedDtypeError unless the tensor is F32, F16 or BF16.
 */
export async function* streamF32(
  source: ByteSource,
  entry: TensorEntry,
  signal?: AbortSignal
): AsyncGenerator<Float32Array> {
  const { dtype } = entry;
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw new UnsupportedDtypeError(
      `Tensor ${entry.name} of ${source.name} is stored as ${dtype}; weights are read from F32, F16 or BF16. ` +
        'Choose a version of the model in one of these.',
      { details: { file: source.name, tensor: entry.name, dtype } }
    );
  }
  const width = DTYPE_BYTES[dtype];
  for await (const piece of readPieces(source, entry.start, entry.end, CHUNK_VALUES * width, signal)) {
    const bytes = aligned(piece, width);
    const count = bytes.byteLength / width;
    if (dtype === 'F32') {
      // Copied, so that the caller may keep or change the chunk whatever the source does with its bytes.
      yield new Float32Array(bytes.buffer, bytes.byteOffset, count).slice();
    } else {
      const values = new Float32Array(count);
      (dtype === 'F16' ? f16ToF32 : bf16ToF32)(bytes, values);
      yield values;
    }
  }
}

/** A tensor to be written. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * A safetensors file of the given tensors, in their order, as one buffer: for adapters, not for whole models.
 * @throws InvalidSafetensorsError when a name repeats or a shape does not fit its data.
 */
export function writeSafetensors(
  tensors: Iterable<NamedTensor>,
  options: { dtype?: 'F32' | 'F16'; metadata?: Record<string, string> } = {}
): Uint8Array<ArrayBuffer> {
  const { dtype = 'F32', metadata } = options;
  const list = [...tensors];
  // A null prototype, so that no tensor name meets an inherited property.
  const header = Object.create(null) as Record<string, unknown>;
  if (metadata) header['__metadata__'] = metadata;
  let offset = 0;
  for (const { name, shape, data } of list) {
    if (name in header || name === '__metadata__') {
      throw new InvalidSafetensorsError(`Tensor name ${name} cannot be written twice.`, {
        details: { tensor: name }
      });
    }
    if (product(shape) !== data.length) {
      throw new InvalidSafetensorsError(
        `Tensor ${name} of shape [${shape.join(', ')}] has ${data.length} values.`,
        {
          details: { tensor: name, shape: [...shape], values: data.length }
        }
      );
    }
    const end = offset + data.length * DTYPE_BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Spaces up to a multiple of 8 keep the tensor data aligned for readers that map the file.
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8 + json.length, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const { data } of list) {
    const values = dtype === 'F32' ? data : f32ToF16(data);
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

/** Product of dimensions, or undefined when it leaves the exact integers. */
export function product(shape: readonly number[]): number | undefined {
  let result = 1;
  for (const size of shape) result *= size;
  // A zero anywhere makes the tensor empty, even where other dimensions would overflow first.
  if (shape.includes(0)) return 0;
  return Number.isSafeInteger(result) ? result : undefined;
}

function decodeHeader(source: ByteSource, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(source, 'its header is not UTF-8 text', {}, cause);
  }
}

function parseHeader(source: ByteSource, text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseJson(`The header of ${source.name}`, text, MAX_HEADER_BYTES);
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    throw invalid(source, 'its header is not JSON', {}, cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw invalid(source, 'its header is not a JSON object');
  }
  const seen = new Set<string>();
  for (const name of topLevelKeys(text)) {
    if (seen.has(name)) throw invalid(source, `it names tensor ${name} twice`, { tensor: name });
    seen.add(name);
  }
  return header as Record<string, unknown>;
}

function parseEntry(source: ByteSource, name: string, value: unknown, dataStart: number): TensorEntry {
  const parsed = headerEntry.safeParse(value);
  if (!parsed.success) {
    throw invalid(source, `the entry of tensor ${name} is malformed (${z.prettifyError(parsed.error)})`, {
      tensor: name
    });
  }
  const { dtype, shape, data_offsets } = parsed.data;
  if (!Object.hasOwn(DTYPE_BYTES, dtype)) {
    throw new UnsupportedDtypeError(
      `Tensor ${name} of ${source.name} has the unknown dtype ${dtype}. Choose a version of the model in F32, F16 or BF16.`,
      { details: { file: source.name, tensor: name, dtype } }
    );
  }
  const [start, end] = data_offsets;
  const count = product(shape);
  const dataSize = source.size - dataStart;
  const details = { tensor: name, shape, dtype, start, end };
  if (end > dataSize || start > end) {
    throw invalid(source, `tensor ${name} claims bytes ${start} to ${end} of ${dataSize}`, details);
  }
  if (count === undefined || count * DTYPE_BYTES[dtype as Dtype] !== end - start) {
    throw invalid(
      source,
      `tensor ${name} of shape [${shape.join(', ')}] and type ${dtype} does not fill its ${end - start} bytes`,
      details
    );
  }
  return { name, dtype: dtype as Dtype, shape, start: dataStart + start, end: dataStart + end };
}

function checkCoverage(source: ByteSource, entries: TensorEntry[], dataStart: number): void {
  const ordered = [...entries].sort((a, b) => a.start - b.start || a.end - b.end);
  let covered = dataStart;
  let previous = 'the header';
  for (const { name, start, end } of ordered) {
    if (start < covered)
      throw invalid(source, `tensors ${previous} and ${name} overlap`, { tensor: name, start });
    if (start > covered)
      throw invalid(source, `${start - covered} bytes before tensor ${name} belong to none`, {
        tensor: name
      });
    covered = end;
    previous = name;
  }
  if (covered !== source.size) {
    throw invalid(source, `its tensors end at byte ${covered}, the file at ${source.size}`, {
      covered,
      size: source.size
    });
  }
}

function invalid(source: ByteSource, what: string, details: Record<string, unknown> = {}, cause?: unknown) {
  return new InvalidSafetensorsError(
    `${source.name} is not a valid safetensors file: ${what}. It is damaged or cut short; copy or download it again.`,
    { cause, details: { file: source.name, ...details } }
  );
}
