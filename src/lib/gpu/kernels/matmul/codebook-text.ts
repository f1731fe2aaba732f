import { nf4Codebook } from '../../nf4/codebook';

/**
 * The 16 NF4 values as a WGSL table named `codebook`. In workgroup memory (filled by `load_codebook(lane)` before a
 * barrier) GPUs read it fastest; private memory needs no barrier, which software adapters prefer.
 */
export function nf4CodebookText(where: 'private' | 'workgroup'): string {
  const values = nf4Codebook.map(wgslFloat).join(', ');
  if (where === 'private') return `var<private> codebook: array<f32, 16> = array<f32, 16>(${values});`;
  return /* wgsl */ `
const codebook_values = array<f32, 16>(${values});
var<workgroup> codebook: array<f32, 16>;
fn load_codebook(lane: u32) { if (lane < 16u) { codebook[lane] = codebook_values[lane]; } }`;
}

/** A float literal that keeps every bit of an f32. */
export function wgslFloat(value: number): string {
  const text = Math.fround(value).toPrecision(9);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
