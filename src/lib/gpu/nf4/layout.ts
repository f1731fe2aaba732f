import { TabtuneError } from '../../errors';
import { nf4Codebook } from './codebook';

/** A quantised matrix is not NF4 as bitsandbytes writes it: wrong sizes, or another codebook. */
export class InvalidNf4Error extends TabtuneError {}

/** Weights per absmax. */
export const blockLength = 64;
/** Absmax values per second-level absmax. */
export const nestedLength = 256;
/** Flat index at whose multiples parts of a packed matrix begin, so that no block of either level spans two parts. */
export const partAlignment = blockLength * nestedLength;

/**
 * A row-major matrix in bitsandbytes' NF4 bytes. value[i] = map[code i] * absmax[i / 64], where a double-quantised
 * absmax is nestedMap[absmax[b]] * nestedAbsmax[b / 256] + nestedOffset.
 */
export interface Nf4Tensor {
  /** [rows, columns] */
  readonly shape: readonly [number, number];
  /** Two codes a byte, the first in the high nibble: [ceil(n / 2)]. */
  readonly codes: Uint8Array;
  /** [ceil(n / 64)]: 8-bit codes when double-quantised, else f32. */
  readonly absmax: Uint8Array | Float32Array;
  /** [ceil(n / 64 / 256)] */
  readonly nestedAbsmax?: Float32Array;
  readonly nestedOffset?: number;
  /** [256] */
  readonly nestedMap?: Float32Array;
  /** [16] */
  readonly map: Float32Array;
}

/** How the second tensor of a packed matrix holds absmax: double-quantised, or one f32 per block. */
export type AbsmaxForm = 'double' | 'single';

/** One matrix among those stacked in a packed one. */
export interface Nf4Part {
  readonly rows: number;
  readonly columns: number;
  /** Flat index of its first weight, a multiple of {@link partAlignment}. */
  readonly base: number;
}

/** Shapes of a packed matrix: all that a kernel needs to know to read it. */
export interface Nf4Layout {
  readonly parts: readonly Nf4Part[];
  /** Flat weights including the gaps between parts: a multiple of 64. */
  readonly length: number;
  readonly absmaxForm: AbsmaxForm;
}

/**
 * Matrices one behind another as they lie in GPU memory: all projections of a decoder layer, say.
 *
 * `codes`: word w holds weights 8w to 8w + 7 in bitsandbytes' byte order, so weight e of the word is
 * `(word >> ((e ^ 1) * 4)) & 15`.
 *
 * `meta`, double form: words 0 to 255 are the f32 bits of the 8-bit map; then, from {@link nestedOffset}, two f32 per
 * 16,384 weights: second-level absmax and offset; then, from {@link absmaxOffset}, one byte per 64 weights, four a word,
 * little endian. absmax of block b = map[byte b] * absmax2[b >> 8] + offset[b >> 8].
 *
 * `meta`, single form (a checkpoint made without double quantisation, or parts whose 8-bit maps differ): one f32 per
 * block. Quantising those absmax values again would change every weight of the checkpoint, so they are kept.
 */
export interface PackedNf4 extends Nf4Layout {
  readonly codes: Uint32Array<ArrayBuffer>;
  readonly meta: Uint32Array<ArrayBuffer>;
}

/** Where parts lie: each from the next multiple of 16,384. Needs shapes only, so memory can be planned without weights. */
export function nf4Layout(
  shapes: readonly (readonly [number, number])[],
  absmaxForm: AbsmaxForm = 'double'
): Nf4Layout {
  const parts: Nf4Part[] = [];
  let end = 0;
  for (const [rows, columns] of shapes) {
    const base = Math.ceil(end / partAlignment) * partAlignment;
    parts.push({ rows, columns, base });
    end = base + Math.ceil((rows * columns) / blockLength) * blockLength;
  }
  return { parts, length: end, absmaxForm };
}

/** Words of `codes`. */
export function codesLength(length: number): number {
  return length / 8;
}

/** First word of the second-level absmax and offset pairs (double form). */
export const nestedOffset = 256;

/** First word of the absmax bytes (double form) or of the absmax values (single form). */
export function absmaxOffset(length: number, form: AbsmaxForm): number {
  return form === 'single' ? 0 : nestedOffset + 2 * Math.ceil(length / partAlignment);
}

/** Words of `meta`. */
export function metaLength(length: number, form: AbsmaxForm): number {
  const blocks = length / blockLength;
  return absmaxOffset(length, form) + (form === 'single' ? blocks : Math.ceil(blocks / 4));
}

/**
 * Lays matrices out for the GPU. Nothing is computed: bytes move.
 * @throws InvalidNf4Error when sizes disagree with a shape, the codebook is not NF4's, or the form cannot be had
 */
