import { MissingTensorError } from './checkpoint-errors';
import { openGguf, UnsupportedGgufError, type GgufFile, type GgufTensor } from './gguf';
import { ggufConfig, ggufFamily, ropeTheta, tokenId } from './gguf-config';
import { DEQUANTIZERS } from './gguf-dequant';
import { InvalidGgufError } from './gguf-reader';
import { ggmlName, isUsedTensor } from './gguf-names';
import { ropeScalingFromFactors, type RopeScaling } from './gguf-rope';
import { ggufTokenizer } from './gguf-tokenizer';
import { aligned, readPieces, type ByteSource } from './source';
import type { TokenizerFiles } from './tokenizer';
import { CHUNK_VALUES, type WeightSource } from './weights';

/** More rotary pairs than any head has. */
const MAX_ROPE_FACTORS = 4096;

/** What a GGUF file says, in the terms of a Hugging Face folder. */
export interface GgufCheckpoint {
  readonly config: Record<string, unknown>;
  readonly tokenizer: TokenizerFiles;
  readonly generation: Record<string, unknown>;
  readonly weights: WeightSource;
  /** Tensors that a decoder of this config has no place for. */
  readonly unused: readonly string[];
  readonly license?: string;
}

/**
 * Opens a model of a known family in one GGUF file.
 * @throws InvalidGgufError, UnsupportedGgufError, GgufTokenizerError
 */
export async function openGgufCheckpoint(source: ByteSource, signal?: AbortSignal): Promise<GgufCheckpoint> {
  const file = await openGguf(source, signal);
  checkReadable(file);
  const config = ggufConfig(file, await storedRopeScaling(file, signal));
  return {
    config,
    tokenizer: ggufTokenizer(file),
    generation: generationConfig(file),
    weights: ggufWeights(file, config),
    unused: [...file.tensors.keys()].filter(
      (name) => !isUsedTensor(name, Number(config['num_hidden_layers']))
    ),
    license: text(file, 'general.license')
  };
}

/** Tensors by Hugging Face name, dequantised, with the rows of q and k in Hugging Face's order. */
function ggufWeights(file: GgufFile, config: Record<string, unknown>): WeightSource {
  const { interleavedRope } = ggufFamily(file);
  const find = (name: string): GgufTensor => {
    const tensor = file.tensors.get(ggmlName(name) ?? '');
    if (!tensor) throw new MissingTensorError(name, file.source.name);
    return tensor;
  };
  return {
    has: (name) => file.tensors.has(ggmlName(name) ?? ''),
    shape: (name) => find(name).shape,
    stream(name, signal) {
      const tensor = find(name);
      const match = interleavedRope ? /\.self_attn\.([qk])_proj\.(weight|bias)$/.exec(name) : null;
      if (!match) return streamTensor(file.source, tensor, CHUNK_VALUES, signal);
      const heads = Number(match[1] === 'q' ? config['num_attention_heads'] : config['num_key_value_heads']);
      return streamUninterleaved(file.source, tensor, heads, signal);
    },
    nf4: () => Promise.resolve(undefined)
  };
}

/** Streams a tensor's values as f32 in the file's order, in chunks of at most `chunk` values (whole blocks). */
export async function* streamTensor(
  source: ByteSource,
  { type, start, end }: GgufTensor,
  chunk: number,
  signal?: AbortSignal
): AsyncGenerator<Float32Array> {
  const dequantize = DEQUANTIZERS.get(type.name)!;
  const blocks = Math.max(1, Math.floor(chunk / type.values));
  for await (const piece of readPieces(source, start, end, blocks * type.bytes, signal)) {
    const values = new Float32Array((piece.byteLength / type.bytes) * type.values);
    // F16 and BF16 are viewed as 16-bit words; the block formats are read by bytes.
    dequantize(aligned(piece, 2), values);
    yield values;
  }
}

/**
 * Streams q or k with the rotary pairs of each head set apart again: row 2i + h of a head becomes row h * headDim/2 + i.
 * The rows of one head are held at a time.
 */
