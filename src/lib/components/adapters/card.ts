/** Longer cards are cut: nobody reads on, and rendering would take the page's time. */
const MOST = 100_000;

/** What people read of a model card: the metadata in front of it is for machines. */
export function cardBody(card: string): string {
  return card.slice(0, MOST).replace(/^\s*---\r?\n[^]*?\r?\n---(?:\r?\n|$)/, '');
}
