/** The beginning and end of a digest: what two people can compare by eye. */
export function short(digest: string): string {
  return digest.length <= 20 ? digest : `${digest.slice(0, 10)}…${digest.slice(-6)}`;
}

/** `12 rows`, `1 row`. */
export function rowCount(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`;
}
