/** The sketch of sketch.ts in float64: scattered, as it is defined, where the kernel gathers. */
import { pcg } from '../pcg';
import type { SketchShape } from './sketch';

/** [segments * width, 2]: the signed sums and the sums of squares. */
export function sketchReference(vector: ArrayLike<number>, shape: SketchShape): Float64Array {
  const { segments, stride, width, seed } = shape;
  const out = new Float64Array(segments * width * 2);
  for (let segment = 0; segment < segments; segment++) {
    for (let first = 0; first < stride; first += width) {
      const key = pcg((first ^ pcg(seed)) >>> 0);
      for (let column = 0; column < width; column++) {
        const place = first + (((Math.imul(key | 1, column) + (key >>> 16)) & (width - 1)) >>> 0);
        if (place >= stride) continue;
        const value = vector[segment * stride + place];
        const sign = pcg((place ^ key) >>> 0) % 2 === 1 ? 1 : -1;
        const at = 2 * (segment * width + column);
        out[at] += sign * value;
        out[at + 1] += value * value;
      }
    }
  }
  return out;
}

/** What AdamW would step by, without the learning rate, were `gradient` the next one (see SketchOptions.moments). */
export function adamDirectionReference(
  gradient: ArrayLike<number>,
  m: ArrayLike<number>,
  v: ArrayLike<number>,
  iteration: number
): Float64Array {
  const [beta1, beta2] = [0.9, 0.999];
  return Float64Array.from(gradient, (g, i) => {
    const mean = (beta1 * m[i] + (1 - beta1) * g) / (1 - beta1 ** iteration);
    const square = (beta2 * v[i] + (1 - beta2) * g * g) / (1 - beta2 ** iteration);
    return mean / (Math.sqrt(square) + 1e-8);
  });
}
