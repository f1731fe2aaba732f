/** The twins' own backwards against finite differences: what the kernels are compared with must itself be right. */
import { expect, test } from 'vitest';
import { normals } from '../../../../../tests/support/numbers';
import { matmulReference, ropeReference, swigluBackwardReference, swigluReference } from './matmul.ref';

/** Largest difference between an analytic gradient and central differences of `loss` at `at`. */
function gap(loss: (x: Float64Array) => number, at: Float64Array, gradient: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < at.length; i++) {
    const [up, down] = [at.slice(), at.slice()];
    up[i] += 1e-5;
    down[i] -= 1e-5;
    worst = Math.max(worst, Math.abs((loss(up) - loss(down)) / 2e-5 - gradient[i]));
  }
  return worst;
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);

test('SwiGLU', () => {
  const [rows, width] = [3, 5];
  const gateUp = Float64Array.from(normals(1, rows * 2 * width));
  const dOut = normals(2, rows * width);
  const loss = (x: Float64Array) => dot(swigluReference(x, rows, width), dOut);
  expect(gap(loss, gateUp, swigluBackwardReference(gateUp, dOut, rows, width))).toBeLessThan(1e-8);
});

test('the product with frozen weights and a low-rank term', () => {
  const [rows, columns, partRows, rank] = [2, 6, [4, 3], 2];
  const stacked = 7;
  const x = Float64Array.from(normals(1, rows * columns));
  const weight = normals(2, stacked * columns);
  const a = normals(3, 2 * rank * columns);
  const b = normals(4, stacked * rank);
  const dy = normals(5, rows * stacked);
  const project = (at: ArrayLike<number>) =>
    matmulReference({ rows, x: at, weight: a, partRows: [2 * rank], columns, transposed: false });
  const loss = (at: Float64Array) =>
    dot(
      matmulReference({
        rows,
        x: at,
        weight,
        partRows,
        columns,
        transposed: false,
        lora: { projected: project(at), matrix: b, rank, scale: 0.5 }
      }),
      dy
    );
  // v = dy · B, part by part.
  const v = new Float64Array(rows * 2 * rank);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < stacked; n++) {
      for (let j = 0; j < rank; j++)
        v[m * 2 * rank + (n < partRows[0] ? 0 : rank) + j] += dy[m * stacked + n] * b[n * rank + j];
    }
  }
  const dx = matmulReference({
    rows,
    x: dy,
    weight,
    partRows,
    columns,
    transposed: true,
    lora: { projected: v, matrix: a, rank, scale: 0.5 }
  });
  expect(gap(loss, x, dx)).toBeLessThan(1e-8);
});

test('the rotation, whose backward is the rotation by the opposite angle', () => {
  const [rows, headDim] = [2, 6];
  const angles = normals(1, (rows * headDim) / 2);
  const table = (sign: number) =>
    Float64Array.from({ length: rows * headDim }, (_, i) =>
      i % 2 ? sign * Math.sin(angles[i >> 1]) : Math.cos(angles[i >> 1])
    );
  const y = Float64Array.from(normals(2, rows * headDim));
  const dOut = Float64Array.from(normals(3, rows * headDim));
  const loss = (at: Float64Array) => dot(ropeReference(at, rows, headDim, headDim, headDim, table(1)), dOut);
  expect(gap(loss, y, ropeReference(dOut, rows, headDim, headDim, headDim, table(-1)))).toBeLessThan(1e-8);
});