async function* streamUninterleaved(
  source: ByteSource,
  tensor: GgufTensor,
  heads: number,
  signal?: AbortSignal
): AsyncGenerator<Float32Array> {
  const [rows, columns = 1] = tensor.shape;
  const headDim = rows / heads;
  if (!Number.isInteger(headDim) || headDim % 2 !== 0 || (headDim * columns) % tensor.type.values !== 0) {
    throw new InvalidGgufError(
      `Tensor ${tensor.name} of ${source.name} has ${rows} rows, which ${heads} heads of an even size cannot share. ` +
        'Download the file again, or choose another.',
      { details: { file: source.name, tensor: tensor.name, rows, heads } }
    );
  }
  for (let head = 0; head < heads; head++) {
    const interleaved = await headRows(source, tensor, head, headDim, signal);
    const halves = new Float32Array(interleaved.length);
    for (let row = 0; row < headDim; row++) {
      const from = row < headDim / 2 ? 2 * row : 2 * row - headDim + 1;
      halves.set(interleaved.subarray(from * columns, (from + 1) * columns), row * columns);
    }
    for (let at = 0; at < halves.length; at += CHUNK_VALUES) yield halves.subarray(at, at + CHUNK_VALUES);
  }
}

/** All rows of one head. Rows of a matrix are whole blocks; a bias (one value a row) is never quantised. */
async function headRows(
  source: ByteSource,
  tensor: GgufTensor,
  head: number,
  headDim: number,
  signal?: AbortSignal
): Promise<Float32Array> {
  const { type, shape } = tensor;
  const count = headDim * (shape[1] ?? 1);
  const bytes = (count / type.values) * type.bytes;
  const start = tensor.start + head * bytes;
  const values = new Float32Array(count);
  let at = 0;
  for await (const chunk of streamTensor(
    source,
    { ...tensor, start, end: start + bytes },
    CHUNK_VALUES,
    signal
  )) {
    values.set(chunk, at);
    at += chunk.length;
  }
  return values;
}

/** Refuses a file with a tensor type that cannot be read before anything is loaded, rather than in the middle. */
function checkReadable(file: GgufFile): void {
  const unreadable = [...file.tensors.values()].filter(({ type }) => !DEQUANTIZERS.has(type.name));
  if (unreadable.length === 0) return;
  const types = [...new Set(unreadable.map(({ type }) => type.name))];
  throw new UnsupportedGgufError(
    `${unreadable.length} tensors of ${file.source.name} are stored as ${types.join(', ')} (the first is ${unreadable[0].name}); ` +
      `readable are ${[...DEQUANTIZERS.keys()].join(', ')}. Choose a Q8_0 or Q4_K_M file of this model.`,
    { details: { file: file.source.name, tensor: unreadable[0].name, types } }
  );
}

/** Llama 3's scaling, which GGUF keeps as a tensor of factors. */
async function storedRopeScaling(file: GgufFile, signal?: AbortSignal): Promise<RopeScaling | undefined> {
  const tensor = file.tensors.get('rope_freqs.weight');
  if (!tensor) return undefined;
  if (tensor.shape.length !== 1 || tensor.shape[0] > MAX_ROPE_FACTORS) {
    throw new InvalidGgufError(
      `Tensor rope_freqs.weight of ${file.source.name} has shape [${tensor.shape.join(', ')}]; one factor per rotary pair is expected. ` +
        'Download the file again, or choose another.',
      { details: { file: file.source.name, tensor: tensor.name, shape: tensor.shape } }
    );
  }
  const factors: number[] = [];
  for await (const chunk of streamTensor(file.source, tensor, CHUNK_VALUES, signal)) factors.push(...chunk);
  const architecture = String(file.metadata.get('general.architecture'));
  const theta = ropeTheta((key) => file.metadata.get(`${architecture}.${key}`));
  return ropeScalingFromFactors(factors, theta, file.source.name);
}

/** The ids that end an answer: end of sequence, and end of turn where the file has one of its own. */
function generationConfig(file: GgufFile): Record<string, unknown> {
  const ends = [tokenId(file, 'eos_token_id'), tokenId(file, 'eot_token_id')].filter((id) => id !== null);
  return {
    bos_token_id: tokenId(file, 'bos_token_id'),
    eos_token_id: [...new Set(ends)],
    pad_token_id: tokenId(file, 'padding_token_id')
  };
}

function text(file: GgufFile, key: string): string | undefined {
  const value = file.metadata.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
