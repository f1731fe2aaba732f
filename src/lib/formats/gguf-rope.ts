import type { GgufValue } from './gguf-reader';
import { UnsupportedGgufError } from './gguf';

/** A `rope_scaling` object as in a Hugging Face config.json. */
export type RopeScaling = Readonly<Record<string, string | number>>;

/** Largest relative difference at which stored and recomputed factors count as the same (they are f32). */
const TOLERANCE = 1e-4;

/** The three numbers that Llama 3.1 and later share. */
const LLAMA3_STANDARD = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

interface Llama3Parameters {
  factor: number;
  low_freq_factor: number;
  high_freq_factor: number;
  original_max_position_embeddings: number;
}

/**
 * The factor by which Llama 3 scaling divides each rotary frequency: 1 for short wavelengths, `factor` for long ones,
 * a blend between ("The Llama 3 Herd of Models", and `_compute_llama3_parameters` of transformers).
 */
export function llama3RopeFactors(headDim: number, theta: number, parameters: Llama3Parameters): number[] {
  const { factor, low_freq_factor: low, high_freq_factor: high } = parameters;
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headDim);
    const turns = parameters.original_max_position_embeddings / wavelength;
    if (turns >= high) return 1;
    if (turns <= low) return factor;
    const smooth = (turns - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

/**
 * GGUF keeps Llama 3 scaling only as its result, `rope_freqs.weight`. This finds the parameters that give these
 * factors: the published ones, or else those of the straight line that the blend is.
 * @returns undefined when all factors are 1, which is no scaling.
 * @throws UnsupportedGgufError when no parameters give these factors.
 */
export function ropeScalingFromFactors(
  factors: readonly number[],
  theta: number,
  file: string
): RopeScaling | undefined {
  if (factors.every((factor) => factor === 1)) return undefined;
  const headDim = 2 * factors.length;
  const factor = Math.max(...factors);
  const candidates = [LLAMA3_STANDARD, fitBlend(factors, theta, factor)];
  for (const candidate of candidates) {
    if (!candidate) continue;
    const parameters = { factor, ...candidate };
    const recomputed = llama3RopeFactors(headDim, theta, parameters);
    if (recomputed.every((value, i) => Math.abs(value - factors[i]) <= TOLERANCE * value)) {
      return { rope_type: 'llama3', ...parameters };
    }
  }
  throw new UnsupportedGgufError(
    `The rotary factors in rope_freqs.weight of ${file} follow no Llama 3 scaling. Use the Hugging Face version of this model.`,
    { details: { file, tensor: 'rope_freqs.weight', factors: [...factors] } }
  );
}

/**
 * With s the blend's weight, 1/f = (1 - s)/factor + s, and s = (length/wavelength - low)/(high - low) is a line over
 * frequency. One of low, high and length is free; low = 1 as everywhere. Two points on the slope give the others.
 */
function fitBlend(factors: readonly number[], theta: number, factor: number) {
  const points = factors.flatMap((value, i) => {
    if (value <= 1 || value >= factor) return [];
    const frequency = theta ** (-i / factors.length) / (2 * Math.PI);
    return [{ frequency, smooth: (1 / value - 1 / factor) / (1 - 1 / factor) }];
  });
  if (points.length < 2) return undefined;
  const [first, last] = [points[0], points[points.length - 1]];
  const slope = (first.smooth - last.smooth) / (first.frequency - last.frequency);
  const intercept = first.smooth - slope * first.frequency;
  const high = 1 - 1 / intercept;
  return {
    low_freq_factor: 1,
    high_freq_factor: high,
    original_max_position_embeddings: Math.round(slope * (high - 1))
  };
}

/**
 * The scaling named in the metadata: `linear` and `yarn` as in config.json.
 * @throws UnsupportedGgufError for a kind without a counterpart.
 */
export function ropeScalingFromMetadata(
  get: (key: string) => GgufValue | undefined,
  file: string
): RopeScaling | undefined {
  const kind = get('rope.scaling.type');
  const factor = get('rope.scaling.factor') ?? get('rope.scale_linear');
  // A factor without a kind is linear: llama.cpp's default.
  const type = kind ?? (factor === undefined ? 'none' : 'linear');
  if (type === 'none' || factor === 1) return undefined;
  if (type === 'linear' && typeof factor === 'number') return { rope_type: 'linear', factor };
  if (type === 'yarn' && typeof factor === 'number') {
    const original = get('rope.scaling.original_context_length');
    return {
      rope_type: 'yarn',
      factor,
      ...(typeof original === 'number' && { original_max_position_embeddings: original })
    };
  }
  throw new UnsupportedGgufError(
    `${file} scales its rotary embedding by ${String(type)}, which has no counterpart here. Use another model or version.`,
    { details: { file, type: String(type) } }
  );
}
