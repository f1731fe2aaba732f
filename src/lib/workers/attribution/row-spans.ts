/** Exact words of an answer in the rows of a run, where rows that may not be shown are counted and no more. */
import { SpanIndex, type SpanPlace } from '../../attribution/spans/span-index';
import type { PaceOptions } from '../../datanets/pace';
import type { RunData } from '../run-data';
import type { AnswerSpan } from './protocol';

/** Rows that a span names, at most. */
const mostSpanRows = 20;

/** An index of some of the rows, and which they are. */
interface Part {
  readonly index: SpanIndex;
  readonly rows: readonly number[];
}

export class RowSpans {
  /** What may be shown and what may not lie apart: a longer match in a hidden row takes nothing from one that is seen. */
  readonly #shown: Part;
  readonly #hidden: Part;

  private constructor(shown: Part, hidden: Part) {
    this.#shown = shown;
    this.#hidden = hidden;
  }

  /** @throws the abort reason */
  static async build(
    { contributed, hidden }: Pick<RunData, 'contributed' | 'hidden'>,
    options: PaceOptions = {}
  ): Promise<RowSpans> {
    const partOf = async (keep: boolean): Promise<Part> => {
      const rows = [...contributed.keys()].filter((i) => hidden.has(contributed[i]) === keep);
      const index = await SpanIndex.build(
        rows.map((i) => contributed[i]),
        options
      );
      return { index, rows };
    };
    return new RowSpans(await partOf(false), await partOf(true));
  }

  /**
   * Spans in rows that may be shown, in the answer's order, with how many rows have them, the hidden ones among them.
   * @param named rows that come first where a span names only some
   * @returns `hidden`: how many spans of the answer stand in rows that may not be shown
   */
  match(answer: string, named: ReadonlySet<number>): { spans: AnswerSpan[]; hidden: number } {
    const spans = this.#shown.index.match(answer).map(({ start, end, rows: found }): AnswerSpan => {
      const rows = found.map((row) => this.#shown.rows[row]);
      const first = rows.filter((row) => named.has(row));
      const others = rows.filter((row) => !named.has(row));
      const count = rows.length + this.#hiddenWith(answer.slice(start, end));
      return { start, end, rows: [...first, ...others].slice(0, mostSpanRows), count };
    });
    return { spans, hidden: this.#hidden.index.match(answer).length };
  }

  /** Where a part of an answer stands in a row; nowhere in one that may not be shown. */
  placesIn(row: number, part: string): SpanPlace[] {
    const at = this.#shown.rows.indexOf(row);
    return at < 0 ? [] : this.#shown.index.placesIn(at, part);
  }

  /** Hidden rows with all of a part. */
  #hiddenWith(part: string): number {
    const whole = this.#hidden.index.match(part).find(({ start, end }) => start === 0 && end === part.length);
    return whole?.rows.length ?? 0;
  }
}
