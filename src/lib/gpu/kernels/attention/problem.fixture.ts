import { type AttentionProblem, rotate } from './attention.ref';

/** What a test of attention starts from. Values are exact in f16 when asked, so that twin and kernel read the same numbers. */
export interface AttentionData {
  readonly problem: AttentionProblem;
  /** [tokens, (heads + 2 kvHeads) * headDim]; queries and keys rotated. */
  readonly qkv: Float64Array;
  readonly dOut: Float64Array;
  readonly rope: Float64Array;
}

/** A generator of numbers in [-1, 1) (mulberry32): the same on every machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** Random values for sequences of the given lengths, packed one behind another. */
export function randomProblem(
  shape: Pick<AttentionProblem, 'heads' | 'kvHeads' | 'headDim'> & Partial<AttentionProblem>,
  lengths: readonly number[],
  round: (value: number) => number = Math.fround
): AttentionData {
  const tokens = lengths.reduce((a, b) => a + b, 0);
  const spans: number[] = [];
  for (const length of lengths) {
    const first = spans.length / 2;
    for (let i = 0; i < length; i++) spans.push(first, first + length);
  }
  const problem: AttentionProblem = {
    window: 0,
    scale: 1 / Math.sqrt(shape.headDim),
    tokens,
    spans,
    ...shape
  };
  const random = randomNumbers(tokens * 1000 + shape.headDim);
  const fill = (length: number, scale: number) => Float64Array.from({ length }, () => random() * scale);
  const qkv = fill(tokens * (problem.heads + 2 * problem.kvHeads) * problem.headDim, 2);
  const half = problem.headDim / 2;
  const rope = new Float64Array(tokens * half * 2);
  for (let row = 0; row < tokens; row++) {
    for (let i = 0; i < half; i++) {
      const angle = (row - spans[2 * row]) * 10000 ** (-i / half);
      rope.set([Math.cos(angle), Math.sin(angle)], (row * half + i) * 2);
    }
    for (let head = 0; head < problem.heads + problem.kvHeads; head++)
      rotate(problem, qkv, row, head, rope, 1);
  }
  const dOut = fill(tokens * problem.heads * problem.headDim, 1);
  return { problem, qkv: qkv.map(round), dOut: dOut.map(Math.fround), rope };
}
