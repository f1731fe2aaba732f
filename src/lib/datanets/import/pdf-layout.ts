import { median } from '../median';
import type { Block } from './document';
import { hasRightToLeft, isUnspaced, rightToLeftShare } from './scripts';

/** A run of text on a page. Units of the page (1/72 inch); `y` grows upwards and is that of the baseline. */
export interface TextRun {
  text: string;
  x: number;
  y: number;
  width: number;
  /** Height of the font. */
  size: number;
}

/** A line of one column, or of the whole width. */
interface Line extends TextRun {
  right: number;
}

/** A gap in a line that is wider than so many font sizes separates columns or cells. */
const GAP = 1.2;
/** Lines whose distance is more than this times the usual one are of different paragraphs. */
const PARAGRAPH_GAP = 1.4;
/** A line in a font this much larger than most is a heading. */
const HEADING_SIZE = 1.18;
const MAX_HEADING_LENGTH = 200;
/** Columns within columns are looked for so deep. */
const MAX_NESTING = 3;

/**
 * Puts the runs of a page into reading order: runs become lines, columns are found by the white gap between them, and
 * lines that cross the gap (titles, footers) divide the page above and below them, as in the XY cut (Nagy, Seth 1984).
 * Lines are joined into paragraphs, words that were broken at a line's end again into words.
 */
export function layOut(runs: readonly TextRun[]): Block[] {
  const lines = toLines(runs);
  if (lines.length === 0) return [];
  const body = usualSize(lines);
  return inReadingOrder(lines, MAX_NESTING).reduce<Block[]>(
    (blocks, column) => joinContinued(blocks, toBlocks(column, body)),
    []
  );
}

/** Blocks of the next column or page behind those before: a sentence that goes on there stays one paragraph. */
export function joinContinued(before: readonly Block[], next: readonly Block[]): Block[] {
  const last = before.at(-1);
  const [first, ...others] = next;
  const isContinued =
    last &&
    first &&
    last.heading === undefined &&
    first.heading === undefined &&
    /[\p{L}\p{N},\u00ad\u2010-]$/u.test(last.text) &&
    /^\p{Ll}/u.test(first.text);
  if (!isContinued) return [...before, ...next];
  return [...before.slice(0, -1), { ...last, text: joinLine(last.text, first.text) }, ...others];
}

/** Joins runs of one baseline that stand close together. */
function toLines(runs: readonly TextRun[]): Line[] {
  const pieces = runs
    .filter((run) => run.text.trim() !== '' && run.size > 0)
    .map((run) => ({ ...run, right: run.x + run.width }));
  const pageShare = rightToLeftShare(pieces.map(({ text }) => text).join(' '));
  return groupRows(pieces).flatMap((row) => {
    const groups: Line[][] = [];
    let [right, size] = [-Infinity, 0];
    for (const piece of row.sort((a, b) => a.x - b.x)) {
      const group = groups.at(-1);
      const isNear = piece.x - right <= GAP * Math.max(size, piece.size);
      if (group && isNear) group.push(piece);
      else groups.push([piece]);
      right = isNear ? Math.max(right, piece.right) : piece.right;
      size = isNear ? Math.max(size, piece.size) : piece.size;
    }
    return groups.map((group) => toLine(group, pageShare));
  });
}

/**
 * @param pieces of one line, from the left
 * @param pageShare of the page's letters, those that run from the right
 */
function toLine(pieces: readonly Line[], pageShare: number): Line {
  const x = pieces[0].x;
  const right = pieces.reduce((max, piece) => Math.max(max, piece.right), -Infinity);
  const size = pieces.reduce((max, piece) => Math.max(max, piece.size), 0);
  const [first, ...others] = inOrderOfReading(pieces, pageShare);
  let [text, last] = [first.text, first];
  for (const piece of others) {
    const gap = Math.max(piece.x - last.right, last.x - piece.right);
    // Scripts without blanks are spread to fill their lines.
    const least = (isUnspaced(text, piece.text) ? 0.6 : 0.15) * piece.size;
    const isApart = gap > least && !/\s$/.test(text) && !/^\s/.test(piece.text);
    text += isApart ? ` ${piece.text}` : piece.text;
    last = piece;
  }
  return { text, x, y: pieces[0].y, width: right - x, size, right };
}

/**
 * The pieces of a line as they are read: a line of mostly Hebrew or Arabic from the right, with its stretches of other letters
 * the other way round; and so in lines from the left. (Inside a piece the letters are in order already.)
 */
function inOrderOfReading(pieces: readonly Line[], pageShare: number): readonly Line[] {
  const share = rightToLeftShare(pieces.map((piece) => piece.text).join(' '));
  if (share === 0) return pieces;
  // Of a line with much of both, the page tells which way it runs.
  const isFromRight = (share > 0.3 && share < 0.7 ? pageShare : share) > 0.5;
  const ordered = isFromRight ? pieces.toReversed() : [...pieces];
  const isOpposite = (piece: Line) =>
    isFromRight ? /\p{L}/u.test(piece.text) && !hasRightToLeft(piece.text) : hasRightToLeft(piece.text);
  const isNeutral = (piece: Line) => !/\p{L}/u.test(piece.text);
  for (let start = 0; start < ordered.length; start++) {
    if (!isOpposite(ordered[start])) continue;
    let end = start;
    for (let at = start; at < ordered.length && (isOpposite(ordered[at]) || isNeutral(ordered[at])); at++) {
      if (isOpposite(ordered[at])) end = at;
    }
    ordered.splice(start, end - start + 1, ...ordered.slice(start, end + 1).reverse());
    start = end;
  }
  return ordered;
}

