import type { Binding } from '../../plan/kernel';
import type { Tensor } from '../../plan/tensor';
import type { Statistics } from '../lanes';
import { unroll } from '../unroll';

/** Row-wise work on the input of {@link project}. Root mean square normalisation: Zhang & Sennrich 2019, arXiv 1910.07467. */
export type Prologue =
  | { readonly kind: 'none' }
  | {
      /** normed = x / rms(x) * weight; stored. With `gather`, row r is x's row gather[r] (trained tokens only). */
      readonly kind: 'rmsnorm';
      readonly weight: Tensor;
      readonly epsilon: number;
      readonly normed: Tensor;
      readonly gather?: Tensor;
    }
  | {
      /**
       * The input is dL/d normed; dx = residual + dL/dx; stored. With `scatter` (u32 [rows], index + 1 or 0), the
       * gradient of row m is the input's row scatter[m] - 1, and zero where scatter[m] is 0.
       */
      readonly kind: 'rmsnorm-backward';
      readonly x: Tensor;
      readonly weight: Tensor;
      readonly epsilon: number;
      readonly residual?: Tensor;
      readonly scatter?: Tensor;
      readonly dx: Tensor;
    };

export function prologueBindings(prologue: Prologue, wide: boolean): Binding[] {
  const bound = (name: string, tensor: Tensor, access: Binding['access']): Binding => ({
    name,
    tensor,
    access,
    element: wide ? `vec4<${tensor.dtype}>` : tensor.dtype
  });
  switch (prologue.kind) {
    case 'none':
      return [];
    case 'rmsnorm':
      return [
        bound('norm_weight', prologue.weight, 'read'),
        bound('normed', prologue.normed, 'write'),
        ...(prologue.gather ? [{ name: 'gather', tensor: prologue.gather, access: 'read' as const }] : [])
      ];
    case 'rmsnorm-backward':
      return [
        bound('source', prologue.x, 'read'),
        bound('norm_weight', prologue.weight, 'read'),
        ...(prologue.residual ? [bound('residual', prologue.residual, 'read')] : []),
        ...(prologue.scatter ? [{ name: 'scatter', tensor: prologue.scatter, access: 'read' as const }] : []),
        bound('dx', prologue.dx, 'write')
      ];
  }
}

export interface PrologueText {
  /** Declares `in{i}`, the start of each input row. */
  readonly rows: string;
  readonly statistics?: Statistics;
  readonly afterStatistics: string;
  /** Statements that declare `v{i}`, the value of row i at k (four values when wide), and store it in the first tile. */
  value(i: number): string;
}

/** WGSL pieces of a prologue for rows `row{i}` (`safe{i}` where past the live ones). */
export function prologueText(prologue: Prologue, wide: boolean, tileRows: number): PrologueText {
  const read = (name: string, at: string) => (wide ? `vec4f(${name}[(${at}) >> 2u])` : `f32(${name}[${at}])`);
  const sumOf = (value: string) => (wide ? `dot(${value}, vec4f(1.0))` : value);
  const cast = (tensor: Tensor, value: string) =>
    tensor.dtype === 'f16' ? (wide ? `vec4<f16>(${value})` : `f16(${value})`) : value;
  const write = (name: string, tensor: Tensor, at: string, value: string) =>
    `${name}[${wide ? `(${at}) >> 2u` : at}] = ${cast(tensor, value)};`;
  const step = wide ? 4 : 1;
  const starts = (row: (i: number) => string) =>
    unroll(tileRows, (i) => `let in${i} = ${row(i)} * params.width;`);
  const own = unroll(tileRows, (i) => `let at${i} = safe${i} * params.width;`);

  switch (prologue.kind) {
    case 'none':
      return {
        rows: starts((i) => `safe${i}`),
        afterStatistics: '',
        value: (i) => `let v${i} = ${read('x', `in${i} + k`)};`
      };
    case 'rmsnorm':
      return {
        rows: `${starts((i) => (prologue.gather ? `gather[safe${i}]` : `safe${i}`))}\n${own}`,
        statistics: {
          names: Array.from({ length: tileRows }, (_, i) => `square${i}`),
          add: unroll(
            tileRows,
            (i) => `{ let v = ${read('x', `in${i} + k`)}; square${i} += ${sumOf('v * v')}; }`
          ),
          step
        },
        afterStatistics: unroll(
          tileRows,
          (i) => `let inverse${i} = inverseSqrt(square${i} / f32(params.width) + params.epsilon);`
        ),
        value: (i) => `let v${i} = ${read('x', `in${i} + k`)} * inverse${i} * ${read('norm_weight', 'k')};
if (tile == 0u && row${i} < live) { ${write('normed', prologue.normed, `at${i} + k`, `v${i}`)} }`
      };
    case 'rmsnorm-backward': {
      const gradient = (i: number) =>
        prologue.scatter
          ? `select(${wide ? 'vec4f()' : '0.0'}, ${read('x', `in${i} + k`)}, scatter[safe${i}] > 0u)`
          : read('x', `in${i} + k`);
      return {
        rows: `${starts((i) => (prologue.scatter ? `(max(scatter[safe${i}], 1u) - 1u)` : `safe${i}`))}\n${own}`,
        statistics: {
          names: Array.from({ length: tileRows * 2 }, (_, n) =>
            n < tileRows ? `square${n}` : `along${n - tileRows}`
          ),
          add: `let w = ${read('norm_weight', 'k')};\n${unroll(
            tileRows,
            (i) =>
              `{ let s = ${read('source', `at${i} + k`)}; square${i} += ${sumOf('s * s')}; along${i} += ${sumOf(`${gradient(i)} * w * s`)}; }`
          )}`,
          step
        },
        // d(x / rms) = (g - x̂ mean(g x̂)) / rms, with g = weight * dL/d normed and x̂ = x / rms.
        afterStatistics: unroll(
          tileRows,
          (i) =>
            `let inverse${i} = inverseSqrt(square${i} / f32(params.width) + params.epsilon); let pull${i} = along${i} * inverse${i} * inverse${i} / f32(params.width);`
        ),
        value: (
          i
        ) => `let v${i} = ${prologue.residual ? `${read('residual', `at${i} + k`)} + ` : ''}inverse${i} * (${read('norm_weight', 'k')} * ${gradient(i)} - ${read('source', `at${i} + k`)} * pull${i});
if (tile == 0u && row${i} < live) { ${write('dx', prologue.dx, `at${i} + k`, `v${i}`)} }`
      };
    }
  }
}
