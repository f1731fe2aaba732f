/** Each estimator against a slow float64 reference; DataInf also against its authors' published code. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { normals, relativeError } from '../../../../tests/support/numbers';
import { dataInf } from './data-inf';
import { gradientCosine, representationSimilarity, tracIn } from './estimators';
import type { Checkpoint } from './sketches';
import { exactSketches } from './testing';

type Gradients = number[][][];

const [rows, asked, layers, width] = [9, 4, 3, 16];

function gradients(seed: number, count: number): Gradients {
  const values = normals(seed, count * layers * width);
  const at = (row: number, layer: number) => (row * layers + layer) * width;
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: layers }, (_, layer) => [...values.subarray(at(row, layer), at(row, layer) + width)])
  );
}

const runs = [1, 2, 3].map((n) => ({
  learningRate: n / 10,
  train: gradients(n, rows),
  queries: gradients(10 + n, asked)
}));
const checkpoints: Checkpoint[] = runs.map(({ learningRate, train, queries }) => ({
  learningRate,
  train: exactSketches(train),
  queries: exactSketches(queries)
}));

const product = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const pairs = <T>(score: (query: number, row: number) => T) =>
  Array.from({ length: asked * rows }, (_, at) => score(Math.floor(at / rows), at % rows));

describe('gradient products over checkpoints', () => {
  it('TracIn: weighted by the learning rate', () => {
    const want = pairs((q, r) =>
      runs.reduce(
        (sum, run) => sum + run.learningRate * product(run.queries[q].flat(), run.train[r].flat()),
        0
      )
    );
    expect(relativeError(tracIn(checkpoints).values, want)).toBeLessThan(1e-6);
  });

  it('cosine: neither a long row nor a loud query counts for more', () => {
    const cosine = (a: number[], b: number[]) => product(a, b) / Math.sqrt(product(a, a) * product(b, b));
    const want = pairs((q, r) =>
      runs.reduce(
        (sum, run) => sum + run.learningRate * cosine(run.queries[q].flat(), run.train[r].flat()),
        0
      )
    );
    expect(relativeError(gradientCosine(checkpoints).values, want)).toBeLessThan(1e-6);
  });

  it('a row without a gradient has no influence', () => {
    const silent = runs[0].train.map((row, i) => (i === 2 ? row.map((layer) => layer.map(() => 0)) : row));
    const checkpoint = { ...checkpoints[0], train: exactSketches(silent) };
    for (const scores of [tracIn([checkpoint]), gradientCosine([checkpoint]), dataInf(checkpoint, width)]) {
      expect(scores.values[2]).toBe(0);
      expect([...scores.values].every(Number.isFinite)).toBe(true);
    }
  });
});

it('representation similarity is the cosine of the representations', () => {
  const { train, queries } = runs[0];
  const want = pairs((q, r) => {
    const [a, b] = [queries[q].flat(), train[r].flat()];
    return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
  });
  expect(relativeError(representationSimilarity(checkpoints[0]).values, want)).toBeLessThan(1e-6);
});

describe('DataInf', () => {
  it('is the product of the query with the approximate inverse Hessian times the gradient', () => {
    const { train, queries } = runs[0];
    const want = pairs((q, k) => {
      let score = 0;
      for (let layer = 0; layer < layers; layer++) {
        const grads = train.map((row) => row[layer]);
        const v = queries[q][layer];
        const lambda = grads.reduce((sum, g) => sum + product(g, g) / width, 0) / rows / 10;
        // (lambda I + g g^T)^-1 v for each row, averaged: Sherman and Morrison written out on vectors.
        const inverse = v.map(() => 0);
        for (const g of grads) {
          const factor = product(v, g) / (lambda + product(g, g));
          v.forEach((x, i) => (inverse[i] += (x - factor * g[i]) / (rows * lambda)));
        }
        score += product(inverse, grads[k]);
      }
      return score;
    });
    expect(relativeError(dataInf(checkpoints[0], width).values, want)).toBeLessThan(1e-6);
  });

  it("equals the authors' published code, whose sign is the opposite", () => {
    const path = 'tests/goldens/influence/data-inf.json';
    const golden = JSON.parse(readFileSync(path, 'utf8')) as {
      train: Gradients;
      queries: Gradients;
      scores: number[][];
    };
    const checkpoint = {
      learningRate: 1,
      train: exactSketches(golden.train),
      queries: exactSketches(golden.queries)
    };
    const got = dataInf(checkpoint, golden.train[0][0].length).values;
    expect(
      relativeError(
        got,
        golden.scores.flat().map((score) => -score)
      )
    ).toBeLessThan(1e-5);
  });
});
