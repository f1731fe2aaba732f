import type { Adapter } from '../formats/peft';

/**
 * How far a repeated run may be from the claimed one, as the Frobenius norm of the difference over that of the claimed
 * adapter. The same build on the same device gives the same bits. Another driver rounds otherwise: after 33 steps of the
 * starter, lavapipe and SwiftShader are 9e-7 apart (after ten, 8e-7). Other inputs move more: one of 264 answers changed,
 * 0.03 after the same 33 steps; one row less, 0.6 after all 99; another seed, 1.4. This lies between, nearer to the least
 * change of inputs than to rounding, since GPUs that add in another order were not measured.
 */
export const adapterTolerance = 0.005;

/** Tensors that are named where adapters differ. */
const namedTensors = 5;

export interface AdapterDifference {
  /** ||found - claimed|| / ||claimed|| over all values; Infinity where a tensor is missing or of another shape. */
  readonly difference: number;
  /** The tensors that differ most, most first, each by its own norm; none that are equal. */
  readonly tensors: readonly { readonly name: string; readonly difference: number }[];
}

/** Compares two adapters value by value. */
export function compareAdapters(claimed: Adapter, found: Adapter): AdapterDifference {
  let [square, norm] = [0, 0];
  const tensors: { name: string; difference: number }[] = [];
  for (const name of new Set([...claimed.tensors.keys(), ...found.tensors.keys()])) {
    const [a, b] = [claimed.tensors.get(name), found.tensors.get(name)];
    if (!a || !b || a.data.length !== b.data.length) {
      tensors.push({ name, difference: Infinity });
      square = Infinity;
      continue;
    }
    const sums = squaresOf(a.data, b.data);
    square += sums.difference;
    norm += sums.claimed;
    if (sums.difference > 0) tensors.push({ name, difference: relative(sums.difference, sums.claimed) });
  }
  return {
    difference: relative(square, norm),
    tensors: tensors.sort((a, b) => b.difference - a.difference).slice(0, namedTensors)
  };
}

function squaresOf(claimed: Float32Array, found: Float32Array): { difference: number; claimed: number } {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < claimed.length; i++) {
    difference += (found[i] - claimed[i]) ** 2;
    norm += claimed[i] ** 2;
  }
  return { difference, claimed: norm };
}

function relative(square: number, norm: number): number {
  if (Number.isNaN(square) || Number.isNaN(norm)) return Infinity;
  return square === 0 ? 0 : Math.sqrt(square / norm);
}
