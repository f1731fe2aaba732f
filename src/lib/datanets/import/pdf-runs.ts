import type { TextRun } from './pdf-layout';

/** Text as pdf.js finds it on a page. */
export interface TextItem {
  str: string;
  /** From the text's own space to the page's: [a, b, c, d, x, y]. */
  transform: number[];
  width: number;
  height: number;
  /** It runs from the top down, as Chinese and Japanese may. */
  isVertical: boolean;
}

/** The runs of a page, those that read in most of its text's direction apart from those that are turned otherwise. */
export interface PageRuns {
  main: TextRun[];
  /** Stamps up the margin, sideways headings of tables: by direction. */
  asides: TextRun[][];
  /** Characters of fonts that do not say which letters their glyphs are. */
  unreadable: number;
}

/** Quarter turns, counterclockwise. */
type Turn = 0 | 1 | 2 | 3;

/**
 * Sorts the text of a page by how it is turned; each run is then placed as if the page were turned so that it is upright:
 * pages that lie on their side or upside down read like any other.
 */
export function sortRuns(items: readonly TextItem[]): PageRuns {
  const byTurn: TextRun[][] = [[], [], [], []];
  let unreadable = 0;
  for (const item of items) {
    if (isUnreadable(item.str)) {
      unreadable += item.str.trim().length;
      continue;
    }
    const turn = turnOf(item);
    const run = toRun(item, turn);
    if (run) byTurn[turn].push(run);
  }
  const length = (runs: TextRun[]) => runs.reduce((sum, { text }) => sum + text.length, 0);
  const [main = [], ...asides] = byTurn
    .filter((runs) => runs.length > 0)
    .sort((a, b) => length(b) - length(a));
  return { main, asides, unreadable };
}

function turnOf({ transform: [a, b], isVertical }: TextItem): Turn {
  const quarter = Math.round(Math.atan2(b, a) / (Math.PI / 2)) - (isVertical ? 1 : 0);
  return ((quarter + 4) % 4) as Turn;
}

function toRun({ str, transform, width, height, isVertical }: TextItem, turn: Turn): TextRun | undefined {
  const [, , c, d, left, bottom] = transform;
  // What runs down is as long as it is high, and its glyphs as large as it is wide.
  const [length, size] = isVertical ? [height, width] : [width, height || Math.hypot(c, d)];
  const [x, y] = turned(left, bottom, turn);
  const isPlaced = [x, y, length, size].every(Number.isFinite);
  // Signs in the form that they have in vertical lines are the same signs.
  const text = str.replace(/[\ufe10-\ufe19\ufe30-\ufe48]/g, (sign) => sign.normalize('NFKC'));
  return isPlaced && text !== '' ? { text, x, y, width: length, size } : undefined;
}

function turned(x: number, y: number, turn: Turn): [number, number] {
  switch (turn) {
    case 0:
      return [x, y];
    case 1:
      return [y, -x];
    case 2:
      return [-x, -y];
    case 3:
      return [-y, x];
  }
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const NO_LETTER = /[\u0000-\u0008\u000e-\u001f\ufffd]|\p{Cn}/gu;
const PRIVATE = /\p{Co}/gu;

/**
 * Whether the text of a run is the numbers of its glyphs rather than letters: a font that says nothing of its letters
 * leaves control characters among them. A single sign of a private area is a bullet.
 */
function isUnreadable(text: string): boolean {
  const unknown = text.match(NO_LETTER)?.length ?? 0;
  if (unknown > 0 && unknown >= 0.05 * text.length) return true;
  return text.length >= 4 && (text.match(PRIVATE)?.length ?? 0) >= 0.5 * text.length;
}
