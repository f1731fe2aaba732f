import { TabtuneError } from '../../../errors';
import type { Binding, Params } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Dtype, Tensor } from '../../plan/tensor';

/** Heads, widths or tensor sizes of an attention that cannot be. */
export class AttentionShapeError extends TabtuneError {}

/** What forward and backward of one attention layer share. */
export interface AttentionShape {
  /** Capacity in token rows (N). Live rows are `step.tokens`. */
  readonly tokens: number;
  /** Query heads (H). */
  readonly heads: number;
  /** Key and value heads (KV); H must be a multiple of it. Query head h reads key head floor(h * KV / H). */
  readonly kvHeads: number;
  /** Width of a head (D); even, and fastest when a multiple of 8. */
  readonly headDim: number;
  /** A query sees keys less than this many rows back; 0: all of them. */
  readonly window: number;
  /** Factor on q·k; 1/sqrt(headDim) when absent. */
  readonly scale?: number;
  readonly style: Style;
}

/** log2(e): scores are kept in base 2, because exp2 is what hardware has. */
export const log2e = Math.LOG2E;

/** Score of a masked pair, and the running maximum before any key. Their difference underflows exp2 to 0, not to NaN. */
export const maskedScore = '-2e30';
export const noMaximum = '-1e30';

/** @throws AttentionShapeError */
export function checkShape(shape: AttentionShape): void {
  const { tokens, heads, kvHeads, headDim } = shape;
  if (headDim < 2 || headDim % 2 !== 0) {
    throw new AttentionShapeError(
      `Attention heads of width ${headDim}: rotary embeddings need an even width.`,
      {
        details: { headDim }
      }
    );
  }
  if (kvHeads < 1 || heads % kvHeads !== 0) {
    throw new AttentionShapeError(
      `${heads} query heads cannot share ${kvHeads} key heads: the first must be a multiple of the second.`,
      { details: { heads, kvHeads } }
    );
  }
  if (tokens < 1) throw new AttentionShapeError('Attention over no tokens.', { details: { tokens } });
}

/** @throws AttentionShapeError when a tensor is shorter than the shape says */
export function checkLength(tensor: Tensor, length: number): void {
  if (tensor.length >= length) return;
  throw new AttentionShapeError(
    `The tensor ${tensor.label} has ${tensor.length} elements, attention needs ${length}.`,
    { details: { tensor: tensor.label, length: tensor.length, needed: length } }
  );
}

/** How head rows are cut into WGSL vectors. */
export interface Vector {
  /** Elements of a vector: 4, 2 or 1. */
  readonly width: 1 | 2 | 4;
  /** Vectors in a head row. */
  readonly perHead: number;
  /** The WGSL type that arithmetic runs in. */
  readonly type: string;
  /** The WGSL element type of a storage array of `dtype`. */
  element(dtype: Dtype): string;
  /** WGSL that loads a vector as f32. */
  load(name: string, index: string, dtype: Dtype): string;
  /** WGSL of the inner product of two f32 vectors. */
  dot(a: string, b: string): string;
  /** WGSL that stores an f32 vector. */
  store(name: string, index: string, value: string, dtype: Dtype): string;
}

/** The widest vector that divides half a head, so that a rotary pair is the same component of two vectors. */
export function headVector(headDim: number): Vector {
  const width = headDim % 8 === 0 ? 4 : headDim % 4 === 0 ? 2 : 1;
  const typed = (scalar: string) => (width === 1 ? scalar : `vec${width}<${scalar}>`);
  return {
    width,
    perHead: headDim / width,
    type: typed('f32'),
    element: (dtype) => typed(dtype),
    load: (name, index, dtype) =>
      dtype === 'f32' ? `${name}[${index}]` : `${typed('f32')}(${name}[${index}])`,
    dot: (a, b) => (width === 1 ? `${a} * ${b}` : `dot(${a}, ${b})`),
    store: (name, index, value, dtype) =>
      `${name}[${index}] = ${dtype === 'f32' ? value : `${typed(dtype)}(${value})`};`
  };
}

/**
 * Vectors that a serial kernel keeps room for in a head row: a power of two, so that heads of similar width share one text and
 * with it a compiled pipeline. The width itself is `params.perHead`.
 */
export function roomPerHead(vector: Vector): number {
  return Math.max(8, 2 ** Math.ceil(Math.log2(vector.perHead)));
}

export function vectorBinding(
  name: string,
  tensor: Tensor,
  access: Binding['access'],
  vector: Vector
): Binding {
  return { name, tensor, access, element: vector.element(tensor.dtype) };
}

/** Binding of the rotary table: as many (cosine, sine) pairs a load as fit. */
export function ropeBinding(tensor: Tensor, vector: Vector): Binding {
  return { name: 'rope', tensor, access: 'read', element: vector.width === 1 ? 'vec2<f32>' : 'vec4<f32>' };
}

/**
 * WGSL that turns a pair of finished gradient vectors `a`, `b` back by the inverse rotary embedding and stores it: the layer rotated its
 * queries and keys in place, and their gradients are wanted before the rotation.
 * @param row WGSL of the token row
 * @param d WGSL of the vector's number in the first half of the head
 * @param at WGSL index of the row's first vector in `dQkv`
 */
export function storeTurnedBack(v: Vector, row: string, d: string, at: string): string {
  const [load, cosine, sine] = {
    1: [`let turn = rope[${row} * (params.perHead / 2u) + ${d}];`, 'turn.x', 'turn.y'],
    2: [`let turn = rope[${row} * (params.perHead / 2u) + ${d}];`, 'turn.xz', 'turn.yw'],
    4: [
      `let turn_at = ${row} * params.perHead + ${d} * 2u; let turn = rope[turn_at]; let turn_2 = rope[turn_at + 1u];`,
      'vec4<f32>(turn.xz, turn_2.xz)',
      'vec4<f32>(turn.yw, turn_2.yw)'
    ]
  }[v.width] as [string, string, string];
  return /* wgsl */ `
      ${load}
      let cosine = ${cosine};
      let sine = ${sine};
      dQkv[${at} + ${d}] = a * cosine + b * sine;
      dQkv[${at} + ${d} + params.perHead / 2u] = b * cosine - a * sine;`;
}

export function u32(value: number): Params[string] {
  return { u32: value };
}

export function f32(value: number): Params[string] {
  return { f32: value };
}

/** Pairs (query, key) that causal attention computes on full shapes: half of the square, less what the window hides. */
export function causalPairs(tokens: number, window: number): number {
  const reach = window > 0 ? Math.min(window, tokens) : tokens;
  return (reach * (reach + 1)) / 2 + (tokens - reach) * reach;
}
