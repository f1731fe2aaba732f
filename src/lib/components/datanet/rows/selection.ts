/** Rows that are chosen together, by their keys. A choice never changes: what changes it gives another. */
export type Selection = ReadonlySet<number>;

export const nothingSelected: Selection = new Set();

/** With these keys, too. Takes a hundred thousand at once. */
export function withKeys(selection: Selection, keys: Iterable<number>): Selection {
  const next = new Set(selection);
  for (const key of keys) next.add(key);
  return next;
}

export function withoutKey(selection: Selection, key: number): Selection {
  const next = new Set(selection);
  next.delete(key);
  return next;
}

/** With the key where it was not chosen, without it where it was. */
export function toggled(selection: Selection, key: number): Selection {
  return selection.has(key) ? withoutKey(selection, key) : withKeys(selection, [key]);
}
