import { unroll } from './unroll';

/**
 * WGSL that adds the lanes' accumulators `a{i}_0`, `a{i}_1` by halving, through `partial`, an array of
 * {@link partialLength} vec4f. Afterwards the first lane holds the sums: it alone may store (not return: a later barrier
 * must still be met by all).
 */
export function laneSum(tileRows: number, lanes: number): string {
  const each = (line: (n: number, name: string) => string) =>
    unroll(tileRows * 2, (n) => line(n, `a${Math.floor(n / 2)}_${n % 2}`));
  return /* wgsl */ `
workgroupBarrier();
${each((n, name) => `partial[${n * lanes}u + lane] = ${name};`)}
for (var width = ${lanes / 2}u; width > 0u; width >>= 1u) {
  workgroupBarrier();
  if (lane < width) {
${each((n) => `partial[${n * lanes}u + lane] += partial[${n * lanes}u + lane + width];`)}
  }
}
workgroupBarrier();
${each((n, name) => `${name} = partial[${n * lanes}u];`)}`;
}

/** Elements of `partial` for a tile of rows. */
export function partialLength(tileRows: number, lanes: number): number {
  return lanes * tileRows * 2;
}

/** Running sums of a loop over a row, before they are added over lanes. */
export interface Statistics {
  /** Names of f32 variables. */
  readonly names: readonly string[];
  /** WGSL statement for the loop's body that adds to them. */
  readonly add: string;
  /** Step of the loop variable `k`. */
  readonly step: number;
}

/** WGSL that declares the sums, loops over the row with all lanes, and leaves every lane with the totals. */
export function laneSums({ names, add, step }: Statistics, lanes: number): string {
  const declare = names.map((name) => `var ${name} = 0.0;`).join(' ');
  const loop = `for (var k = ${lanes > 1 ? 'lane' : '0u'} * ${step}u; k < params.width; k += ${lanes * step}u) {\n${add}\n}`;
  if (lanes === 1) return `${declare}\n${loop}`;
  const groups = Math.ceil(names.length / 4);
  const pack = (g: number) => `vec4f(${[0, 1, 2, 3].map((e) => names[g * 4 + e] ?? '0.0').join(', ')})`;
  return /* wgsl */ `${declare}
${loop}
${unroll(groups, (g) => `partial[${g * lanes}u + lane] = ${pack(g)};`)}
for (var width = ${lanes / 2}u; width > 0u; width >>= 1u) {
  workgroupBarrier();
  if (lane < width) {
${unroll(groups, (g) => `partial[${g * lanes}u + lane] += partial[${g * lanes}u + lane + width];`)}
  }
}
workgroupBarrier();
${names.map((name, n) => `${name} = partial[${Math.floor(n / 4) * lanes}u][${n % 4}];`).join('\n')}`;
}
