import type { Binding, Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { dropoutText } from '../dropout';
import { zeroAccumulators } from '../matmul/products';
import { builtins, ceilDiv, foldGrid, unroll, workgroupIndex, xyzw } from '../unroll';
import { laneSum, partialLength } from '../lanes';
import { exampleText, type Examples } from '../examples';

/**
 * Gradient of one low-rank factor, a sum over tokens of outer products:
 * - `down`: dA = scale * thinᵀ · wide, [columns of thin, width]; thin is dL/dy · B, wide the projection's input.
 * - `up`: dB = scale * wideᵀ · thin, [width, rank]; wide is dL/dy, thin the projected input.
 */
export interface GradientJob {
  readonly factor: 'down' | 'up';
  /** f32 [rows, thinStride]. */
  readonly thin: Tensor;
  readonly thinStride: number;
  /** First column of thin that takes part, and their number: parts * rank for `down`, rank for `up`. */
  readonly thinColumn: number;
  readonly thinColumns: number;
  /** f32 or f16 [rows, wideStride]. */
  readonly wide: Tensor;
  readonly wideStride: number;
  readonly wideColumn: number;
  readonly width: number;
  /** First element of the result in `gradients`. */
  readonly offset: number;
  readonly scale: number;
  /** `down` only: masks of the projection's input; rank says which columns of thin share a mask. */
  readonly dropout?: { readonly probability: number; readonly stream: number; readonly rank: number };
}

export interface GradientArgs {
  readonly label: string;
  readonly rows: number;
  readonly jobs: readonly GradientJob[];
  readonly gradients: Tensor;
  /**
   * Keeps the examples of a batch apart: `gradients` is then f32 [examples, stride], and each example's are those of its
   * own mean loss, where the tokens' losses came in unweighted. `first` is the job's offset that lies at 0 there.
   */
  readonly examples?: Examples & { readonly stride: number; readonly first: number };
  readonly style: Style;
}

const serialWorkgroup = 16;
const cooperativeLanes = 32;

/**
 * All LoRA gradients of half a decoder layer in one dispatch: each job has tiles of 8 x 8 results, and the tokens are
 * summed in order (serial) or split over lanes (cooperative), always the same way, so results repeat to the bit.
 * Overwrites, or adds where `step.accumulate` says so.
 */
export function loraGradients(args: GradientArgs): Kernel {
  const { jobs, rows, style, examples } = args;
  const lanes = style === 'serial' ? 1 : cooperativeLanes;
  const params: Record<string, { u32: number } | { f32: number }> = {
    rows: { u32: rows },
    ...(examples ? { examples: { u32: examples.count }, example_stride: { u32: examples.stride } } : {})
  };
  let tiles = 0;
  jobs.forEach((job, n) => {
    const wideTiles = ceilDiv(job.width, 8);
    tiles += wideTiles * ceilDiv(job.thinColumns, 8);
    Object.assign(params, {
      [`end${n}`]: { u32: tiles },
      [`wide_tiles${n}`]: { u32: wideTiles },
      [`thin_stride${n}`]: { u32: job.thinStride },
      [`thin_column${n}`]: { u32: job.thinColumn },
      [`thin_columns${n}`]: { u32: job.thinColumns },
      [`wide_stride${n}`]: { u32: job.wideStride },
      [`wide_column${n}`]: { u32: job.wideColumn },
      [`width${n}`]: { u32: job.width },
      [`offset${n}`]: { u32: job.offset - (examples?.first ?? 0) },
      [`scale${n}`]: { f32: job.scale }
    });
    if (job.dropout) params[`stream${n}`] = { u32: job.dropout.stream };
  });
  const units = tiles * (examples?.count ?? 1);
  return {
    label: `lora.gradients ${args.label}`,
    get body() {
      return body(args, lanes);
    },
    bindings: bindings(args),
    params,
    workgroups: foldGrid(lanes > 1 ? units : ceilDiv(units, serialWorkgroup)),
    flops: jobs.reduce((sum, job) => sum + 2 * rows * job.width * job.thinColumns, 0)
  };
}

/** Each tensor is bound once, whatever the number of jobs that read it. */
function operands(jobs: readonly GradientJob[]): Map<Tensor, { name: string; wide: boolean }> {
  const found = new Map<Tensor, { name: string; wide: boolean }>();
  for (const job of jobs) {
    for (const [tensor, wide] of [
      [job.thin, thinIsWide(job)],
      [job.wide, wideIsWide(job)]
    ] as const) {
      const known = found.get(tensor);
      found.set(tensor, { name: known?.name ?? `operand${found.size}`, wide: wide && (known?.wide ?? true) });
    }
  }
  return found;
}

const thinIsWide = (job: GradientJob) =>
  job.thinStride % 4 === 0 && job.thinColumn % 4 === 0 && job.thinColumns % 4 === 0;
const wideIsWide = (job: GradientJob) =>
  job.wideStride % 4 === 0 && job.wideColumn % 4 === 0 && job.width % 4 === 0;

function bindings(args: GradientArgs): Binding[] {
  return [
    ...[...operands(args.jobs)].map(([tensor, { name, wide }]): Binding => ({
      name,
      tensor,
      access: 'read',
      element: wide ? `vec4<${tensor.dtype}>` : tensor.dtype
    })),
    { name: 'gradients', tensor: args.gradients, access: 'read_write' },
    ...(args.examples ? [{ name: 'examples', tensor: args.examples.table, access: 'read' } as const] : [])
  ];
}

function body(args: GradientArgs, lanes: number): string {
  const probability = args.jobs.find((job) => job.dropout)?.dropout?.probability;
  const names = operands(args.jobs);
  const last = args.jobs.length - 1;
  return /* wgsl */ `
${probability ? dropoutText(probability) : ''}
${lanes > 1 ? `var<workgroup> partial: array<vec4f, ${partialLength(8, lanes)}>;` : ''}
@compute @workgroup_size(${lanes > 1 ? lanes : serialWorkgroup})
fn main(${builtins}) {
  let index = ${lanes > 1 ? workgroupIndex : `${workgroupIndex} * ${serialWorkgroup}u + lane`};
  ${
    args.examples
      ? `let example = index / params.end${last};
  let unit = index % params.end${last};
  ${exampleText}
  let begin = example_span.x;
  let live = min(example_span.y, params.rows);
  let vector = example * params.example_stride;
  let weight = 1.0 / f32(max(example_span.w - example_span.z, 1u));`
      : `let unit = index;
  if (unit >= params.end${last}) { return; }
  let begin = 0u;
  let live = min(step.tokens, params.rows);
  let vector = 0u;
  let weight = 1.0;`
  }
  // Where the tile's results go: element (thin, wide) at offset + thin * thin_step + wide * wide_step.
  var thin0 = 0u; var thin_columns = 0u; var thin_step = 0u;
  var wide0 = 0u; var width = 0u; var wide_step = 0u;
  var offset = 0u; var scale = 0.0;
${zeroAccumulators(8)}
  ${args.jobs.map((job, n) => jobText(job, n, names, lanes)).join(' else ')}
${lanes > 1 ? laneSum(8, lanes) : ''}
  var results = array<vec4f, 16>(${unroll(8, (i) => `a${i}_0, a${i}_1`, ', ')});
  for (var i = 0u; i < min(thin_columns - thin0, 8u)${lanes > 1 ? ' && lane == 0u' : ''}; i++) {
    let at = vector + offset + (thin0 + i) * thin_step + wide0 * wide_step;
    for (var j = 0u; j < min(width - wide0, 8u); j++) {
      let value = results[2u * i + j / 4u][j % 4u] * (scale * weight);
      let place = at + j * wide_step;
      gradients[place] = select(value, gradients[place] + value, step.accumulate != 0u);
    }
  }
}`;
}

/** The branch of one job: sets where its results go, and sums its outer products over the tokens. */
function jobText(
  job: GradientJob,
  n: number,
  names: Map<Tensor, { name: string; wide: boolean }>,
  lanes: number
): string {
  const thin = names.get(job.thin)!;
  const wide = names.get(job.wide)!;
  const p = (name: string) => `params.${name}${n}`;
  const before = n === 0 ? '0u' : `params.end${n - 1}`;
  const group = (
    operand: { name: string; wide: boolean },
    at: string,
    first: string,
    limit: string,
    from: number
  ) =>
    operand.wide
      ? `vec4f(${operand.name}[(${at} + min(${first} + ${from}u, ${limit} - 4u)) >> 2u])`
      : `vec4f(${[0, 1, 2, 3].map((e) => `f32(${operand.name}[${at} + min(${first} + ${from + e}u, ${limit} - 1u)])`).join(', ')})`;
  const masks = job.dropout
    ? unroll(
        8,
        (i) =>
          `let mask${i} = vec4f(${[0, 1, 2, 3].map((e) => dropoutAt(job, n, i, e)).join(', ')}); let mask${i}_1 = vec4f(${[4, 5, 6, 7].map((e) => dropoutAt(job, n, i, e)).join(', ')});`
      )
    : '';
  // Rows of the 8 x 8 tile run over thin's columns, its columns over wide's.
  const add = (i: number, side: string, e: string) =>
    `a${i}_0 += ${side}.${e} * low${job.dropout ? ` * mask${i}` : ''}; a${i}_1 += ${side}.${e} * high${job.dropout ? ` * mask${i}_1` : ''};`;
  return /* wgsl */ `if (unit < ${p('end')}) {
    let tile = unit - ${before};
    wide0 = (tile % ${p('wide_tiles')}) * 8u; width = ${p('width')};
    thin0 = (tile / ${p('wide_tiles')}) * 8u; thin_columns = ${p('thin_columns')};
    offset = ${p('offset')}; scale = ${p('scale')};
    thin_step = ${job.factor === 'down' ? 'width' : '1u'}; wide_step = ${job.factor === 'down' ? '1u' : 'thin_columns'};
    for (var row = begin${lanes > 1 ? ' + lane' : ''}; row < live; row += ${lanes}u) {
      let thin_at = row * ${p('thin_stride')} + ${p('thin_column')};
      let wide_at = row * ${p('wide_stride')} + ${p('wide_column')};
      let t0 = ${group(thin, 'thin_at', 'thin0', 'thin_columns', 0)};
      let t1 = ${group(thin, 'thin_at', 'thin0', 'thin_columns', 4)};
      let low = ${group(wide, 'wide_at', 'wide0', 'width', 0)};
      let high = ${group(wide, 'wide_at', 'wide0', 'width', 4)};
${masks}
${unroll(8, (i) => add(i, i < 4 ? 't0' : 't1', xyzw[i % 4]))}
    }
  }`;
}

function dropoutAt(job: GradientJob, n: number, i: number, j: number): string {
  return `dropout(params.stream${n} + (thin0 + ${i}u) / ${job.dropout!.rank}u, row, wide0 + ${j}u)`;
}
