import { TabtuneError } from '../errors';
import { GgufReader, InvalidGgufError, NeedMoreBytes, type GgufValue } from './gguf-reader';
import { GGML_TYPES, type GgmlType } from './gguf-types';
import { product } from './safetensors';
import { readExactly, type ByteSource } from './source';

/**
 * GGUF, versions 2 and 3, little endian: magic, version, counts, metadata, tensor table, aligned tensor data.
 * Layout from ggml's docs/gguf.md. The header is checked whole before any tensor is read.
 */

/** A GGUF file of a version, byte order or number type that is not read here. */
export class UnsupportedGgufError extends TabtuneError {}

/** Where one tensor lies in its file. */
export interface GgufTensor {
  readonly name: string;
  readonly type: GgmlType;
  /** Row-major, outermost first: the reverse of the file's order. */
  readonly shape: readonly number[];
  /** Absolute byte range in the file. */
  readonly start: number;
  readonly end: number;
}

export interface GgufFile {
  readonly source: ByteSource;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** First read; headers are mostly the vocabulary, 1 to 12 MiB. Doubled until the header fits. */
const FIRST_READ = 2 ** 20;
/** A header past this is not a model's: the largest vocabularies make some 12 MiB. */
const MAX_HEADER_BYTES = 2 ** 26;
const MAX_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;

/**
 * Reads and checks a file's header.
 * @throws InvalidGgufError when it is cut short or lies about sizes, offsets, names or counts.
 * @throws UnsupportedGgufError for version 1, big-endian files and unknown tensor types.
 */
export async function openGguf(source: ByteSource, signal?: AbortSignal): Promise<GgufFile> {
  for (let length = FIRST_READ; ; length *= 2) {
    const end = Math.min(length, source.size);
    const reader = new GgufReader(await readExactly(source, 0, end, signal), source.size, source.name);
    try {
      return parse(source, reader);
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      if (end === source.size) throw reader.invalid('its header does not end within the file');
      if (end >= MAX_HEADER_BYTES)
        throw reader.invalid(`its header is longer than ${MAX_HEADER_BYTES} bytes`);
    }
  }
}

function parse(source: ByteSource, reader: GgufReader): GgufFile {
  checkMagic(reader);
  const version = checkVersion(reader);
  // A tensor record takes at least 8 + 1 + 4 + 4 + 8 bytes, a metadata pair 8 + 1 + 4 + 1.
  const tensorCount = reader.count('the number of tensors', 25);
  const pairCount = reader.count('the number of metadata entries', 14);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairCount; i++) {
    const key = reader.string(`the name of metadata entry ${i}`);
    if (metadata.has(key)) throw reader.invalid(`metadata ${key} appears twice`, { key });
    metadata.set(key, reader.value(`metadata ${key}`));
  }
  const records = Array.from({ length: tensorCount }, (_, index) => parseRecord(reader, index));
  const alignment = alignmentOf(reader, metadata);
  const dataStart = Math.ceil(reader.at / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const record of records) {
    if (tensors.has(record.name))
      throw reader.invalid(`tensor ${record.name} appears twice`, { tensor: record.name });
    tensors.set(record.name, place(reader, record, dataStart, alignment, source.size));
  }
  checkOverlap(reader, [...tensors.values()]);
  return { source, version, metadata, tensors };
}

function checkMagic(reader: GgufReader): void {
  // "GGUF" read as a little-endian number.
  if (reader.u32() !== 0x46554747) {
    throw new InvalidGgufError(
      `${reader.file} does not begin with GGUF. It is another kind of file; choose a .gguf model.`,
      {
        details: { file: reader.file }
      }
    );
  }
}

function checkVersion(reader: GgufReader): number {
  const version = reader.u32();
  if (version === 2 || version === 3) return version;
  const bigEndian = version === 0x02000000 || version === 0x03000000;
  const what = bigEndian ? 'is big endian' : `has version ${version}`;
  throw new UnsupportedGgufError(
    `${reader.file} ${what}; GGUF versions 2 and 3 in little endian are read. Convert the model again with a current tool.`,
    { details: { file: reader.file, version } }
  );
}

interface TensorRecord {
  name: string;
  type: GgmlType;
  shape: number[];
  offset: number;
}

function parseRecord(reader: GgufReader, index: number): TensorRecord {
  const name = reader.string(`the name of tensor ${index}`);
  const dimensions = reader.u32();
  if (dimensions > MAX_DIMENSIONS) {
    throw reader.invalid(`tensor ${name} has ${dimensions} dimensions; at most ${MAX_DIMENSIONS} exist`, {
      tensor: name
    });
  }
  const shape = Array.from({ length: dimensions }, () =>
    reader.size(`a dimension of tensor ${name}`)
  ).reverse();
  const typeId = reader.u32();
  const type = GGML_TYPES.get(typeId);
  if (!type) {
    throw new UnsupportedGgufError(
      `Tensor ${name} of ${reader.file} has the unknown type ${typeId}. Choose a Q8_0, Q4_K_M or F16 file of this model.`,
      { details: { file: reader.file, tensor: name, type: typeId } }
    );
  }
  return { name, type, shape, offset: reader.size(`the offset of tensor ${name}`) };
}

function alignmentOf(reader: GgufReader, metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 8 || alignment % 8 !== 0) {
    throw reader.invalid(`general.alignment is ${String(alignment)}, not a positive multiple of 8`);
  }
  return alignment;
}

function place(
  reader: GgufReader,
  { name, type, shape, offset }: TensorRecord,
  dataStart: number,
  alignment: number,
  fileSize: number
): GgufTensor {
  const details = { tensor: name, shape, type: type.name, offset };
  const text = `tensor ${name} of shape [${shape.join(', ')}] and type ${type.name}`;
  const values = product(shape);
  if (values === undefined) throw reader.invalid(`${text} has more values than can be counted`, details);
  const rowLength = shape.at(-1) ?? 1;
  if (rowLength % type.values !== 0) {
    throw reader.invalid(`${text} has rows that are no multiple of ${type.values}`, details);
  }
  if (offset % alignment !== 0)
    throw reader.invalid(`${text} begins at ${offset}, off its alignment of ${alignment}`, details);
  const start = dataStart + offset;
  const end = start + (values / type.values) * type.bytes;
  if (end > fileSize) throw reader.invalid(`${text} claims bytes ${start} to ${end} of ${fileSize}`, details);
  return { name, type, shape, start, end };
}

function checkOverlap(reader: GgufReader, tensors: GgufTensor[]): void {
  const ordered = tensors.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  for (let i = 1; i < ordered.length; i++) {
    if (ordered[i].start < ordered[i - 1].end) {
      throw reader.invalid(`tensors ${ordered[i - 1].name} and ${ordered[i].name} overlap`, {
        tensor: ordered[i].name
      });
    }
  }
}
