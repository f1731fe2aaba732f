import { TabtuneError } from '../../errors';
import { Random } from '../random';

/** Weights that make no mixture. */
export class MixError extends TabtuneError {}

/** One of several sets of rows that a run mixes. */
export interface MixSource {
  /** Rows that may be used: of a Datanet's version, those that its policy lets be trained on. */
  rows: number;
  /** How much of the mixture is to be from it, against the others' weights. 0 leaves it out. */
  weight: number;
}

/** A row of the mixture: which set, and which of its rows. */
export interface MixedRows {
  /** [size] Place of the set among the sources. */
  sources: Uint16Array;
  /** [size] Place of the row in its set. */
  rows: Uint32Array;
}

/** Purpose of the seed, beside those of `order.ts` and `split.ts`. */
const MIX_STREAM = 4;

/**
 * Rows of each source in one epoch. Of n rows in all, source i with weight w_i gives n · w_i / Σw, rounded by largest
 * remainders so that the counts sum to n. By default n is the most that repeats no row: min over sources of
 * rows_i · Σw / w_i.
 * @param size n. More than a source has are taken by going through its rows again.
 */
export function mixCounts(sources: readonly MixSource[], size = largestWithoutRepeats(sources)): number[] {
  requireMixture(sources, size);
  const total = sources.reduce((sum, { weight }) => sum + weight, 0);
  const exact = sources.map(({ weight }) => (size * weight) / total);
  const counts = exact.map(Math.floor);
  const missing = size - counts.reduce((sum, count) => sum + count, 0);
  // Largest remainder first; of equals, the source that comes first.
  const order = exact
    .map((value, i) => ({ i, rest: value - counts[i] }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of order.slice(0, missing)) counts[i] += 1;
  return counts;
}

/**
 * One epoch of several sets of rows, in an order drawn from the seed: exactly `mixCounts` rows of each. A source gives its
 * rows in a shuffled order, epoch after epoch where the last one stopped: each is used once before any is used again.
 * @param epoch from 0. What came before does not need to be drawn again.
 */
export function mixEpoch(
  sources: readonly MixSource[],
  options: { seed: number; epoch: number; size?: number }
): MixedRows {
  const { seed, epoch, size = largestWithoutRepeats(sources) } = options;
  const counts = mixCounts(sources, size);
  const mixed: MixedRows = { sources: new Uint16Array(size), rows: new Uint32Array(size) };
  const places = new Random(seed, MIX_STREAM, epoch).shuffle(Uint32Array.from({ length: size }, (_, i) => i));
  let place = 0;
  for (const [source, count] of counts.entries()) {
    const draw = rounds(sources[source].rows, seed, source, epoch * count);
    for (let i = 0; i < count; i += 1, place += 1) {
      mixed.sources[places[place]] = source;
      mixed.rows[places[place]] = draw();
    }
  }
  return mixed;
}

/** Rows of one source, from the `from`-th of its endless sequence: round after round, each a fresh shuffle. */
function rounds(count: number, seed: number, source: number, from: number): () => number {
  let round = -1;
  let order = new Uint32Array(0);
  let at = from;
  return () => {
    const wanted = Math.floor(at / count);
    if (wanted !== round) {
      round = wanted;
      order = new Uint32Array(count).map((_, i) => i);
      new Random(seed, MIX_STREAM, source, round).shuffle(order);
    }
    at += 1;
    return order[(at - 1) % count];
  };
}

function largestWithoutRepeats(sources: readonly MixSource[]): number {
  const total = sources.reduce((sum, { weight }) => sum + weight, 0);
  const used = sources.filter(({ weight }) => weight > 0);
  return Math.floor(Math.min(...used.map(({ rows, weight }) => (rows * total) / weight)));
}

function requireMixture(sources: readonly MixSource[], size: number): void {
  const bad = sources.find(
    ({ weight, rows }) => !(weight >= 0) || !Number.isFinite(weight) || (weight > 0 && rows < 1)
  );
  if (bad || !sources.some(({ weight }) => weight > 0)) {
    throw new MixError(
      'Cannot mix these Datanets: each weight must be a number from 0, one of them more, and none of an empty Datanet.',
      { details: { sources: sources.map(({ rows, weight }) => ({ rows, weight })) } }
    );
  }
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new MixError(
      `Cannot mix ${size} rows: a mixture has at least one. Give smaller sets more weight, or more rows.`,
      {
        details: { size }
      }
    );
  }
}
