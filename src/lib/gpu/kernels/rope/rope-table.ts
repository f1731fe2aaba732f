/** How a model stretches its rotary frequencies beyond the length it was pretrained on (config.json: rope_scaling). */
export type RopeScaling =
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      readonly original_max_position_embeddings: number;
    }
  | { readonly type: 'linear'; readonly factor: number };

export interface RopeConfig {
  readonly headDim: number;
  readonly theta: number;
  readonly scaling: RopeScaling | null;
}

const f32 = Math.fround;

/**
 * Rotary frequencies of a head: f32 [headDim / 2], theta^(-2i / headDim), then scaled.
 *
 * Every operation is rounded to f32 as PyTorch does. The exact frequencies would be closer to the formula and further
 * from the models, which were trained with the rounded ones: at position 8,000 the two differ by 1e-4 in the angle.
 */
export function ropeFrequencies({ headDim, theta, scaling }: RopeConfig): Float32Array {
  const out = new Float32Array(headDim / 2);
  for (let i = 0; i < out.length; i++) {
    const frequency = f32(1 / f32(f32(theta) ** f32((2 * i) / headDim)));
    out[i] = scaling === null ? frequency : scaled(frequency, scaling);
  }
  return out;
}

/**
 * The frequency that a model with this scaling uses. Llama 3.1: short wavelengths stay, long ones are divided by
 * `factor`, those between are interpolated (Llama 3.1 reference code, `apply_scaling`).
 */
function scaled(frequency: number, scaling: RopeScaling): number {
  if (scaling.type === 'linear') return f32(frequency / f32(scaling.factor));
  const {
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: length
  } = scaling;
  const wavelength = f32(f32(2 * Math.PI) / frequency);
  if (wavelength > f32(length / low)) return f32(frequency / f32(factor));
  if (wavelength < f32(length / high)) return frequency;
  const smooth = f32(f32(f32(length / wavelength) - f32(low)) / f32(high - low));
  return f32(f32(f32(f32(1 - smooth) * frequency) / f32(factor)) + f32(smooth * frequency));
}

/**
 * Cosine and sine of every position and frequency.
 * @param positions number of positions, from 0
 * @returns f32 [positions, headDim / 2, 2]
 */
export function ropeTable(config: RopeConfig, positions: number): Float32Array<ArrayBuffer> {
  const frequencies = ropeFrequencies(config);
  const out = new Float32Array(positions * config.headDim);
  let at = 0;
  for (let position = 0; position < positions; position++) {
    for (const frequency of frequencies) {
      const angle = f32(position * frequency);
      out[at++] = Math.cos(angle);
      out[at++] = Math.sin(angle);
    }
  }
  return out;
}
