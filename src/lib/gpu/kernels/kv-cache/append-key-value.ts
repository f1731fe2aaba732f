import type { Kernel } from '../../plan/kernel';
import type { Style } from '../../plan/style';
import type { Tensor } from '../../plan/tensor';
import { builtins, ceilDiv, foldGrid, workgroupIndex } from '../unroll';

export interface AppendKeyValueOptions {
  /** Capacity of `qkv`, in rows. */
  readonly tokens: number;
  /** Rows of the cache. */
  readonly maxTokens: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** f32 or f16 [tokens, (heads + 2 * keyValueHeads) * headDim]: queries, keys and values, already rotated. */
  readonly qkv: Tensor;
  /** f32 or f16 [maxTokens, 2 * keyValueHeads * headDim]: keys, then values in one row. */
  readonly cache: Tensor;
  readonly style: Style;
}

/**
 * Copies keys and values of the live tokens behind those of the `step.past` tokens already in the cache.
 * Rows that would lie past the cache's end are dropped; whoever replays must not let it come to that.
 */
export function appendKeyValue(options: AppendKeyValueOptions): Kernel {
  const { tokens, maxTokens, heads, keyValueHeads, headDim, qkv, cache, style } = options;
  const lanes = style === 'serial' ? 32 : 128;
  const skipped = heads * headDim;
  const width = 2 * keyValueHeads * headDim;
  const size = skipped % 4 === 0 && width % 4 === 0 ? 4 : 1;
  const element = (tensor: Tensor) => (size === 4 ? `vec4<${tensor.dtype}>` : tensor.dtype);
  return {
    label: `kv-cache.append.${style}`,
    body: /* wgsl */ `
@compute @workgroup_size(${lanes})
fn main(${builtins}) {
  let index = ${workgroupIndex} * ${lanes}u + lane;
  let token = index / params.width;
  if (token >= min(params.tokens, step.tokens) || step.past + token >= params.maxTokens) { return; }
  let source = token * (params.skipped + params.width) + params.skipped + index % params.width;
  cache[step.past * params.width + index] = ${element(cache)}(qkv[source]);
}`,
    bindings: [
      { name: 'qkv', tensor: qkv, access: 'read', element: element(qkv) },
      { name: 'cache', tensor: cache, access: 'write', element: element(cache) }
    ],
    params: {
      tokens: { u32: tokens },
      maxTokens: { u32: maxTokens },
      skipped: { u32: skipped / size },
      width: { u32: width / size }
    },
    workgroups: foldGrid(ceilDiv((tokens * width) / size, lanes)),
    flops: 0
  };
}
