/** A causal attention as plain numbers; the float64 twin of the kernels. */
export interface AttentionProblem {
  readonly tokens: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly window: number;
  readonly scale: number;
  /** [tokens, 2]: first row and end of each row's sequence. */
  readonly spans: ArrayLike<number>;
}

/** Offset of head `head` of row `row` in qkv, where heads count over queries, then keys, then values. */
function qkvAt(p: AttentionProblem, row: number, head: number): number {
  return (row * (p.heads + 2 * p.kvHeads) + head) * p.headDim;
}

function keyHead(p: AttentionProblem, head: number): number {
  return p.heads + Math.floor((head * p.kvHeads) / p.heads);
}

/** First key that row `row` sees. */
function firstKey(p: AttentionProblem, row: number): number {
  return Math.max(p.spans[2 * row], p.window > 0 ? row - p.window + 1 : 0);
}

function dot(a: ArrayLike<number>, aAt: number, b: ArrayLike<number>, bAt: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aAt + i] * b[bAt + i];
  return sum;
}

/** @returns out [tokens, heads * headDim] and lse [tokens, heads] */
export function attentionForwardRef(
  p: AttentionProblem,
  qkv: ArrayLike<number>
): { out: Float64Array; lse: Float64Array } {
  const out = new Float64Array(p.tokens * p.heads * p.headDim);
  const lse = new Float64Array(p.tokens * p.heads);
  for (let row = 0; row < p.tokens; row++) {
    for (let head = 0; head < p.heads; head++) {
      const first = firstKey(p, row);
      const scores: number[] = [];
      for (let key = first; key <= row; key++) {
        scores.push(p.scale * dot(qkv, qkvAt(p, row, head), qkv, qkvAt(p, key, keyHead(p, head)), p.headDim));
      }
      const top = Math.max(...scores);
      const sum = scores.reduce((total, s) => total + Math.exp(s - top), 0);
      lse[row * p.heads + head] = top + Math.log(sum);
      scores.forEach((s, i) => {
        const weight = Math.exp(s - top) / sum;
        const at = qkvAt(p, first + i, keyHead(p, head) + p.kvHeads);
        for (let d = 0; d < p.headDim; d++)
          out[(row * p.heads + head) * p.headDim + d] += weight * qkv[at + d];
      });
    }
  }
  return { out, lse };
}

/**
 * Gradient with respect to the projections before the rotation.
 * @param rope [tokens, headDim / 2, 2], cosine and sine that queries and keys were rotated by
 * @returns dQkv of qkv's shape and delta [tokens, heads]
 */
export function attentionBackwardRef(
  p: AttentionProblem,
  qkv: ArrayLike<number>,
  dOut: ArrayLike<number>,
  rope: ArrayLike<number>
): { dQkv: Float64Array; delta: Float64Array } {
  const { out, lse } = attentionForwardRef(p, qkv);
  const dQkv = new Float64Array(p.tokens * (p.heads + 2 * p.kvHeads) * p.headDim);
  const delta = new Float64Array(p.tokens * p.heads);
  for (let row = 0; row < p.tokens; row++) {
    for (let head = 0; head < p.heads; head++) {
      const o = (row * p.heads + head) * p.headDim;
      const q = qkvAt(p, row, head);
      delta[row * p.heads + head] = dot(dOut, o, out, o, p.headDim);
      for (let key = firstKey(p, row); key <= row; key++) {
        const k = qkvAt(p, key, keyHead(p, head));
        const v = qkvAt(p, key, keyHead(p, head) + p.kvHeads);
        const weight = Math.exp(p.scale * dot(qkv, q, qkv, k, p.headDim) - lse[row * p.heads + head]);
        const dScore = p.scale * weight * (dot(dOut, o, qkv, v, p.headDim) - delta[row * p.heads + head]);
        for (let d = 0; d < p.headDim; d++) {
          dQkv[v + d] += weight * dOut[o + d];
          dQkv[q + d] += dScore * qkv[k + d];
          dQkv[k + d] += dScore * qkv[q + d];
        }
      }
    }
  }
  for (let row = 0; row < p.tokens; row++) {
    for (let head = 0; head < p.heads + p.kvHeads; head++) rotate(p, dQkv, row, head, rope, -1);
  }
  return { dQkv, delta };
}

/** Rotates one head of one row in place; direction -1 undoes direction 1. */
export function rotate(
  p: AttentionProblem,
  qkv: Float64Array,
  row: number,
  head: number,
  rope: ArrayLike<number>,
  direction: 1 | -1
): void {
  const half = p.headDim / 2;
  for (let i = 0; i < half; i++) {
    const at = qkvAt(p, row, head) + i;
    const cos = rope[(row * half + i) * 2];
    const sin = rope[(row * half + i) * 2 + 1] * direction;
    const [a, b] = [qkv[at], qkv[at + half]];
    qkv[at] = a * cos - b * sin;
    qkv[at + half] = b * cos + a * sin;
  }
}
