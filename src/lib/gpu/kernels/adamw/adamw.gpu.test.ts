import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals, relativeError } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import type { StepScalars } from '../../plan/kernel';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { statsFields, statsLength } from '../reduce/stats';
import { adamw } from './adamw';
import { adamwReference, gradNormReference } from './adamw.ref';
import { gradNorm } from './grad-norm';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];
const sizes = [1, 3, 4, 37, 255, 1024, 1028, 65537, 300_000];

interface State {
  weights: Float32Array;
  m: Float32Array;
  v: Float32Array;
}

/** One optimizer step with its norm, on the GPU. */
async function step(style: Style, state: State, gradients: Float32Array, scalars: Partial<StepScalars>) {
  const count = gradients.length;
  const [weights, grads, m, v] = ['weights', 'grads', 'm', 'v'].map((name) => persistent(name, count));
  const stats = persistent('stats', statsLength);
  const results = await runKernels(
    device,
    [...gradNorm({ grads, count, stats, style }), adamw({ count, weights, grads, m, v, stats, style })],
    new Map<Tensor, Float32Array>([
      [weights, state.weights],
      [grads, gradients],
      [m, state.m],
      [v, state.v]
    ]),
    [weights, m, v, stats],
    scalars
  );
  const [newWeights, newM, newV, figures] = [weights, m, v, stats].map((t) => results.get(t) as Float32Array);
  return { state: { weights: newWeights, m: newM, v: newV }, stats: figures };
}

const fresh = (count: number, seed = 1): State => ({
  weights: normals(seed, count, 0.1),
  m: new Float32Array(count),
  v: new Float32Array(count)
});

describe.each(styles)('AdamW, %s', (style) => {
  it.each(sizes)('follows float64 over three steps of %i parameters', async (count) => {
    const options = {
      learningRate: 1e-3,
      weightDecay: 0.1,
      maxGradNorm: 0.5,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8
    };
    let state = fresh(count);
    const reference = {
      weights: Float64Array.from(state.weights),
      m: new Float64Array(count),
      v: new Float64Array(count)
    };
    for (let iteration = 1; iteration <= 3; iteration++) {
      // The last step's gradient is too small to be clipped.
      const gradients = normals(10 + iteration, count, iteration === 3 ? 1e-6 : 1);
      const made = await step(style, state, gradients, {
        ...options,
        iteration,
        biasCorrection1: 1 - options.beta1 ** iteration,
        biasCorrection2: 1 - options.beta2 ** iteration
      });
      state = made.state;
      adamwReference(reference, gradients, { ...options, iteration });
      expect(relativeError(state.weights, reference.weights)).toBeLessThan(1e-6);
      expect(relativeError(state.m, reference.m)).toBeLessThan(1e-5);
      expect(relativeError(state.v, reference.v)).toBeLessThan(1e-5);
      const figures = gradNormReference(gradients, options.maxGradNorm);
      for (const name of ['sumOfSquares', 'norm', 'clipScale'] as const) {
        expect(Math.abs(made.stats[statsFields[name]] / figures[name] - 1)).toBeLessThan(1e-5);
      }
    }
  });

  it('does not clip when the largest norm is 0', async () => {
    const made = await step(style, fresh(100), normals(2, 100, 50), { learningRate: 1e-3, maxGradNorm: 0 });
    expect(made.stats[statsFields.clipScale]).toBe(1);
  });

  it.each([NaN, Infinity, -Infinity, 3e38])(
    'leaves everything as it was when a gradient is %f',
    async (bad) => {
      for (const maxGradNorm of [0, 1]) {
        const before = { weights: normals(1, 1028), m: normals(2, 1028), v: normals(3, 1028).map(Math.abs) };
        const gradients = normals(4, 1028);
        gradients[777] = bad;
        const made = await step(style, before, gradients, {
          learningRate: 1e-3,
          weightDecay: 0.1,
          maxGradNorm
        });
        expect(made.state).toEqual(before);
        expect(Number.isFinite(made.stats[statsFields.norm])).toBe(false);
        expect(made.stats[statsFields.clipScale]).toBe(0);
      }
    }
  );

  it('gives the same bits twice', async () => {
    const gradients = normals(5, 65537);
    const scalars = { learningRate: 1e-3, maxGradNorm: 0.1 };
    const [a, b] = [
      await step(style, fresh(65537), gradients, scalars),
      await step(style, fresh(65537), gradients, scalars)
    ];
    expect(a.state).toEqual(b.state);
    expect(a.stats[statsFields.norm]).toBe(b.stats[statsFields.norm]);
  });
});

describe('the float64 twin', () => {
  it('moves each weight by about the learning rate, and by the decay alone without gradient', () => {
    const state = { weights: Float64Array.of(1, 1), m: new Float64Array(2), v: new Float64Array(2) };
    const scalars = {
      learningRate: 0.01,
      weightDecay: 0.1,
      maxGradNorm: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8
    };
    adamwReference(state, [3, 0], { ...scalars, iteration: 1 });
    expect(state.weights[0]).toBeCloseTo(1 * 0.999 - 0.01, 8);
    expect(state.weights[1]).toBe(0.999);
  });
});