/** Runs with about the same baseline, from the top of the page down. Superscripts stay with their line. */
function groupRows(runs: Line[]): Line[][] {
  const rows: Line[][] = [];
  let baseline = Infinity;
  for (const run of [...runs].sort((a, b) => b.y - a.y)) {
    const row = rows.at(-1);
    if (row && baseline - run.y <= 0.4 * Math.min(run.size, row[0].size)) row.push(run);
    else {
      rows.push([run]);
      baseline = run.y;
    }
  }
  return rows;
}

function inReadingOrder(lines: Line[], nesting: number): Line[][] {
  const isFromRight = rightToLeftShare(lines.map((line) => line.text).join(' ')) > 0.5;
  const byHeight = [...lines].sort((a, b) => b.y - a.y || (isFromRight ? b.x - a.x : a.x - b.x));
  const gap = nesting > 0 ? findGap(byHeight) : undefined;
  if (gap === undefined) return [byHeight];
  const columns: Line[][] = [];
  let [left, right]: Line[][] = [[], []];
  const flush = () => {
    for (const side of isFromRight ? [right, left] : [left, right]) {
      if (side.length > 0) columns.push(...inReadingOrder(side, nesting - 1));
    }
    [left, right] = [[], []];
  };
  let across: Line[] = [];
  for (const line of byHeight) {
    const isAcross = line.x < gap && line.right > gap;
    if (isAcross) {
      flush();
      across.push(line);
      continue;
    }
    if (across.length > 0) columns.push(across);
    across = [];
    (line.right <= gap ? left : right).push(line);
  }
  flush();
  if (across.length > 0) columns.push(across);
  return columns;
}

/** The x of a white gap between two columns of text, if most lines keep clear of it and fill their side. */
function findGap(lines: readonly Line[]): number | undefined {
  if (lines.length < 6) return undefined;
  const start = lines.reduce((min, line) => Math.min(min, line.x), Infinity);
  const end = lines.reduce((max, line) => Math.max(max, line.right), -Infinity);
  const width = end - start;
  const candidates = [...new Set(lines.map((line) => Math.round(line.x) - 1))]
    .filter((x) => x > start + 0.15 * width && x < end - 0.15 * width)
    .slice(0, 400);
  let best: { x: number; crossing: number } | undefined;
  for (const x of candidates) {
    const left = lines.filter((line) => line.right <= x);
    const right = lines.filter((line) => line.x >= x);
    const crossing = lines.length - left.length - right.length;
    const smaller = Math.min(left.length, right.length);
    if (
      smaller < 3 ||
      crossing > 0.3 * lines.length ||
      !isColumn(left, x - start) ||
      !isColumn(right, end - x)
    )
      continue;
    // A gap is as wide as a letter at least; a table's cells fill little of their column.
    const innermost = left.reduce((max, line) => Math.max(max, line.right), start);
    if (x - innermost < 0.5 * usualSize(lines)) continue;
    if (!best || crossing < best.crossing) best = { x, crossing };
  }
  return best?.x;
}

/** Whether lines fill the width of a column, as running text does. */
function isColumn(lines: readonly Line[], width: number): boolean {
  return median(lines.map((line) => line.width)) > 0.5 * width;
}

function toBlocks(lines: readonly Line[], body: number): Block[] {
  const steps = lines.slice(1).map((line, i) => lines[i].y - line.y);
  const step = median(steps.filter((distance) => distance > 0)) || body * 1.2;
  const blocks: { lines: Line[]; isHeading: boolean }[] = [];
  for (const [i, line] of lines.entries()) {
    const isHeading = line.size >= HEADING_SIZE * body && line.text.length <= MAX_HEADING_LENGTH;
    const last = blocks.at(-1);
    const usual = isHeading ? line.size * 1.5 : Math.min(step, body * 2);
    const isNear = last && last.isHeading === isHeading && lines[i - 1].y - line.y <= PARAGRAPH_GAP * usual;
    if (isNear) last.lines.push(line);
    else blocks.push({ lines: [line], isHeading });
  }
  return blocks.flatMap(({ lines: own, isHeading }) => {
    const text = own.reduce((joined, line) => joinLine(joined, line.text), '').trim();
    if (text === '') return [];
    return isHeading ? [{ text, heading: own[0].size >= 1.6 * body ? 1 : 2 }] : [{ text }];
  });
}

/**
 * A line behind the text so far. A hyphen between a letter and a small letter broke a word; a soft hyphen always did.
 */
function joinLine(text: string, line: string): string {
  const next = line.trim();
  const before = text.trimEnd();
  if (before === '') return next;
  if (before.endsWith('\u00ad')) return before.slice(0, -1) + next;
  if (/\p{L}[-\u2010]$/u.test(before) && /^\p{Ll}/u.test(next)) return before.slice(0, -1) + next;
  return isUnspaced(before, next) ? before + next : `${before} ${next}`;
}

/** The size of the font that most characters have. */
function usualSize(lines: readonly Line[]): number {
  const characters = new Map<number, number>();
  for (const { size, text } of lines) {
    const rounded = Math.round(size * 2) / 2;
    characters.set(rounded, (characters.get(rounded) ?? 0) + text.length);
  }
  return [...characters].sort((a, b) => b[1] - a[1])[0]?.[0] || 1;
}