export function packNf4(tensors: readonly Nf4Tensor[], form = commonForm(tensors)): PackedNf4 {
  tensors.forEach(check);
  if (form === 'double' && commonForm(tensors) !== 'double') {
    throw new InvalidNf4Error(
      'Some weights of the checkpoint are double-quantised and others are not, or their 8-bit maps differ. Use a checkpoint made in one go.'
    );
  }
  const layout = nf4Layout(
    tensors.map((t) => t.shape),
    form
  );
  const codes = new Uint32Array(codesLength(layout.length));
  // Gaps hold the code of zero.
  const bytes = new Uint8Array(codes.buffer).fill(0x77);
  tensors.forEach((tensor, i) => bytes.set(tensor.codes, layout.parts[i].base / 2));
  const meta = layout.absmaxForm === 'double' ? doubleMeta(tensors, layout) : singleMeta(tensors, layout);
  return { ...layout, codes, meta };
}

function doubleMeta(tensors: readonly Nf4Tensor[], layout: Nf4Layout): Uint32Array<ArrayBuffer> {
  const meta = new Uint32Array(metaLength(layout.length, 'double'));
  const floats = new Float32Array(meta.buffer);
  floats.set(tensors[0].nestedMap ?? []);
  const absmax = new Uint8Array(meta.buffer, absmaxOffset(layout.length, 'double') * 4);
  tensors.forEach((tensor, i) => {
    const { base } = layout.parts[i];
    absmax.set(tensor.absmax, base / blockLength);
    tensor.nestedAbsmax?.forEach((value, block) => {
      const at = nestedOffset + 2 * (base / partAlignment + block);
      floats[at] = value;
      floats[at + 1] = tensor.nestedOffset ?? 0;
    });
  });
  return meta;
}

function singleMeta(tensors: readonly Nf4Tensor[], layout: Nf4Layout): Uint32Array<ArrayBuffer> {
  const values = new Float32Array(metaLength(layout.length, 'single'));
  tensors.forEach((tensor, i) => values.set(blockAbsmax(tensor), layout.parts[i].base / blockLength));
  return new Uint32Array(values.buffer);
}

/**
 * The f32 absmax of every block as bitsandbytes computes it: a rounded product, then a rounded sum.
 * @returns f32, one per 64 weights
 */
export function blockAbsmax(tensor: Nf4Tensor): Float32Array {
  const { absmax, nestedAbsmax, nestedMap, nestedOffset: offset = 0 } = tensor;
  if (!nestedAbsmax || !nestedMap) return Float32Array.from(absmax);
  const out = new Float32Array(absmax.length);
  for (let b = 0; b < out.length; b++) {
    out[b] = Math.fround(nestedMap[absmax[b]] * nestedAbsmax[Math.floor(b / nestedLength)]) + offset;
  }
  return out;
}

/** Double only when all parts are, with one 8-bit map. */
function commonForm(tensors: readonly Nf4Tensor[]): AbsmaxForm {
  const map = tensors[0].nestedMap;
  const alike = tensors.every(
    (t) => t.nestedMap && t.nestedAbsmax && map && t.nestedMap.every((v, i) => v === map[i])
  );
  return alike ? 'double' : 'single';
}

function check(tensor: Nf4Tensor, index: number): void {
  const [rows, own] = tensor.shape;
  const values = rows * own;
  const blocks = Math.ceil(values / blockLength);
  const nested = tensor.nestedAbsmax !== undefined;
  const problem =
    tensor.codes.length !== Math.ceil(values / 2)
      ? `${tensor.codes.length} bytes of codes for ${values} weights`
      : tensor.absmax.length !== blocks
        ? `${tensor.absmax.length} absmax for ${blocks} blocks`
        : tensor.map.length !== 16 || nf4Codebook.some((v, i) => tensor.map[i] !== v)
          ? 'another codebook than NF4'
          : tensor.absmax instanceof Uint8Array !== nested
            ? 'absmax whose type and nested statistics contradict each other'
            : nested && tensor.nestedAbsmax.length !== Math.ceil(blocks / nestedLength)
              ? `${tensor.nestedAbsmax.length} nested absmax for ${blocks} blocks`
              : nested && tensor.nestedMap?.length !== 256
                ? 'no 8-bit map of 256 entries'
                : undefined;
  if (!problem) return;
  throw new InvalidNf4Error(
    `Matrix ${index} of a packed weight (${rows} x ${own}) has ${problem}. The checkpoint is damaged or of another quantisation type: use one made with bnb_4bit_quant_type nf4 and blocks of 64.`,
    { details: { index, shape: [rows, own], problem } }
  );
}

/**
 * WGSL `fn nf4_absmax(block: u32) -> f32`: absmax of a 64-block from the storage binding `scales` (`meta`; that word is
 * reserved in WGSL).
 * @param scales name of the binding, an array<u32>
 * @param at WGSL expression of {@link absmaxOffset}
 */
export function absmaxWgsl(form: AbsmaxForm, scales = 'scales', at = 'params.absmaxAt'): string {
  if (form === 'single') {
    return /* wgsl */ `
fn nf4_absmax(block: u32) -> f32 { return bitcast<f32>(${scales}[${at} + block]); }`;
  }
  return /* wgsl */ `
fn nf4_absmax(block: u32) -> f32 {
  let code = (${scales}[${at} + (block >> 2u)] >> ((block & 3u) * 8u)) & 255u;
  let nested = ${nestedOffset}u + 2u * (block >> 8u);
  return bitcast<f32>(${scales}[code]) * bitcast<f32>(${scales}[nested]) + bitcast<f32>(${scales}[nested + 1u]);
}`;
}
