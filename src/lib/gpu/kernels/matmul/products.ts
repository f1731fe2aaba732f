import { unroll, xyzw } from '../unroll';

/**
 * Adds the products of four inner indices to accumulators `{name}{i}_0` and `{name}{i}_1`, for weights whose rows run
 * along the inner index: `b{j}` is a vec4 of column j. The sum of four products per line is what the JIT of SwiftShader
 * and GPU compilers both turn into the shortest code.
 */
export function forwardProducts(
  rows: number,
  x: (i: number) => string,
  weight: (j: number) => string,
  name = 'a'
): string {
  const columnOf = (group: number, c: string) =>
    `vec4f(${[0, 1, 2, 3].map((e) => `b${group * 4 + e}.${c}`).join(', ')})`;
  return /* wgsl */ `{
${unroll(8, (j) => `let b${j} = ${weight(j)};`)}
${unroll(4, (e) => `let low${e} = ${columnOf(0, xyzw[e])}; let high${e} = ${columnOf(1, xyzw[e])};`)}
${accumulate(rows, x, name)}
}`;
}

/** The same for weights whose rows run along the columns: `low(e)` and `high(e)` are vec4s of inner index e. */
export function transposedProducts(
  rows: number,
  x: (i: number) => string,
  low: (e: number) => string,
  high: (e: number) => string,
  name = 'a'
): string {
  return /* wgsl */ `{
${unroll(4, (e) => `let low${e} = ${low(e)}; let high${e} = ${high(e)};`)}
${accumulate(rows, x, name)}
}`;
}

/** One inner index at a time, for shapes that four does not divide. */
export function scalarProducts(
  rows: number,
  x: (i: number) => string,
  weight: (j: number) => string,
  name = 'a'
): string {
  const group = (g: number) => `vec4f(${[0, 1, 2, 3].map((e) => weight(g * 4 + e)).join(', ')})`;
  return /* wgsl */ `{
let low = ${group(0)}; let high = ${group(1)};
${unroll(rows, (i) => `{ let v = ${x(i)}; ${name}${i}_0 += v * low; ${name}${i}_1 += v * high; }`)}
}`;
}

function accumulate(rows: number, x: (i: number) => string, name: string): string {
  return unroll(
    rows,
    (i) => `{ let v = ${x(i)};
${name}${i}_0 += v.x * low0 + v.y * low1 + v.z * low2 + v.w * low3;
${name}${i}_1 += v.x * high0 + v.y * high1 + v.z * high2 + v.w * high3; }`
  );
}

export function zeroAccumulators(rows: number, name = 'a'): string {
  return unroll(rows, (i) => `var ${name}${i}_0 = vec4f(); var ${name}${i}_1 = vec4f();`);
}
