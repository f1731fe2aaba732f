/** Text cut where marks begin and end, so that each piece is marked as a whole. */

export interface TextPiece {
  text: string;
  /** UTF-16 offset of its beginning. */
  start: number;
  /** Positions of the marks that cover it; none for what lies between. */
  marks: number[];
}

export interface TextMark {
  /** UTF-16 offsets; what lies outside of the text is left out. */
  start: number;
  end: number;
}

/** Cuts a text at its marks, which may overlap. The pieces in their order make the text again. */
export function piecesOf(text: string, marks: readonly TextMark[]): TextPiece[] {
  const within = marks.map(({ start, end }) => ({
    start: Math.max(0, start),
    end: Math.min(text.length, end)
  }));
  const edges = new Set([0, text.length]);
  for (const { start, end } of within) if (start < end) edges.add(start).add(end);
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((start, i) => ({
    text: text.slice(start, sorted[i + 1]),
    start,
    marks: within.flatMap((mark, at) => (mark.start <= start && start < mark.end ? [at] : []))
  }));
}
