/** Which rows of a long list are drawn, and where: rows of one height, in a box that scrolls. */

/** Browsers draw no element much taller; Firefox ends at 17.9 million pixels. */
const tallest = 12_000_000;

export interface ListWindow {
  /** Height of all rows together, as the scroll bar sees it. */
  height: number;
  /** The rows to draw: from `first` up to `end`. */
  first: number;
  end: number;
  /** Distance of the first drawn row from the top of the whole, in pixels. */
  offset: number;
}

/**
 * The rows to draw, a few more than can be seen. A list too tall for a browser scrolls in proportion: its scroll bar
 * spans all rows, and a pixel of it stands for more than one.
 */
export function listWindow(
  total: number,
  rowHeight: number,
  viewHeight: number,
  scrollTop: number,
  overscan = 6
): ListWindow {
  const full = total * rowHeight;
  const height = Math.min(full, tallest);
  // Where the top of the view lies in the full list.
  const top =
    full > height ? (scrollTop / Math.max(1, height - viewHeight)) * (full - viewHeight) : scrollTop;
  const first = clamp(Math.floor(top / rowHeight) - overscan, 0, total);
  const end = clamp(Math.ceil((top + viewHeight) / rowHeight) + overscan, first, total);
  return { height, first, end, offset: first * rowHeight - top + scrollTop };
}

/** Where to scroll so that a row is seen whole; the present place where it is already. */
export function scrollTopFor(
  row: number,
  total: number,
  rowHeight: number,
  viewHeight: number,
  scrollTop: number
): number {
  const full = total * rowHeight;
  const height = Math.min(full, tallest);
  const scale = full > height ? (full - viewHeight) / Math.max(1, height - viewHeight) : 1;
  const top = scrollTop * scale;
  const wanted = clamp(top, (row + 1) * rowHeight - viewHeight, row * rowHeight);
  return Math.max(0, wanted / scale);
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
