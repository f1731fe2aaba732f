import type { Kernel, Params } from '../../plan/kernel';
import type { Tensor } from '../../plan/tensor';
import { foldGrid } from '../unroll';
import {
  backwardKeyValueCooperativeText,
  backwardQueryCooperativeText,
  keyValueTiling
} from './backward-cooperative';
import { backwardKeyValueSerialText, backwardQuerySerialText } from './backward-serial';
import { canDecode, decodeText } from './decode';
import { forwardCooperativeText } from './forward-cooperative';
import { forwardSerialText, type ForwardText, type SerialTile } from './forward-serial';
import {
  causalPairs,
  checkLength,
  checkShape,
  f32,
  headVector,
  log2e,
  ropeBinding,
  u32,
  vectorBinding,
  type AttentionShape
} from './shape';
import { isCooperative, tiling, tilingParams, type Tiling } from './tiles';

export { AttentionShapeError, type AttentionShape } from './shape';

/** Arguments of {@link attentionForward}. Strides and offsets count elements and must be multiples of the vector width. */
export interface AttentionForwardArgs extends AttentionShape {
  /** Rotated queries, f32 or f16: head h of row n starts at `qOffset + n * qStride + h * headDim`. */
  readonly q: Tensor;
  readonly qStride: number;
  readonly qOffset: number;
  /** Rotated keys, and values, f32 or f16: `kOffset` (`vOffset`) `+ row * kvStride + kvHead * headDim`. May be the tensor `q`. */
  readonly kv: Tensor;
  readonly kvStride: number;
  readonly kOffset: number;
  readonly vOffset: number;
  /** Rows that `kv` holds: `tokens` in training, the length of the cache in generation. */
  readonly kvRows: number;
  /** u32 [tokens, 2], first row and end of each row's sequence. Read unless `cached`. */
  readonly spans: Tensor;
  /** f32 or f16 [tokens, heads * headDim]. */
  readonly out: Tensor;
  /** f32 [tokens, heads]: natural logarithm of the sum of exponentials of a row's scores; what the backward needs of the softmax. */
  readonly lse?: Tensor;
  /** Query row m stands at position `step.past + m` and sees the cache's rows 0 … `step.past + m`. */
  readonly cached?: boolean;
}

/** Arguments of both backward kernels. `qkv` is [tokens, (heads + 2 kvHeads) * headDim] with rotated queries and keys. */
export interface AttentionBackwardArgs extends AttentionShape {
  /** f32 or f16. */
  readonly qkv: Tensor;
  /** f32 [tokens, heads * headDim], gradient of the attention's output. */
  readonly dOut: Tensor;
  /** f32 [tokens, heads], from the forward. */
  readonly lse: Tensor;
  /** u32 [tokens, 2]. */
  readonly spans: Tensor;
  /** f32 [tokens, headDim / 2, 2]: cosine and sine per row and frequency. */
  readonly rope: Tensor;
  /** f32, of qkv's shape: gradient with respect to the projections before the rotation. */
  readonly dQkv: Tensor;
  /** f32 [tokens, heads]: sum over a head's columns of dOut * out. The query kernel writes it, the key-value kernel reads it. */
  readonly delta: Tensor;
}

/**
 * Causal grouped-query attention without a score matrix in memory: out = softmax(scale q kᵀ) v, over the keys of a row's own
 * sequence, not later than the row, at most `window` rows back. f32 arithmetic.
 * Source: Dao et al. 2022, "FlashAttention"; Dao 2023, "FlashAttention-2".
 * @throws AttentionShapeError
 */
