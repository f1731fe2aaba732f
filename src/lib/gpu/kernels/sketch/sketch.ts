import { TabtuneError } from '../../../errors';
import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { pcgText } from '../pcg';
import { exampleText, type Examples } from '../examples';
import { builtins, ceilDiv, foldGrid, workgroupIndex } from '../unroll';

/** A sketch whose width is no power of two: its columns could not be permuted by one multiplication. */
export class SketchWidthError extends TabtuneError {}

export interface SketchShape {
  /** Parts of the vector that are sketched apart, all of the same length: the layers of an adapter. */
  readonly segments: number;
  /** Elements of a part. */
  readonly stride: number;
  /** Values that a part is sketched to; a power of two. */
  readonly width: number;
  /** Sketches can be compared only where shape and seed are the same. */
  readonly seed: number;
}

export interface SketchOptions extends SketchShape {
  /** The part that is sketched. */
  readonly segment: number;
  readonly examples: Examples;
  /** f32 [examples, stride]: the part of each example. */
  readonly vectors: Tensor;
  /** f32 [rows, segments * width, 2]: the sums, and the sums of squares. Example e is written to row `step.row` + e. */
  readonly sketches: Tensor;
  /**
   * Running moments of AdamW, f32 [segments * stride]. With them, the update that AdamW would make of the vector is sketched
   * instead (Xia et al. 2024, arXiv 2402.04333, section 2): m' / (sqrt(v') + epsilon), with `step`'s bias corrections.
   */
  readonly moments?: { readonly m: Tensor; readonly v: Tensor };
  readonly style: Style;
}

/** As torch.optim.AdamW's. */
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * A sparse Johnson-Lindenstrauss sketch: each element goes to one of `width` sums with a random sign, so that the inner
 * product of two sketches is that of the vectors in expectation, with a variance of about |x|²|y|² / width (count
 * sketch: Charikar, Chen & Farach-Colton 2002; Weinberger et al. 2009, arXiv 0902.2206, lemma 2).
 *
 * A sum would have to be scattered into, for which WGSL has no atomic f32. So it is gathered: the part is cut into
 * chunks of `width`, and in each chunk an affine map modulo a power of two, of its own, says which element goes to which
 * sum. An odd factor makes it a permutation: elements of one chunk never meet. Beside each sum lies the sum of the squares
 * of its elements; added up they give the exact norm of the part.
 */
export function sketch(options: SketchOptions): Kernel {
  const { vectors, sketches, moments, style, segment, segments, stride, width, seed, examples } = options;
  if (!Number.isInteger(Math.log2(width))) {
    throw new SketchWidthError(`A sketch of ${width} values cannot be made: choose a power of two.`, {
      details: { width }
    });
  }
  const lanes = style === 'serial' ? 8 : 64;
  return {
    label: `sketch.${moments ? 'adam' : 'plain'}.${style}`,
    body: body(lanes, moments !== undefined),
    bindings: [
      { name: 'vectors', tensor: vectors, access: 'read' },
      { name: 'examples', tensor: examples.table, access: 'read' },
      { name: 'sketches', tensor: sketches, access: 'write', element: 'vec2<f32>' },
      ...(moments
        ? ([
            { name: 'm', tensor: moments.m, access: 'read' },
            { name: 'v', tensor: moments.v, access: 'read' }
          ] as const)
        : [])
    ],
    params: {
      examples: { u32: examples.count },
      segment: { u32: segment },
      sums: { u32: segments * width },
      stride: { u32: stride },
      width: { u32: width },
      seed: { u32: seed }
    },
    workgroups: foldGrid(ceilDiv(examples.count * width, lanes)),
    flops: 4 * examples.count * stride
  };
}

function body(lanes: number, adam: boolean): string {
  return /* wgsl */ `${pcgText}
fn element(i: u32, g: f32) -> f32 {
  ${
    adam
      ? `let mean = (${beta1} * m[i] + ${1 - beta1} * g) / step.biasCorrection1;
  let square = (${beta2} * v[i] + ${(1 - beta2).toPrecision(6)} * g * g) / step.biasCorrection2;
  return mean / (sqrt(square) + ${epsilon});`
      : 'return g;'
  }
}

@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let column = index % params.width;
  let example = index / params.width;
  ${exampleText}
  let start = example * params.stride;
  var sum = vec2f();
  for (var first = 0u; first < params.stride; first += params.width) {
    let key = pcg(first ^ pcg(params.seed));
    let place = first + (((key | 1u) * column + (key >> 16u)) & (params.width - 1u));
    if (place >= params.stride) { continue; }
    let value = element(params.segment * params.stride + place, vectors[start + place]);
    sum += vec2f(select(-value, value, (pcg(place ^ key) & 1u) == 1u), value * value);
  }
  sketches[(step.row + example) * params.sums + params.segment * params.width + column] = sum;
}`;
}
