import { TabtuneError } from '../../errors';

/** A token has no row in the embedding: reading it would read whatever lies behind. */
export class TokenIdError extends TabtuneError {}

/**
 * What every list of ids passes before it reaches the GPU.
 * @param vocabulary rows of the embedding
 * @throws TokenIdError naming the id, its place and the rows
 */
export function checkTokenIds(ids: ArrayLike<number>, vocabulary: number): void {
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at];
    if (id >= 0 && id < vocabulary && Number.isInteger(id)) continue;
    throw new TokenIdError(
      `Token ${at} has the id ${id}; the model's embedding has the ${vocabulary} rows 0 to ${vocabulary - 1}. The tokeniser belongs to another model: choose the two that were made for each other.`,
      { details: { at, id, rows: vocabulary } }
    );
  }
}
