/**
 * Says that rows are longer than the model was made for: beyond that its answers are not what it learned, and nothing stops it.
 * @param maxPositions `max_position_embeddings` of the model
 */
export function positionsNotice(
  rows: readonly { readonly tokens: ArrayLike<number> }[],
  maxPositions: number
): string | undefined {
  const longer = rows.filter(({ tokens }) => tokens.length > maxPositions);
  if (longer.length === 0) return undefined;
  const longest = longer.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  return (
    `${longer.length} of ${rows.length} rows are longer than the ${maxPositions} tokens that the model was made for (the longest has ${longest}). ` +
    `Set the length to ${maxPositions} or less, or split the rows.`
  );
}
