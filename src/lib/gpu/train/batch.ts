import { TabtuneError } from '../../errors';
import { checkTokenIds } from '../model/token-ids';

/** A batch holds more tokens than the plan has room for. */
export class BatchTooLargeError extends TabtuneError {}

/** A row as tokens, with a mark on each token that the model should learn to say. */
export interface TrainingRow {
  readonly tokens: Uint32Array;
  /** 1 where the token is a target. The first token never is: nothing precedes it. */
  readonly trained: Uint8Array;
  /** Where further sequences begin: they see nothing of each other, as if they were rows. None where absent. */
  readonly starts?: readonly number[];
}

/** A batch as the plan's tensors want it: rows one behind another, without padding. */
export interface PackedBatch {
  readonly tokens: number;
  readonly trained: number;
  readonly ids: Uint32Array<ArrayBuffer>;
  readonly positions: Uint32Array<ArrayBuffer>;
  readonly spans: Uint32Array<ArrayBuffer>;
  readonly gather: Uint32Array<ArrayBuffer>;
  readonly targets: Uint32Array<ArrayBuffer>;
  readonly scatter: Uint32Array<ArrayBuffer>;
}

/**
 * Lays rows behind one another. The hidden state of token t predicts token t + 1, so a target's prediction comes from
 * the row before it: `gather` lists those rows, `targets` what they should predict. The last token of a row predicts
 * nothing and is left out.
 * @param capacity tokens that the plan has room for
 * @param vocabulary rows of the embedding, and of the head
 * @throws BatchTooLargeError, TokenIdError
 */
export function packBatch(rows: readonly TrainingRow[], capacity: number, vocabulary: number): PackedBatch {
  const tokens = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  if (tokens > capacity) {
    throw new BatchTooLargeError(`A batch of ${tokens} tokens does not fit a plan for ${capacity}.`, {
      details: { tokens, capacity }
    });
  }
  const u32 = (n: number) => new Uint32Array(Math.max(n, 1));
  const [ids, positions, spans, scatter] = [u32(tokens), u32(tokens), u32(2 * tokens), u32(tokens)];
  const gather: number[] = [];
  const targets: number[] = [];
  let start = 0;
  for (const row of rows) {
    checkTokenIds(row.tokens, vocabulary);
    const bounds = [0, ...(row.starts ?? []), row.tokens.length];
    for (let s = 0; s + 1 < bounds.length; s++) {
      const [first, end] = [bounds[s], bounds[s + 1]];
      for (let t = first; t < end; t++) {
        const at = start + t;
        ids[at] = row.tokens[t];
        positions[at] = t - first;
        spans[2 * at] = start + first;
        spans[2 * at + 1] = start + end;
        if (t + 1 >= end || !row.trained[t + 1]) continue;
        gather.push(at);
        targets.push(row.tokens[t + 1]);
        scatter[at] = gather.length;
      }
    }
    start += row.tokens.length;
  }
  return {
    tokens,
    trained: gather.length,
    ids,
    positions,
    spans,
    scatter,
    gather: pad(gather),
    targets: pad(targets)
  };
}

function pad(values: readonly number[]): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(values.length ? values : [0]);
}
