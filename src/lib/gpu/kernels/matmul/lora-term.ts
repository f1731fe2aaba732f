import { dropoutText } from '../dropout';
import { unroll, xyzw } from '../unroll';
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
  if (!args.lora || termIsLooped(args, stride)) return '';
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

/** Whether {@link loraLoopText} adds the term: where an invocation works alone and nothing is masked. */
export function termIsLooped(args: MatmulText, lanes: number): boolean {
  return args.style === 'serial' && lanes === 1 && !!args.lora && !args.lora.dropout && loraIsAligned(args);
}

/**
 * The same term, added to the copy of the accumulators that the epilogue runs over. Its rows are a loop: unrolled, this
 * short sum over the rank took as long to compile as the whole product.
 */
export function loraLoopText(args: MatmulText, tileRows: number): string {
  const { transposed, epilogue } = args;
  const column = (j: number) => `select(0u, column${j}, valid${j})`;
  const at = (k: string, from: number) => `lora[((${k}) * params.columns + ${column(from)}) >> 2u]`;
  const rows = transposed
    ? unroll(4, (e) => `let low${e} = ${at(`k + ${e}u`, 0)}; let high${e} = ${at(`k + ${e}u`, 4)};`)
    : `${unroll(8, (j) => `let b${j} = lora[(${column(j)} * params.rank + k) >> 2u];`)}
${unroll(4, (e) => `let low${e} = vec4f(b0.${xyzw[e]}, b1.${xyzw[e]}, b2.${xyzw[e]}, b3.${xyzw[e]}); let high${e} = vec4f(b4.${xyzw[e]}, b5.${xyzw[e]}, b6.${xyzw[e]}, b7.${xyzw[e]});`)}`;
  const projected = (part: string) => `params.lora_scale * projected[(start${part} + k) >> 2u]`;
  const split = !transposed && epilogue.kind === 'swiglu';
  return /* wgsl */ `for (var k = 0u; k < ${transposed ? 'params.projected_columns' : 'params.rank'}; k += 4u) {
${rows}
for (var i = 0u; i < min(params.rows - row0, ${tileRows}u); i++) {
let start = (row0 + i) * params.projected_stride + params.projected_column${transposed ? '' : ' + part_low * params.rank'};
let v = ${projected('')};
${split ? `let start_high = start + params.rank; let w = ${projected('_high')};` : 'let w = v;'}
results[2u * i] += v.x * low0 + v.y * low1 + v.z * low2 + v.w * low3;
results[2u * i + 1u] += w.x * high0 + w.y * high1 + w.z * high2 + w.w * high3;
}
}`;
}
