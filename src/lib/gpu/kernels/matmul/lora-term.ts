import { dropoutText } from '../dropout';
import { unroll } from '../unroll';
import { loraIsAligned, type MatmulText } from './types';
import { forwardProducts, scalarProducts, transposedProducts, zeroAccumulators } from './products';

/** WGSL functions that the LoRA term needs outside of the entry point. */
export function loraHelpers(args: MatmulText): string {
  const dropout = args.lora?.dropout;
  return dropout ? dropoutText(dropout.probability) : '';
}

/**
 * WGSL that adds the low-rank term to the accumulators of an invocation: an extension of the inner dimension by the
 * rank, over `projected` and the adapter's factor. Rows are `safe{i}` (clamped), columns as {@link columnText} says.
 * `first` and `stride` split the rank over lanes.
 */
export function loraText(args: MatmulText, tileRows: number, first: string, stride: number): string {
  if (!args.lora) return '';
  return args.transposed
    ? transposedTerm(args, tileRows, first, stride)
    : forwardTerm(args, tileRows, first, stride);
}

function forwardTerm(args: MatmulText, tileRows: number, first: string, stride: number): string {
  const aligned = loraIsAligned(args);
  const width = aligned ? 4 : 1;
  const column = (j: number) => `select(0u, column${j}, valid${j})`;
  const factor = (j: number) =>
    aligned ? `lora[(${column(j)} * params.rank + k) >> 2u]` : `lora[${column(j)} * params.rank + k]`;
  const projected = (i: number, part: string) => {
    const at = `safe${i} * params.projected_stride + params.projected_column + ${part} * params.rank + k`;
    return `(params.lora_scale * ${aligned ? `projected[(${at}) >> 2u]` : `projected[${at}]`})`;
  };
  const products = aligned ? forwardProducts : scalarProducts;
  const loop = (body: string) =>
    `for (var k = ${first} * ${width}u; k < params.rank; k += ${stride * width}u) ${body}`;
  if (args.epilogue.kind !== 'swiglu')
    return loop(products(tileRows, (i) => projected(i, 'part_low'), factor));
  // Gate and up have projections of their own: each group of columns meets only its part's.
  const zero = aligned ? 'vec4f()' : '0.0';
  return ['part_low', 'part_high']
    .map((part, g) =>
      loop(
        products(
          tileRows,
          (i) => projected(i, part),
          (j) => (Math.floor(j / 4) === g ? factor(j) : zero)
        )
      )
    )
    .join('\n');
}

function transposedTerm(args: MatmulText, tileRows: number, first: string, stride: number): string {
  const lora = args.lora!;
  const aligned = loraIsAligned(args);
  const width = aligned ? 4 : 1;
  const at = (k: string, from: number) => `(${k}) * params.columns + select(0u, column${from}, valid${from})`;
  const projected = (i: number) => {
    const index = `safe${i} * params.projected_stride + params.projected_column + k`;
    return `(params.lora_scale * ${aligned ? `projected[(${index}) >> 2u]` : `projected[${index}]`})`;
  };
  const name = lora.dropout ? 't' : 'a';
  const products = aligned
    ? transposedProducts(
        tileRows,
        projected,
        (e) => `lora[(${at(`k + ${e}u`, 0)}) >> 2u]`,
        (e) => `lora[(${at(`k + ${e}u`, 4)}) >> 2u]`,
        name
      )
    : scalarProducts(tileRows, projected, (j) => `lora[${at('k', j)}]`, name);
  const loop = (from: string, to: string) =>
    `for (var k = ${from} + ${first} * ${width}u; k < ${to}; k += ${stride * width}u) ${products}`;
  if (!lora.dropout) return loop('0u', 'params.projected_columns');
  // Each projection has a mask of its own, so each part's term is masked before it is added.
  const mask = (i: number, from: number) =>
    `vec4f(${[0, 1, 2, 3].map((e) => `dropout(params.dropout_stream + p, safe${i}, column${from + e})`).join(', ')})`;
  return /* wgsl */ `for (var p = 0u; p < ${lora.parts}u; p++) {
${zeroAccumulators(tileRows, 't')}
${loop('p * params.rank', '(p + 1u) * params.rank')}
${unroll(tileRows, (i) => `a${i}_0 += t${i}_0 * ${mask(i, 0)}; a${i}_1 += t${i}_1 * ${mask(i, 4)};`)}
}`;
}
