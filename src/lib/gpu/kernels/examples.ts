import type { Tensor } from '../plan/tensor';

/** Where the examples of a batch lie in it, for kernels that keep them apart. */
export interface Examples {
  /** u32 [count, 4]: first token and end, first trained token and end. An example without tokens is none: nothing is written for it. */
  readonly table: Tensor;
  readonly count: number;
}

/**
 * WGSL that leaves where there is no example of index `example`, and else reads its `example_span`. Needs the constant
 * `params.examples` and the table bound as `examples`.
 */
export const exampleText = /* wgsl */ `if (example >= params.examples) { return; }
  let example_span = vec4u(examples[4u * example], examples[4u * example + 1u], examples[4u * example + 2u], examples[4u * example + 3u]);
  if (example_span.x >= example_span.y) { return; }`;
