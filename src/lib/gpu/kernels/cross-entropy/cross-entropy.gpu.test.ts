import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals, relativeError } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Tensor } from '../../plan/tensor';
import { crossEntropy } from './cross-entropy';
import { negativeLogLikelihood, negativeLogLikelihoodBackward } from './cross-entropy.ref';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

interface Case {
  rows: number;
  vocabulary: number;
  stride?: number;
  trained?: number;
  firstRow?: number;
  scale?: number;
}

async function run(style: Style, c: Case, backward: boolean) {
  const { rows, vocabulary, stride = Math.ceil(vocabulary / 4) * 4, firstRow = 0, scale = 4 } = c;
  const trained = c.trained ?? firstRow + rows;
  const capacity = firstRow + rows;
  const logits = persistent('logits', rows * stride);
  const targets = persistent('targets', capacity, 'u32');
  const loss = persistent('loss', capacity);
  // What lies past the vocabulary must not matter.
  const values = normals(1, rows * stride).map((v, i) => (i % stride < vocabulary ? v * scale : NaN));
  const ids = Uint32Array.from({ length: capacity }, (_, i) => (i * 7919 + vocabulary - 1) % vocabulary);
  const kernel = crossEntropy({ rows, vocabulary, stride, logits, targets, loss, firstRow, backward, style });
  const results = await runKernels(
    device,
    [kernel],
    new Map<Tensor, Float32Array | Uint32Array>([
      [logits, values],
      [targets, ids],
      [loss, new Float32Array(capacity).fill(-1)]
    ]),
    [loss, logits],
    { trained, lossWeight: 0.25 }
  );
  return {
    values,
    ids,
    stride,
    trained,
    firstRow,
    losses: results.get(loss)!,
    gradients: results.get(logits)!
  };
}

describe.each(styles)('cross-entropy, %s', (style) => {
  const cases: Case[] = [
    { rows: 1, vocabulary: 1 },
    { rows: 1, vocabulary: 5 },
    { rows: 7, vocabulary: 17, stride: 32 },
    { rows: 9, vocabulary: 15 },
    { rows: 8, vocabulary: 16 },
    { rows: 13, vocabulary: 1021 },
    { rows: 3, vocabulary: 1023 },
    { rows: 3, vocabulary: 1025, stride: 1040 },
    { rows: 64, vocabulary: 4096 },
    { rows: 12, vocabulary: 64, trained: 29, firstRow: 20 },
    { rows: 4, vocabulary: 32000, scale: 60 }
  ];

  it.each(cases)('agrees with float64: $rows rows of $vocabulary', async (c) => {
    const { values, ids, stride, trained, firstRow, losses, gradients } = await run(style, c, true);
    for (let r = 0; r < c.rows; r++) {
      const row = values.subarray(r * stride, r * stride + c.vocabulary);
      const written = gradients.subarray(r * stride, (r + 1) * stride);
      if (firstRow + r >= trained) {
        expect(losses[firstRow + r]).toBe(-1);
        expect(written).toEqual(values.subarray(r * stride, (r + 1) * stride));
        continue;
      }
      const target = ids[firstRow + r];
      const expected = negativeLogLikelihood(row, target);
      expect(Math.abs(losses[firstRow + r] - expected)).toBeLessThan(1e-5 * Math.max(1, expected));
      expect(
        relativeError(written.subarray(0, c.vocabulary), negativeLogLikelihoodBackward(row, target, 0.25))
      ).toBeLessThan(1e-5);
      expect(written.subarray(c.vocabulary).every((v) => v === 0)).toBe(true);
    }
    for (let r = 0; r < firstRow; r++) expect(losses[r]).toBe(-1);
  });

  it('leaves logits alone when only the loss is asked for', async () => {
    const { values, ids, losses, gradients } = await run(style, { rows: 5, vocabulary: 100 }, false);
    expect(gradients).toEqual(values);
    for (let r = 0; r < 5; r++) {
      const expected = negativeLogLikelihood(values.subarray(r * 100, (r + 1) * 100), ids[r]);
      expect(losses[r]).toBeCloseTo(expected, 5);
    }
  });

  it('agrees over a vocabulary of 262,144', async () => {
    const c = { rows: 2, vocabulary: 262144 };
    const { values, ids, stride, losses, gradients } = await run(style, c, true);
    for (let r = 0; r < c.rows; r++) {
      const row = values.subarray(r * stride, (r + 1) * stride);
      const expected = negativeLogLikelihood(row, ids[r]);
      expect(Math.abs(losses[r] / expected - 1)).toBeLessThan(1e-5);
      const gradient = gradients.subarray(r * stride, (r + 1) * stride);
      expect(relativeError(gradient, negativeLogLikelihoodBackward(row, ids[r], 0.25))).toBeLessThan(1e-5);
    }
  });

  it('stays finite for logits that overflow exp, and says NaN for NaN', async () => {
    const { losses } = await run(style, { rows: 4, vocabulary: 260, scale: 1e4 }, true);
    expect(losses.every(Number.isFinite)).toBe(true);
    const broken = await run(style, { rows: 2, vocabulary: 260, scale: NaN }, true);
    expect(broken.losses.every(Number.isNaN)).toBe(true);
  });

  it('gives the same bits twice', async () => {
    const c = { rows: 5, vocabulary: 3001 };
    const [a, b] = [await run(style, c, true), await run(style, c, true)];
    expect(a.losses).toEqual(b.losses);
    expect(a.gradients).toEqual(b.gradients);
  });
});

describe('the float64 twin', () => {
  it('has the gradient that finite differences give', () => {
    const logits = Float64Array.from(normals(3, 23), (v) => v * 3);
    const gradient = negativeLogLikelihoodBackward(logits, 5, 0.3);
    const h = 1e-5;
    for (let i = 0; i < logits.length; i++) {
      const at = (d: number) =>
        negativeLogLikelihood(
          logits.map((v, k) => (k === i ? v + d : v)),
          5
        );
      expect(gradient[i]).toBeCloseTo((0.3 * (at(h) - at(-h))) / (2 * h), 8);
    }
  });
});
