import type { Examples } from '../kernels/examples';
import { loraGradients, type GradientJob } from '../kernels/lora/gradient';
import { project, type Factor } from '../kernels/lora/project';
import type { LoraTerm } from '../kernels/matmul/matmul';
import type { Plan } from '../plan/plan';
import type { Style } from '../plan/style';
import { transient, type Tensor } from '../plan/tensor';
import type { AdapterLayout } from './adapter';
import { groupNames, groups, projections, type Group } from './weights';

/** What {@link LoraWiring} needs of a decoder's context. */
export interface LoraContext {
  readonly plan: Plan;
  /** Capacity in token rows. */
  readonly tokens: number;
  readonly style: Style;
  readonly adapter?: {
    readonly layout: AdapterLayout;
    readonly values: Tensor;
    /** As the layout has them; with `examples`, those of one layer for each example: [examples, length / layers]. */
    readonly gradients?: Tensor;
    readonly examples?: Examples;
    readonly dropout?: number;
  };
}

/** Columns of the side-by-side projections. */
export function projectedColumns(layout: AdapterLayout): {
  width: number;
  column: Partial<Record<Group, number>>;
} {
  let width = 0;
  const column: Partial<Record<Group, number>> = {};
  for (const group of groupNames) {
    if (!layout.group(0, group)) continue;
    column[group] = width;
    width += groups[group].length * layout.settings.rank;
  }
  return { width, column };
}

/**
 * Where a decoder meets its adapter: the projections u = x · Aᵀ and v = dy · B of every group side by side in one tensor
 * a layer, the terms that products add, and the gradient jobs. Each method does nothing where a group has no adapter.
 */
export class LoraWiring {
  readonly #c: LoraContext;
  readonly #columns: ReturnType<typeof projectedColumns>;

  constructor(context: LoraContext) {
    this.#c = context;
    this.#columns = context.adapter ? projectedColumns(context.adapter.layout) : { width: 0, column: {} };
  }

  /** f32 [tokens, all groups' projections], for u or v of one layer. */
  projectedTensor(label: string): Tensor | undefined {
    return this.#columns.width ? transient(label, this.#c.tokens * this.#columns.width) : undefined;
  }

  /** The factor that turns dL/d output of a group of one projection into dL/d its projection on A. */
  up(layer: number, group: 'o' | 'down', v: Tensor): { factor: Factor } | undefined {
    return this.#factor(layer, group, v, 'columns');
  }

  /** Undefined where no projection of the group has an adapter. */
  group(layer: number, group: Group) {
    return this.#c.adapter?.layout.group(layer, group);
  }

  #stream(layer: number, group: Group): number {
    return layer * projections.length + projections.indexOf(groups[group][0]);
  }

  #factor(
    layer: number,
    group: Group,
    out: Tensor | undefined,
    orientation: 'rows' | 'columns'
  ): { factor: Factor } | undefined {
    const { adapter } = this.#c;
    const found = this.group(layer, group);
    if (!adapter || !found || !out) return undefined;
    const { rank } = adapter.layout.settings;
    const shared = {
      matrix: adapter.values,
      rank,
      out,
      outStride: this.#columns.width,
      outColumn: this.#columns.column[group]
    };
    if (orientation === 'columns')
      return { factor: { ...shared, orientation, offset: found.b, partRows: found.partRows } };
    const dropout = adapter.dropout
      ? { dropout: { probability: adapter.dropout, stream: this.#stream(layer, group) } }
      : {};
    return { factor: { ...shared, orientation, offset: found.a, parts: found.parts.length, ...dropout } };
  }

  /** The factor A of a group, projecting its input into `u`. */
  down(layer: number, group: Group, u: Tensor | undefined) {
    return this.#factor(layer, group, u, 'rows');
  }

  /** Records u = input · Aᵀ where the group has an adapter. */
  projectPlain(layer: number, group: Group, input: Tensor, width: number, u: Tensor | undefined): void {
    const factor = this.#factor(layer, group, u, 'rows');
    if (factor) this.#project(`layer ${layer} ${group}`, input, width, factor);
  }

  /** Records v = dOutput · B where the group has an adapter. */
  projectBack(layer: number, group: Group, input: Tensor, width: number, v: Tensor): void {
    const factor = this.#factor(layer, group, v, 'columns');
    if (factor) this.#project(`layer ${layer} d ${group}`, input, width, factor);
  }

  #project(label: string, input: Tensor, width: number, factor: { factor: Factor }): void {
    const { plan, tokens, style } = this.#c;
    plan.add(
      project({
        label,
        rows: tokens,
        live: 'tokens',
        input,
        width,
        style,
        prologue: { kind: 'none' },
        ...factor
      })
    );
  }

  /** What the group's adapter adds to its product, forward (from u) or transposed (from v). */
  term(
    layer: number,
    group: Group,
    projected: Tensor | undefined,
    transposed: boolean
  ): { lora: LoraTerm } | undefined {
    const { adapter } = this.#c;
    const found = this.group(layer, group);
    if (!adapter || !found || !projected) return undefined;
    const { layout } = adapter;
    const dropout =
      transposed && adapter.dropout
        ? { dropout: { probability: adapter.dropout, stream: this.#stream(layer, group) } }
        : {};
    return {
      lora: {
        projected,
        stride: this.#columns.width,
        column: this.#columns.column[group],
        matrix: adapter.values,
        offset: transposed ? found.a : found.b,
        rank: layout.settings.rank,
        parts: found.parts.length,
        scale: layout.scale,
        ...dropout
      }
    };
  }

  /** Gradients of a group's A (from its input) and of each part's B (from the gradient of its output). */
  jobs(
    layer: number,
    group: Group,
    v: Tensor,
    u: Tensor | undefined,
    input: Tensor,
    dOutput: Tensor
  ): GradientJob[] {
    const { adapter } = this.#c;
    const found = this.group(layer, group);
    if (!adapter || !found) return [];
    const { rank } = adapter.layout.settings;
    const column = this.#columns.column[group]!;
    const shared = { thinStride: this.#columns.width, scale: adapter.layout.scale };
    const dropout = adapter.dropout
      ? { dropout: { probability: adapter.dropout, stream: this.#stream(layer, group), rank } }
      : {};
    const rows = found.partRows.reduce((sum, r) => sum + r, 0);
    let row = 0;
    return [
      {
        ...shared,
        factor: 'down',
        thin: v,
        thinColumn: column,
        thinColumns: found.parts.length * rank,
        wide: input,
        wideStride: found.width,
        wideColumn: 0,
        width: found.width,
        offset: found.a,
        ...dropout
      },
      ...found.partRows.map((count, p): GradientJob => {
        row += count;
        return {
          ...shared,
          factor: 'up',
          thin: u!,
          thinColumn: column + p * rank,
          thinColumns: rank,
          wide: dOutput,
          wideStride: rows,
          wideColumn: row - count,
          width: count,
          offset: found.b + (row - count) * rank
        };
      })
    ];
  }

  /** Records the gradients of half a layer. */
  gradients(layer: number, half: string, jobs: readonly GradientJob[]): void {
    const { plan, tokens, style, adapter } = this.#c;
    if (!jobs.length) return;
    const { gradients, examples, layout } = adapter!;
    const stride = layout.length / layout.config.layers;
    plan.add(
      loraGradients({
        label: `layer ${layer} ${half}`,
        rows: tokens,
        jobs,
        gradients: gradients!,
        style,
        ...(examples ? { examples: { ...examples, stride, first: layer * stride } } : {})
      })
    );
  }
}
