import { dropoutScale } from '../dropout';

/** x / rms(x) * weight, row by row of [rows, width]. */
export function rmsNormReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  rows: number,
  epsilon: number
): Float64Array {
  const width = weight.length;
  const out = new Float64Array(rows * width);
  for (let m = 0; m < rows; m++) {
    let square = 0;
    for (let k = 0; k < width; k++) square += x[m * width + k] ** 2;
    const inverse = 1 / Math.sqrt(square / width + epsilon);
    for (let k = 0; k < width; k++) out[m * width + k] = x[m * width + k] * inverse * weight[k];
  }
  return out;
}

/** dL/dx of {@link rmsNormReference} for dL/d out. */
export function rmsNormBackwardReference(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  dOut: ArrayLike<number>,
  rows: number,
  epsilon: number
): Float64Array {
  const width = weight.length;
  const dx = new Float64Array(rows * width);
  for (let m = 0; m < rows; m++) {
    let square = 0;
    for (let k = 0; k < width; k++) square += x[m * width + k] ** 2;
    const inverse = 1 / Math.sqrt(square / width + epsilon);
    let mean = 0;
    for (let k = 0; k < width; k++)
      mean += (weight[k] * dOut[m * width + k] * x[m * width + k] * inverse) / width;
    for (let k = 0; k < width; k++)
      dx[m * width + k] = inverse * (weight[k] * dOut[m * width + k] - x[m * width + k] * inverse * mean);
  }
  return dx;
}

/** x · Aᵀ for A [columns, width], with one dropout mask per `rank` columns. */
export function projectRowsReference(
  x: ArrayLike<number>,
  a: ArrayLike<number>,
  rows: number,
  width: number,
  columns: number,
  dropout?: { probability: number; seed: number; stream: number; rank: number }
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let m = 0; m < rows; m++) {
    for (let j = 0; j < columns; j++) {
      for (let k = 0; k < width; k++) {
        const mask = dropout
          ? dropoutScale(
              dropout.probability,
              dropout.seed,
              dropout.stream + Math.floor(j / dropout.rank),
              m,
              k
            )
          : 1;
        out[m * columns + j] += mask * x[m * width + k] * a[j * width + k];
      }
    }
  }
  return out;
}

/** Part p of x (columns of part p) · B's rows of part p, for B [sum of partRows, rank]; out [rows, parts * rank]. */
export function projectColumnsReference(
  x: ArrayLike<number>,
  b: ArrayLike<number>,
  rows: number,
  partRows: readonly number[],
  rank: number
): Float64Array {
  const width = partRows.reduce((s, r) => s + r, 0);
  const columns = partRows.length * rank;
  const out = new Float64Array(rows * columns);
  for (let m = 0; m < rows; m++) {
    let start = 0;
    partRows.forEach((count, p) => {
      for (let k = start; k < start + count; k++) {
        for (let j = 0; j < rank; j++) out[m * columns + p * rank + j] += x[m * width + k] * b[k * rank + j];
      }
      start += count;
    });
  }
  return out;
}

/** leftᵀ · right over tokens: [left columns, right columns]. */
export function outerReference(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  rows: number
): Float64Array {
  const p = left.length / rows;
  const q = right.length / rows;
  const out = new Float64Array(p * q);
  for (let m = 0; m < rows; m++)
    for (let i = 0; i < p; i++)
      for (let j = 0; j < q; j++) out[i * q + j] += left[m * p + i] * right[m * q + j];
  return out;
}
