import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { exampleText, type Examples } from '../examples';
import { builtins, ceilDiv, foldGrid, workgroupIndex } from '../unroll';

export interface MeanRowsOptions {
  /** f32 or f16 [trained tokens, width]. */
  readonly input: Tensor;
  readonly width: number;
  /** The mean of each goes over its trained tokens. */
  readonly examples: Examples;
  /** f32 [rows, width]; example e is written to row `step.row` + e, with zeros where it has no trained token. */
  readonly means: Tensor;
  readonly style: Style;
}

/** The mean of each example's rows of a matrix, column by column, always in the same order. */
export function meanRows({ input, width, examples, means, style }: MeanRowsOptions): Kernel {
  const lanes = style === 'serial' ? 8 : 64;
  return {
    label: `mean-rows.${input.dtype}.${style}`,
    body: /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let column = index % params.width;
  let example = index / params.width;
  ${exampleText}
  var sum = 0.0;
  for (var row = example_span.z; row < example_span.w; row++) { sum += f32(rows[row * params.width + column]); }
  means[(step.row + example) * params.width + column] = sum / f32(max(example_span.w - example_span.z, 1u));
}`,
    bindings: [
      { name: 'rows', tensor: input, access: 'read' },
      { name: 'examples', tensor: examples.table, access: 'read' },
      { name: 'means', tensor: means, access: 'write' }
    ],
    params: { examples: { u32: examples.count }, width: { u32: width } },
    workgroups: foldGrid(ceilDiv(examples.count * width, lanes)),
    flops: input.length
  };
}
