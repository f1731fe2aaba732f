import type { DecoderConfig } from './config';
import type { Projection } from './weights';

/** Width of the stacked query, key and value rows. */
export function qkvWidth(config: DecoderConfig): number {
  return (config.heads + 2 * config.kvHeads) * config.headDim;
}

/** [out, in] of a projection's weight. */
export function projectionShape(config: DecoderConfig, projection: Projection): [number, number] {
  const { hidden, heads, kvHeads, headDim, intermediate } = config;
  switch (projection) {
    case 'q_proj':
      return [heads * headDim, hidden];
    case 'k_proj':
    case 'v_proj':
      return [kvHeads * headDim, hidden];
    case 'o_proj':
      return [hidden, heads * headDim];
    case 'gate_proj':
    case 'up_proj':
      return [intermediate, hidden];
    case 'down_proj':
      return [hidden, intermediate];
  }
}
