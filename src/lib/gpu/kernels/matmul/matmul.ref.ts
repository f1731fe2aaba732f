import { dropoutScale } from '../dropout';

/** Arguments of the float64 twin: what {@link MatmulArgs} names, as plain numbers. All matrices are row-major. */
export interface MatmulReference {
  rows: number;
  x: ArrayLike<number>;
  /** Stacked parts, [sum of part rows, columns]. */
  weight: ArrayLike<number>;
  partRows: readonly number[];
  columns: number;
  transposed: boolean;
  bias?: ArrayLike<number>;
  lora?: {
    projected: ArrayLike<number>;
    matrix: ArrayLike<number>;
    rank: number;
    scale: number;
    dropout?: { probability: number; stream: number; seed: number };
  };
}

/**
 * y = x · Wᵀ + bias + scale * projected · Bᵀ (part by part), or y = x · W + scale * projected · A.
 * @returns [rows, product columns] before any epilogue
 */
export function matmulReference(args: MatmulReference): Float64Array {
  const { rows, x, weight, partRows, columns, transposed, bias, lora } = args;
  const stacked = partRows.reduce((a, b) => a + b, 0);
  const inner = transposed ? stacked : columns;
  const width = transposed ? columns : stacked;
  const parts = partRows.length;
  const partOf = partRows.flatMap((count, p) => Array<number>(count).fill(p));
  const y = new Float64Array(rows * width);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < width; n++) {
      let sum = bias ? bias[n] : 0;
      for (let k = 0; k < inner; k++)
        sum += x[m * inner + k] * (transposed ? weight[k * columns + n] : weight[n * columns + k]);
      if (lora && !transposed) {
        for (let j = 0; j < lora.rank; j++) {
          sum +=
            lora.scale *
            lora.projected[m * parts * lora.rank + partOf[n] * lora.rank + j] *
            lora.matrix[n * lora.rank + j];
        }
      }
      if (lora && transposed) {
        for (let j = 0; j < parts * lora.rank; j++) {
          const d = lora.dropout;
          const mask = d
            ? dropoutScale(d.probability, d.seed, d.stream + Math.floor(j / lora.rank), m, n)
            : 1;
          sum += mask * lora.scale * lora.projected[m * parts * lora.rank + j] * lora.matrix[j * columns + n];
        }
      }
      y[m * width + n] = sum;
    }
  }
  return y;
}

/** Rotates the first `rotatedColumns` columns of [rows, width], head by head; `rope` is [rows, headDim / 2, 2]. */
export function ropeReference(
  y: Float64Array,
  rows: number,
  width: number,
  rotatedColumns: number,
  headDim: number,
  rope: ArrayLike<number>
): Float64Array {
  const out = y.slice();
  const half = headDim / 2;
  for (let m = 0; m < rows; m++) {
    for (let head = 0; head < rotatedColumns / headDim; head++) {
      for (let i = 0; i < half; i++) {
        const at = m * width + head * headDim + i;
        const cosine = rope[(m * half + i) * 2];
        const sine = rope[(m * half + i) * 2 + 1];
        out[at] = y[at] * cosine - y[at + half] * sine;
        out[at + half] = y[at + half] * cosine + y[at] * sine;
      }
    }
  }
  return out;
}

/** silu(gate) * up of [rows, 2 * width] = [gate | up]. */
export function swigluReference(gateUp: ArrayLike<number>, rows: number, width: number): Float64Array {
  const out = new Float64Array(rows * width);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < width; n++) {
      const gate = gateUp[m * 2 * width + n];
      out[m * width + n] = (gate / (1 + Math.exp(-gate))) * gateUp[m * 2 * width + width + n];
    }
  }
  return out;
}

/** Gradient of {@link swigluReference} with respect to [gate | up]. */
export function swigluBackwardReference(
  gateUp: ArrayLike<number>,
  dOut: ArrayLike<number>,
  rows: number,
  width: number
): Float64Array {
  const out = new Float64Array(rows * 2 * width);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < width; n++) {
      const gate = gateUp[m * 2 * width + n];
      const up = gateUp[m * 2 * width + width + n];
      const sigmoid = 1 / (1 + Math.exp(-gate));
      const d = dOut[m * width + n];
      out[m * 2 * width + n] = d * up * sigmoid * (1 + gate * (1 - sigmoid));
      out[m * 2 * width + width + n] = d * gate * sigmoid;
    }
  }
  return out;
}