export function attentionForward(args: AttentionForwardArgs): Kernel {
  checkShape(args);
  const { tokens, heads, kvHeads, headDim, q, kv, out, lse } = args;
  const cached = args.cached ?? false;
  const v = headVector(headDim);
  checkLength(q, args.qOffset + (tokens - 1) * args.qStride + heads * headDim);
  checkLength(
    kv,
    Math.max(args.kOffset, args.vOffset) + (args.kvRows - 1) * args.kvStride + kvHeads * headDim
  );
  checkLength(out, tokens * heads * headDim);
  const text = { headDim, q: q.dtype, kv: kv.dtype, out: out.dtype, cached, keepsLse: lse !== undefined };
  const form = forwardForm(args, text);
  const pairs = cached
    ? causalPairs(args.kvRows, args.window) * (tokens / args.kvRows)
    : causalPairs(tokens, args.window);
  return {
    label: `attention.forward.${form.name}.${headDim}`,
    body: form.body,
    bindings: [
      vectorBinding('q', q, 'read', v),
      vectorBinding('kv', kv, 'read', v),
      ...(cached ? [] : [{ name: 'spans', tensor: args.spans, access: 'read' as const }]),
      vectorBinding('out', out, 'write', v),
      ...(lse ? [{ name: 'lse', tensor: lse, access: 'write' as const }] : [])
    ],
    params: {
      heads: u32(heads),
      perHead: u32(v.perHead),
      group: u32(heads / kvHeads),
      window: u32(args.window),
      qStride: u32(args.qStride / v.width),
      qOffset: u32(args.qOffset / v.width),
      kvStride: u32(args.kvStride / v.width),
      kOffset: u32(args.kOffset / v.width),
      vOffset: u32(args.vOffset / v.width),
      scale: f32(scaleOf(args) * log2e),
      ...form.params
    },
    workgroups: foldGrid(form.workgroups),
    flops: pairs * heads * headDim * 4
  };
}

/**
 * Gradient of the queries, and `delta`. Runs before {@link attentionBackwardKeyValue}.
 * @param args `out` is the forward's output, f32 or f16 [tokens, heads * headDim]
 * @throws AttentionShapeError
 */
export function attentionBackwardQuery(args: AttentionBackwardArgs & { readonly out: Tensor }): Kernel {
  const v = checkBackward(args);
  checkLength(args.out, args.tokens * args.heads * args.headDim);
  const text = { headDim: args.headDim, qkv: args.qkv.dtype, out: args.out.dtype };
  const form = isTiled(args)
    ? tiledForm(
        (t) => backwardQueryCooperativeText(text, t),
        tiling(args.headDim, 16),
        args.tokens,
        args.heads
      )
    : serialForm((tile) => backwardQuerySerialText(text, tile), args.tokens, args.heads);
  return {
    label: `attention.backwardQuery.${form.name}.${args.headDim}`,
    body: form.body,
    bindings: [
      vectorBinding('qkv', args.qkv, 'read', v),
      vectorBinding('out', args.out, 'read', v),
      vectorBinding('dOut', args.dOut, 'read', v),
      { name: 'lse', tensor: args.lse, access: 'read' },
      { name: 'spans', tensor: args.spans, access: 'read' },
      ropeBinding(args.rope, v),
      vectorBinding('dQkv', args.dQkv, 'write', v),
      { name: 'delta', tensor: args.delta, access: 'write' }
    ],
    params: { ...backwardParams(args), ...form.params },
    workgroups: foldGrid(form.workgroups),
    flops: causalPairs(args.tokens, args.window) * args.heads * args.headDim * 6
  };
}

/**
 * Gradients of keys and values, summed over the query heads that share them. Needs `delta`.
 * @throws AttentionShapeError
 */
