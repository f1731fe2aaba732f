import { absmaxOffset, absmaxWgsl, type Nf4Layout } from '../../nf4/layout';
import { nf4Codebook } from '../../nf4/codebook';
import type { Kernel, Params } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { builtins, ceilDiv, foldGrid, unroll, workgroupIndex } from '../unroll';

export interface DequantizeNf4Options {
  readonly layout: Nf4Layout;
  /** u32: `codes` and `meta` of the packed matrix. */
  readonly codes: Tensor;
  readonly meta: Tensor;
  /** f32 or f16 [rows of all parts, columns]: the parts' rows one after another, without gaps. */
  readonly out: Tensor;
  readonly style: Style;
}

/** Words of eight weights that an invocation expands; in the serial style a whole 64-block, whose absmax is read once. */
const wordsPerInvocation: Record<Style, number> = { serial: 8, cooperative: 1 };

/**
 * Expands packed NF4 weights to floats: value = codebook[code] * absmax. One dispatch for all parts.
 */
export function dequantizeNf4(options: DequantizeNf4Options): Kernel {
  const { layout, codes, meta, out, style } = options;
  const lanes = style === 'serial' ? 16 : 256;
  const words = wordsPerInvocation[style];
  const sizes = layout.parts.map((p) => p.rows * p.columns);
  const wide = sizes.every((size) => size % 8 === 0);
  const params: Record<string, { u32: number }> = {
    length: { u32: layout.length },
    absmaxAt: { u32: absmaxOffset(layout.length, layout.absmaxForm) }
  };
  let to = 0;
  layout.parts.forEach((part, k) => {
    params[`base${k}`] = { u32: part.base };
    params[`size${k}`] = { u32: sizes[k] };
    params[`to${k}`] = { u32: to };
    to += sizes[k];
  });
  return {
    label: `nf4.dequantize.${out.dtype}.${style}`,
    body: body(layout, out.dtype === 'f16', wide, lanes, words),
    bindings: [
      { name: 'codes', tensor: codes, access: 'read' },
      { name: 'scales', tensor: meta, access: 'read' },
      { name: 'out', tensor: out, access: 'write', element: wide ? `vec4<${out.dtype}>` : out.dtype }
    ],
    params: params satisfies Params,
    workgroups: foldGrid(ceilDiv(layout.length / 8, lanes * words)),
    flops: to
  };
}

function body(layout: Nf4Layout, f16: boolean, wide: boolean, lanes: number, words: number): string {
  const value = (e: number) => `codebook[(word >> ${(e ^ 1) * 4}u) & 15u]`;
  const vector = (e: number) => `vec4f(${[0, 1, 2, 3].map((i) => value(e + i)).join(', ')}) * scale`;
  const stored = (text: string, type: string) => (f16 ? `${type}(${text})` : text);
  const store = wide
    ? `
    if (inside < size) {
      out[(to + inside) / 4u] = ${stored(vector(0), 'vec4<f16>')};
      out[(to + inside) / 4u + 1u] = ${stored(vector(4), 'vec4<f16>')};
    }`
    : unroll(
        8,
        (e) =>
          `    if (inside + ${e}u < size) { out[to + inside + ${e}u] = ${stored(`${value(e)} * scale`, 'f16')}; }`
      );
  return /* wgsl */ `
const codebook = array<f32, 16>(${nf4Codebook.join(', ')});
${absmaxWgsl(layout.absmaxForm)}

@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let first = (${workgroupIndex} * ${lanes}u + lane) * ${words * 8}u;
  if (first >= params.length) { return; }
  var base = params.base0;
  var size = params.size0;
  var to = params.to0;
${layout.parts
  .map((_, k) => k)
  .slice(1)
  .map(
    (k) =>
      `  if (first >= params.base${k}) { base = params.base${k}; size = params.size${k}; to = params.to${k}; }`
  )
  .join('\n')}
  let scale = nf4_absmax(first / 64u);
  for (var w = 0u; w < ${words}u; w++) {
    let word = codes[first / 8u + w];
    let inside = first - base + w * 8u;
${store}
  }
}`;
}
