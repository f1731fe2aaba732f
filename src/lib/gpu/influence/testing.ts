/** Sketches that are the gradients themselves: as wide as a layer, nothing lost. */
import type { GradientSketches } from './sketches';

/** @param gradients [rows][layers][parameters] */
export function exactSketches(gradients: readonly (readonly (readonly number[])[])[]): GradientSketches {
  const [rows, segments, width] = [gradients.length, gradients[0].length, gradients[0][0].length];
  return {
    rows,
    segments,
    width,
    values: Float32Array.from(gradients.flat(2)),
    squares: Float32Array.from(gradients.flat(), (layer) => layer.reduce((sum, g) => sum + g * g, 0)),
    representations: Float32Array.from(gradients.flat(2)),
    hidden: segments * width
  };
}