export function attentionBackwardKeyValue(args: AttentionBackwardArgs): Kernel {
  const v = checkBackward(args);
  const text = { headDim: args.headDim, qkv: args.qkv.dtype };
  const form = isTiled(args)
    ? tiledForm(
        (t) => backwardKeyValueCooperativeText(text, t),
        keyValueTiling(args.headDim),
        args.tokens,
        args.kvHeads
      )
    : serialForm((tile) => backwardKeyValueSerialText(text, tile), args.tokens, args.kvHeads);
  return {
    label: `attention.backwardKeyValue.${form.name}.${args.headDim}`,
    body: form.body,
    bindings: [
      vectorBinding('qkv', args.qkv, 'read', v),
      vectorBinding('dOut', args.dOut, 'read', v),
      { name: 'lse', tensor: args.lse, access: 'read' },
      { name: 'delta', tensor: args.delta, access: 'read' },
      { name: 'spans', tensor: args.spans, access: 'read' },
      ropeBinding(args.rope, v),
      vectorBinding('dQkv', args.dQkv, 'write', v)
    ],
    params: { ...backwardParams(args), ...form.params },
    workgroups: foldGrid(form.workgroups),
    flops: causalPairs(args.tokens, args.window) * args.heads * args.headDim * 8
  };
}

function checkBackward(args: AttentionBackwardArgs) {
  checkShape(args);
  const { tokens, heads, kvHeads, headDim } = args;
  const width = (heads + 2 * kvHeads) * headDim;
  checkLength(args.qkv, tokens * width);
  checkLength(args.dQkv, tokens * width);
  checkLength(args.dOut, tokens * heads * headDim);
  checkLength(args.lse, tokens * heads);
  checkLength(args.delta, tokens * heads);
  checkLength(args.spans, tokens * 2);
  checkLength(args.rope, tokens * headDim);
  return headVector(headDim);
}

function backwardParams(args: AttentionBackwardArgs): Kernel['params'] {
  const { heads, kvHeads } = args;
  const v = headVector(args.headDim);
  return {
    heads: u32(heads),
    perHead: u32(v.perHead),
    kvHeads: u32(kvHeads),
    group: u32(heads / kvHeads),
    window: u32(args.window),
    stride: u32((heads + 2 * kvHeads) * v.perHead),
    kOffset: u32(heads * v.perHead),
    kvWidth: u32(kvHeads * v.perHead),
    scale: f32(scaleOf(args)),
    scale2: f32(scaleOf(args) * log2e)
  };
}

function scaleOf(shape: AttentionShape): number {
  return shape.scale ?? 1 / Math.sqrt(shape.headDim);
}

/** A kernel's text in one of its forms, and how many workgroups it takes. */
interface Form {
  readonly name: string;
  readonly body: string;
  readonly workgroups: number;
  /** Constants of this form only. */
  readonly params?: Params;
}

function forwardForm(args: AttentionForwardArgs, text: ForwardText): Form {
  const { tokens, heads, headDim, style } = args;
  if (style === 'cooperative' && tokens === 1 && text.cached && canDecode(headDim)) {
    return { name: 'decode', body: decodeText(text), workgroups: heads };
  }
  return isTiled(args)
    ? tiledForm((t) => forwardCooperativeText(text, t), tiling(headDim, 16), tokens, heads)
    : serialForm((tile) => forwardSerialText(text, tile), tokens, heads);
}

function isTiled(shape: AttentionShape): boolean {
  return shape.style === 'cooperative' && isCooperative(shape.headDim);
}

/** A workgroup for the rows that a tile owns. */
function tiledForm(body: (t: Tiling) => string, t: Tiling, tokens: number, heads: number): Form {
  return {
    name: 'cooperative',
    body: body(t),
    workgroups: Math.ceil(tokens / t.owned) * heads,
    params: tilingParams(t)
  };
}

/** An invocation for four rows (queries or keys) of a head: larger tiles are no faster on two cores and compile much longer. */
function serialForm(body: (tile: SerialTile) => string, tokens: number, heads: number): Form {
  const rows = tokens === 1 ? 1 : 4;
  const lanes = 4;
  const workgroups = Math.ceil((Math.ceil(tokens / rows) * heads) / lanes);
  return { name: 'serial', body: body({ rows, keys: 4, lanes }), workgroups };
}
