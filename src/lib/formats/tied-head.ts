import type { WeightSource } from './weights';

const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head.weight';

/**
 * Whether a model whose config ties the head to the embedding stores a head of its own all the same. transformers 5 keeps
 * such a head where it differs (`PreTrainedModel.tie_weights`), and ties the two where they are equal. Reads both up to
 * the first difference.
 * @param config the object of config.json
 */
export async function hasOwnHead(
  config: unknown,
  weights: WeightSource,
  signal?: AbortSignal
): Promise<boolean> {
  const tied = (config as { tie_word_embeddings?: unknown } | null)?.tie_word_embeddings === true;
  if (!tied || !weights.has(HEAD) || !weights.has(EMBEDDING)) return false;
  if (weights.shape(HEAD).join() !== weights.shape(EMBEDDING).join()) return true;
  const [head, embedding] = [valuesOf(weights, HEAD, signal), valuesOf(weights, EMBEDDING, signal)];
  try {
    for (;;) {
      const [a, b] = [await head.next(), await embedding.next()];
      if (a.done || b.done) return a.done !== b.done;
      if (a.value.length !== b.value.length || a.value.some((value, i) => value !== b.value[i])) return true;
    }
  } finally {
    await Promise.all([head.return?.(), embedding.return?.()]);
  }
}

/** A tensor in pieces of one length, whatever its type's chunks are. */
async function* valuesOf(weights: WeightSource, name: string, signal?: AbortSignal) {
  const piece = 2 ** 16;
  let held = new Float32Array(0);
  for await (const chunk of weights.stream(name, signal)) {
    const all = new Float32Array(held.length + chunk.length);
    all.set(held);
    all.set(chunk, held.length);
    let at = 0;
    for (; at + piece <= all.length; at += piece) yield all.subarray(at, at + piece);
    held = all.slice(at);
  }
  if (held.length > 0) yield held;
}
