import type { Binding, Params } from '../../plan/kernel';
import type { Tensor } from '../../plan/tensor';
import { absmaxOffset, absmaxWgsl, type AbsmaxForm } from '../../nf4/layout';
import { nf4CodebookText } from './codebook-text';

/** One row-major matrix of a stack. */
export interface WeightPart {
  readonly rows: number;
  /** Flat index of its first element in the tensors below. */
  readonly base: number;
}

/**
 * Frozen weights of one or more projections that read the same input: [q; k; v], [gate; up], or one alone. The stack's
 * rows are the parts' rows one after another; all parts have the same number of columns.
 *
 * - `nf4`: 4-bit codes and their scales, laid out as nf4/layout.ts says.
 * - `f16`: two half-precision values a 32-bit word, read with unpack2x16float, so that no device feature is needed.
 * - `f32`: plain; also what the scratch of a dequantised layer is.
 */
export type WeightMatrix = {
  readonly rows: number;
  readonly columns: number;
  readonly parts: readonly WeightPart[];
} & (
  | { readonly format: 'nf4'; readonly codes: Tensor; readonly meta: Tensor; readonly absmaxForm: AbsmaxForm }
  | { readonly format: 'f16' | 'f32'; readonly data: Tensor }
);

/** Whether rows start on whole loads: vec4 for floats, a word of eight codes for NF4. */
export function isAligned(weight: WeightMatrix): boolean {
  return weight.columns % (weight.format === 'nf4' ? 8 : 4) === 0;
}

export function weightBindings(weight: WeightMatrix): Binding[] {
  if (weight.format === 'nf4') {
    return [
      { name: 'codes', tensor: weight.codes, access: 'read' },
      { name: 'scales', tensor: weight.meta, access: 'read' }
    ];
  }
  const aligned = isAligned(weight);
  const element = weight.format === 'f16' ? (aligned ? 'vec2<u32>' : 'u32') : aligned ? 'vec4<f32>' : 'f32';
  return [{ name: 'weight', tensor: weight.data, access: 'read', element }];
}

/** Projections of the largest stack, [q; k; v]. */
export const mostParts = 3;

export function weightParams(weight: WeightMatrix): Params {
  const params: Record<string, { u32: number }> = { parts: { u32: weight.parts.length } };
  // Rows of the stack that a part holds: what a transposed product runs over. Always three, empty ones last, so that
  // products over stacks of one, two and three parts share their text.
  let start = 0;
  for (let i = 0; i < Math.max(mostParts, weight.parts.length); i++) {
    const { base, rows } = weight.parts[i] ?? { base: 0, rows: 0 };
    Object.assign(params, {
      [`base${i}`]: { u32: base },
      [`start${i}`]: { u32: start },
      [`end${i}`]: { u32: start + rows }
    });
    start += rows;
  }
  if (weight.format === 'nf4')
    params.absmax_at = { u32: absmaxOffset(weight.codes.length * 8, weight.absmaxForm) };
  return params;
}

/**
 * WGSL that reads weights by flat index:
 * `weight_at(flat) -> f32` always; `weight4(flat) -> vec4f` where rows are aligned; for NF4 `absmax(flat)` and
 * `decode4(half_word) -> vec4f`, the four unscaled values of 16 bits.
 */
export function weightText(weight: WeightMatrix, codebook: 'private' | 'workgroup'): string {
  const aligned = isAligned(weight);
  switch (weight.format) {
    case 'f32':
      return aligned
        ? /* wgsl */ `
fn weight4(flat: u32) -> vec4f { return weight[flat >> 2u]; }
fn weight_at(flat: u32) -> f32 { return weight[flat >> 2u][flat & 3u]; }`
        : /* wgsl */ `fn weight_at(flat: u32) -> f32 { return weight[flat]; }`;
    case 'f16':
      return aligned
        ? /* wgsl */ `
fn weight4(flat: u32) -> vec4f {
  let words = weight[flat >> 2u];
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
fn weight_at(flat: u32) -> f32 { return unpack2x16float(weight[flat >> 2u][(flat >> 1u) & 1u])[flat & 1u]; }`
        : /* wgsl */ `fn weight_at(flat: u32) -> f32 { return unpack2x16float(weight[flat >> 1u])[flat & 1u]; }`;
    case 'nf4':
      return /* wgsl */ `
${nf4CodebookText(codebook)}
${absmaxWgsl(weight.absmaxForm, 'scales', 'params.absmax_at')}
fn absmax(flat: u32) -> f32 { return nf4_absmax(flat >> 6u); }
// Four values of 16 bits; the high nibble of each byte comes first (bitsandbytes).
fn decode4(bits: u32) -> vec4f {
  return vec4f(codebook[(bits >> 4u) & 15u], codebook[bits & 15u], codebook[(bits >> 12u) & 15u], codebook[(bits >> 8u) & 15u]);
}
fn weight4(flat: u32) -> vec4f {
  return decode4(codes[flat >> 3u] >> ((flat & 4u) << 2u)) * absmax(flat);
}
fn weight_at(flat: u32) -> f32 {
  return codebook[(codes[flat >> 3u] >> (((flat & 7u) ^ 1u) * 4u)) & 15u] * absmax(flat);
}`;
  }
}
