import type { GradientSketches } from '../gpu/influence/sketches';

/** Gradients of a run's rows at one of its moments. */
export interface RowSketches {
  /** Of the moment: what it stands for in sums over moments. */
  readonly learningRate: number;
  /** `representations` of the last moment only: no estimator looks at others. */
  readonly train: GradientSketches;
}

/** A run's rows, measured: what questions are compared with. */
export interface SketchedRun {
  /** Positions of the measured rows among the run's. */
  readonly index: readonly number[];
  /** In the order of the run. */
  readonly moments: readonly RowSketches[];
}

/** Bytes that the sketches of all moments of a run may take: thousands of rows in tens of megabytes. */
const sketchBytes = 64 * 2 ** 20;

/** Widths of a layer's sketch. */
const [leastWidth, mostWidth] = [16, 512];

/**
 * Values of a layer's sketch: as many as fit. The noise of an inner product of whole gradients falls with the root of
 * their number over all layers; at the largest width it is 4 % of the product of the norms, a layer.
 */
export function widthFor(shape: {
  readonly rows: number;
  readonly layers: number;
  readonly hidden: number;
  readonly moments: number;
}): number {
  const { rows, layers, hidden, moments } = shape;
  const bytes = (width: number) => 4 * rows * (moments * layers * (width + 1) + hidden);
  let width = mostWidth;
  while (width > leastWidth && bytes(width) > sketchBytes) width /= 2;
  return width;
}

export function withoutRepresentations(sketches: GradientSketches): GradientSketches {
  return { ...sketches, hidden: 0, representations: new Float32Array() };
}
