import { z } from 'zod';
import { TabtuneError } from '../errors';
import { parseJson } from '../json';
import { product } from './safetensors';
import type { Placed } from './shards';
import { aligned, readExactly, readPieces } from './source';
import { CHUNK_VALUES, type Nf4Tensor } from './weights';

/**
 * Weights that bitsandbytes quantised to 4 bits, as it saves them: the codes under the weight's own name, and beside
 * them `.absmax`, `.quant_map`, `.quant_state.bitsandbytes__nf4` (or `__fp4`), and with double quantisation
 * `.nested_absmax` and `.nested_quant_map`. Layout from bitsandbytes' `QuantState.as_dict`.
 */

/** The parts of a 4-bit weight do not fit each other. */
export class InvalidBnbError extends TabtuneError {}

const stateSchema = z.object({
  quant_type: z.enum(['nf4', 'fp4']),
  blocksize: z.number().int().positive(),
  shape: z.array(z.number().int().positive()),
  dtype: z.string().optional(),
  nested_blocksize: z.number().int().positive().optional(),
  nested_offset: z.number().optional()
});

const STATE_SUFFIXES = ['.quant_state.bitsandbytes__nf4', '.quant_state.bitsandbytes__fp4'];
/** Its JSON has a dozen fields. */
const MAX_STATE_BYTES = 65536;
/** The block sizes that the engine's NF4 kernels are made for, which are bitsandbytes' own for NF4 on a GPU. */
const BLOCK = 64;
const NESTED_BLOCK = 256;

/** Everything but the codes, small enough to hold: under 2% of the weight. */
export interface BnbWeight {
  readonly name: string;
  readonly codes: Placed;
  readonly shape: readonly number[];
  readonly quantType: 'nf4' | 'fp4';
  readonly blockSize: number;
  readonly map: Float32Array;
  readonly absmax: Uint8Array | Float32Array;
  readonly nested?: { absmax: Float32Array; map: Float32Array; offset: number; blockSize: number };
}

/** The tensor that holds the quantisation state of weight `name`, if it has one. */
export function bnbState(tensors: ReadonlyMap<string, Placed>, name: string): Placed | undefined {
  const suffix = STATE_SUFFIXES.find((candidate) => tensors.has(name + candidate));
  return suffix === undefined ? undefined : tensors.get(name + suffix);
}

/** Names that are only parts of a 4-bit weight, and no weights themselves. */
export function isBnbPart(name: string): boolean {
  return /\.(absmax|quant_map|nested_absmax|nested_quant_map|quant_state\.bitsandbytes__(nf4|fp4))$/.test(
    name
  );
}

/** What is known of a 4-bit weight without its scales. */
export interface BnbForm {
  /** Once dequantised. */
  readonly shape: readonly number[];
  /** `FP4 in blocks of 64`, where that is not what the engine computes in 4 bits. */
  readonly foreign?: string;
}

/**
 * Reads how a 4-bit weight is stored.
 * @throws InvalidBnbError when the packed JSON is malformed.
 */
export async function readBnbForm(state: Placed, signal?: AbortSignal): Promise<BnbForm> {
  const { shape, quant_type: quantType, blocksize: blockSize } = await readState(state, signal);
  if (isNativeNf4({ quantType, blockSize, shape })) return { shape };
  return { shape, foreign: `${quantType.toUpperCase()} in blocks of ${blockSize}` };
}

/**
 * Reads the scales of a 4-bit weight and checks that they fit its shape.
 * @throws InvalidBnbError naming the part that is missing or of the wrong size.
 */
export async function openBnbWeight(
  tensors: ReadonlyMap<string, Placed>,
  name: string,
  signal?: AbortSignal
): Promise<BnbWeight> {
  const codes = tensors.get(name);
  const stateTensor = bnbState(tensors, name);
  if (!codes || !stateTensor)
    throw invalid(name, codes?.source.name ?? 'the checkpoint', 'its codes or state are missing');
  const file = codes.source.name;
  const state = await readState(stateTensor, signal);
  const count = product(state.shape);
  // The dtype of the codes says nothing: bitsandbytes can store the same bytes as any type (bnb_4bit_quant_storage).
  if (count === undefined || codes.entry.end - codes.entry.start !== Math.ceil(count / 2)) {
    throw invalid(name, file, `shape [${state.shape.join(', ')}] does not fit its codes`);
  }
  const blocks = Math.ceil(count / state.blocksize);
  const part = (suffix: string, dtype: 'U8' | 'F32', length: number) =>
    readPart(tensors, name, suffix, dtype, length, signal);
  const map = toF32(await part('.quant_map', 'F32', 16));
  const shared = {
    name,
    codes,
    shape: state.shape,
    quantType: state.quant_type,
    blockSize: state.blocksize,
    map
  };
  if (!tensors.has(`${name}.nested_absmax`))
    return { ...shared, absmax: toF32(await part('.absmax', 'F32', blocks)) };
  if (state.nested_offset === undefined || state.nested_blocksize === undefined) {
    throw invalid(name, file, 'its state lacks nested_offset or nested_blocksize');
  }
  const nestedBlocks = Math.ceil(blocks / state.nested_blocksize);
  return {
    ...shared,
    absmax: await part('.absmax', 'U8', blocks),
    nested: {
      absmax: toF32(await part('.nested_absmax', 'F32', nestedBlocks)),
      map: toF32(await part('.nested_quant_map', 'F32', 256)),
      offset: state.nested_offset,
      blockSize: state.nested_blocksize
    }
  };
}

