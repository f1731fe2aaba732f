/** Which rows made an answer: those whose gradients point its way, and those with its very words. */
import { isChatRow, type Row, type RowContent } from '../../datanets/row';
import type { Explainer } from '../../jobs/explain';
import { contributorOf, namesOf, peopleShares, takenScores, type PeopleRows } from './people';
import type { AnswerSources, AnswerSpan, ExplainRequest, SourceRow } from './protocol';
import type { RowSpans } from './row-spans';
import type { RunData } from '../run-data';

/** Rows that an answer names where nobody says how many. */
const usualRows = 8;

/** The rows of a run as answers name them: numbered in the order in which they were contributed. */
export type NamedRows = Pick<RunData, 'contributed' | 'contributors' | 'hidden'>;

/** What stays open between two questions about a run. */
export class AnswerExplainer {
  readonly #data: NamedRows;
  readonly #explainer: Pick<Explainer, 'explain' | 'destroy'>;
  readonly #people: PeopleRows;
  readonly #spans: RowSpans;
  readonly #missing: readonly number[];

  /** @param missing steps of the run whose moments are not there */
  constructor(
    data: NamedRows,
    explainer: Pick<Explainer, 'explain' | 'destroy'>,
    people: PeopleRows,
    spans: RowSpans,
    missing: readonly number[]
  ) {
    this.#data = data;
    this.#explainer = explainer;
    this.#people = people;
    this.#spans = spans;
    this.#missing = missing;
  }

  /** @throws what `Explainer.explain` throws */
  async explain(
    { messages, top = usualRows }: Pick<ExplainRequest, 'messages' | 'top'>,
    signal: AbortSignal
  ): Promise<AnswerSources> {
    const explained = await this.#explainer.explain({ messages }, { signal });
    const { index, scores: values, moments, milliseconds } = explained;
    const scores = takenScores({ queries: 1, rows: values.length, values }, this.#people);
    const answer = messages.at(-1)!.content;
    const rows = topRows(this.#data, index, scores.values, top);
    const { spans, hidden } = this.#spans.match(answer, new Set(rows.map((row) => row.index)));
    return {
      rows: rows.map((row) => ({ ...row, matches: this.#matches(row, answer, spans) })),
      contributors: peopleShares(scores, this.#people)
        .filter(({ share }) => share > 0)
        .sort((a, b) => b.share - a.share)
        .map(({ contributor: id, name, share }) => ({ id, name, share })),
      spans,
      hiddenSpans: hidden,
      compared: index.length,
      moments: moments.length,
      ...(this.#missing.length > 0 ? { missing: [...this.#missing] } : {}),
      milliseconds
    };
  }

  destroy(): void {
    this.#explainer.destroy();
  }

  #matches(
    { index, content }: SourceRow,
    answer: string,
    spans: readonly AnswerSpan[]
  ): SourceRow['matches'] {
    if (!content) return [];
    return spans
      .filter(({ rows }) => rows.includes(index))
      .flatMap(({ start, end }) => this.#spans.placesIn(index, answer.slice(start, end)));
  }
}

/**
 * The rows that did most, most first; rows that did nothing or hurt are not among them.
 * @param index of the scored rows, among the contributed ones
 */
export function topRows(
  data: NamedRows,
  index: readonly number[],
  scores: ArrayLike<number>,
  top: number
): SourceRow[] {
  const nameOf = namesOf(data);
  const helping = index.map((row, i) => ({ row, score: scores[i] })).filter(({ score }) => score > 0);
  const total = helping.reduce((sum, { score }) => sum + score, 0);
  return helping
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, top)
    .map(({ row: at, score }) => {
      const row = data.contributed[at];
      const id = contributorOf(row);
      return {
        index: at,
        contributor: { id, name: nameOf(id) },
        ...{ score, share: score / total, matches: [] },
        ...(data.hidden.has(row) ? {} : { content: contentOf(row) })
      };
    });
}

function contentOf(row: Row): RowContent {
  return isChatRow(row) ? { messages: row.messages } : { text: row.text };
}
