/** `20 Nov 2026`, in the reader's own clock: statements live for years. */
export function dateWords(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return 'at an unknown time';
  return moment.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** The last day on which something holds that ends at a moment: `30 Jun 2027` for its very end. */
export function lastDayWords(expires: string): string {
  const moment = Date.parse(expires);
  return Number.isNaN(moment) ? 'at an unknown time' : dateWords(new Date(moment - 1).toISOString());
}