/**
 * The bytes as the engine's NF4 kernels take them. A block of a multiple of 64 values is as many blocks of 64 with the
 * same scale: nothing is rounded.
 * @returns undefined for other code books, block sizes or ranks: such a weight is streamed and quantised anew.
 */
export async function readNf4(weight: BnbWeight, signal?: AbortSignal): Promise<Nf4Tensor | undefined> {
  const { shape, nested, codes, blockSize } = weight;
  if (!isNativeNf4(weight)) return undefined;
  const stored = {
    shape: [shape[0], shape[1]] as [number, number],
    codes: await readExactly(codes.source, codes.entry.start, codes.entry.end, signal),
    map: weight.map
  };
  if (blockSize === BLOCK && nested?.blockSize === NESTED_BLOCK) {
    const { absmax, map, offset } = nested;
    return { ...stored, absmax: weight.absmax, nestedAbsmax: absmax, nestedMap: map, nestedOffset: offset };
  }
  const scales = absmaxOf(weight);
  const parts = blockSize / BLOCK;
  const blocks = Math.ceil(product(shape)! / BLOCK);
  const absmax = Float32Array.from({ length: blocks }, (_, block) => scales[Math.floor(block / parts)]);
  return { ...stored, absmax };
}

/** Whether the engine computes a weight in the very bits that are stored. */
function isNativeNf4({ quantType, blockSize, shape }: Pick<BnbWeight, 'quantType' | 'blockSize' | 'shape'>) {
  return quantType === 'nf4' && blockSize % BLOCK === 0 && shape.length === 2;
}

/**
 * Dequantises to f32 as bitsandbytes does before it rounds to the model's dtype: each product and sum rounded to f32.
 */
export async function* streamBnb(weight: BnbWeight, signal?: AbortSignal): AsyncGenerator<Float32Array> {
  const { codes, map, blockSize, shape } = weight;
  const count = product(shape)!;
  const absmax = absmaxOf(weight);
  let at = 0;
  for await (const bytes of readPieces(
    codes.source,
    codes.entry.start,
    codes.entry.end,
    CHUNK_VALUES / 2,
    signal
  )) {
    const values = new Float32Array(Math.min(bytes.length * 2, count - at));
    for (let i = 0; i < values.length; i++) {
      const code = i & 1 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4;
      values[i] = map[code] * absmax[Math.floor((at + i) / blockSize)];
    }
    at += values.length;
    yield values;
  }
}

/** The scale of every block, with double quantisation undone. */
function absmaxOf({ absmax, nested }: BnbWeight): Float32Array {
  if (absmax instanceof Float32Array) return absmax;
  const { absmax: scale, map, offset, blockSize } = nested!;
  return Float32Array.from(
    absmax,
    (code, i) => Math.fround(map[code] * scale[Math.floor(i / blockSize)]) + offset
  );
}

async function readState(
  { source, entry }: Placed,
  signal?: AbortSignal
): Promise<z.infer<typeof stateSchema>> {
  const fail = (cause?: unknown) =>
    new InvalidBnbError(
      `The 4-bit state ${entry.name} of ${source.name} is malformed. Download the file again, or use the unquantised model.`,
      { cause, details: { file: source.name, tensor: entry.name } }
    );
  if (entry.end - entry.start > MAX_STATE_BYTES) throw fail();
  const text = new TextDecoder().decode(await readExactly(source, entry.start, entry.end, signal));
  try {
    return stateSchema.parse(parseJson(entry.name, text));
  } catch (cause) {
    throw fail(cause);
  }
}

async function readPart(
  tensors: ReadonlyMap<string, Placed>,
  name: string,
  suffix: string,
  dtype: 'U8' | 'F32',
  length: number,
  signal?: AbortSignal
): Promise<Uint8Array> {
  const part = tensors.get(name + suffix);
  const file = part?.source.name ?? tensors.get(name)!.source.name;
  if (!part) throw invalid(name, file, `${suffix} is missing`);
  const { source, entry } = part;
  if (entry.dtype !== dtype || entry.end - entry.start !== length * (dtype === 'U8' ? 1 : 4)) {
    throw invalid(
      name,
      file,
      `${suffix} is ${entry.dtype} [${entry.shape.join(', ')}], not ${length} values of ${dtype}`
    );
  }
  return readExactly(source, entry.start, entry.end, signal);
}

function toF32(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = aligned(bytes, 4);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

function invalid(name: string, file: string, what: string): InvalidBnbError {
  return new InvalidBnbError(
    `The 4-bit weight ${name} of ${file} is inconsistent: ${what}. Download the model again, or use the unquantised one.`,
    { details: { file, tensor: name } }
  );
}
