import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { builtins, ceilDiv, foldGrid, workgroupIndex } from '../unroll';

export interface MeanRowsOptions {
  /** f32 or f16 [tokens, width]; the mean goes over the first `step.trained` rows. */
  readonly input: Tensor;
  readonly width: number;
  /** f32 [rows, width]; row `step.row` is written, with zeros where no row is live. */
  readonly means: Tensor;
  readonly style: Style;
}

/** The mean of the live rows of a matrix, column by column, always in the same order. */
export function meanRows({ input, width, means, style }: MeanRowsOptions): Kernel {
  const lanes = style === 'serial' ? 8 : 64;
  return {
    label: `mean-rows.${input.dtype}.${style}`,
    body: /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let column = ${workgroupIndex} * ${lanes}u + lane;
  if (column >= params.width) { return; }
  var sum = 0.0;
  for (var row = 0u; row < step.trained; row++) { sum += f32(rows[row * params.width + column]); }
  means[step.row * params.width + column] = sum / f32(max(step.trained, 1u));
}`,
    bindings: [
      { name: 'rows', tensor: input, access: 'read' },
      { name: 'means', tensor: means, access: 'write' }
    ],
    params: { width: { u32: width } },
    workgroups: foldGrid(ceilDiv(width, lanes)),
    flops: input.length
  };
}
