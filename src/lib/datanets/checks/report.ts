import type { Row } from '../row';
import { DistinctCounter } from './distinct';
import { CHECKS, type CheckName, type Finding, type Severity } from './finding';
import { lengthOf, textsOf } from './texts';
import { WordReader } from './words';

/** What checks found, counted, and what the rows are like as a whole. Plain data. */
export interface CheckReport {
  rows: number;
  /** Milliseconds since 1970. */
  made: number;
  /** The checks that were made, in their order, with nothing found too. `severity` is the highest that was found. */
  byCheck: { check: CheckName; severity: Severity; rows: number; findings: number }[];
  /** Rows per length in characters: `counts[i]` rows have up to `edges[i]`, and more than the edge before. */
  lengths: { edges: number[]; counts: number[] };
  /** Words seen after so many rows: how fast the vocabulary grows. Words are counted where all checks are made. */
  vocabulary: { rows: number[]; words: number[] };
  words: number;
  distinctWords: number;
  /** Most rows first; `und` where a row is too short or too mixed to tell (ISO 639-2's code for it). */
  languages: { language: string; rows: number }[];
}

/** Points of the curve of the vocabulary. */
const CURVE_POINTS = 100;

/** Edges grow by a quarter of an octave's four: 16, 19, 23, 27, 32, 38… so that short and long rows show alike. */
const EDGES_AN_OCTAVE = 4;
const FIRST_EDGE = 16;

const SEVERITIES: readonly Severity[] = ['note', 'warning', 'error'];

/** Gathers a `CheckReport` row by row. Its memory does not grow with the rows. */
export class ReportBuilder {
  readonly #expected: number;
  readonly #reader = new WordReader();
  readonly #distinct = new DistinctCounter();
  readonly #byCheck: Map<CheckName, { severity: Severity; rows: number; findings: number }>;
  readonly #lengths: number[] = [];
  readonly #languages = new Map<string, number>();
  readonly #vocabulary: CheckReport['vocabulary'] = { rows: [], words: [] };
  readonly #countsWords: boolean;
  #rows = 0;
  #words = 0;

  /** @param expected rows that will come, for the spacing of the vocabulary's curve. */
  constructor(checks: readonly CheckName[], expected: number) {
    this.#expected = expected;
    this.#countsWords = CHECKS.every((check) => checks.includes(check));
    const none = CHECKS.filter((check) => checks.includes(check)).map(
      (check) => [check, { severity: 'note' as Severity, rows: 0, findings: 0 }] as const
    );
    this.#byCheck = new Map(none);
  }

  /** @param language absent where languages are not looked at. */
  add(row: Row, findings: readonly Finding[], language?: string): void {
    this.#rows += 1;
    if (this.#countsWords) this.#countWords(row);
    const bin = binOf(lengthOf(row));
    this.#lengths[bin] = (this.#lengths[bin] ?? 0) + 1;
    if (language !== undefined) this.#languages.set(language, (this.#languages.get(language) ?? 0) + 1);
    this.#addFindings(findings);
    const step = Math.max(1, Math.ceil(this.#expected / CURVE_POINTS));
    if (this.#rows % step === 0) this.#addPoint();
  }

  #countWords(row: Row): void {
    for (const { text } of textsOf(row)) {
      const words = this.#reader.hashes(text);
      this.#words += words.length;
      for (let i = 0; i < words.length; i += 1) this.#distinct.add(words[i]);
    }
  }

  finish(made: number): CheckReport {
    if (this.#rows > 0 && this.#vocabulary.rows.at(-1) !== this.#rows) this.#addPoint();
    const first = this.#lengths.findIndex((count) => count > 0);
    const bins = first < 0 ? [] : Array.from({ length: this.#lengths.length - first }, (_, i) => first + i);
    return {
      rows: this.#rows,
      made,
      byCheck: Array.from(this.#byCheck, ([check, counts]) => ({ check, ...counts })),
      lengths: { edges: bins.map(edgeOf), counts: bins.map((bin) => this.#lengths[bin] ?? 0) },
      vocabulary: this.#vocabulary,
      words: this.#words,
      distinctWords: this.#distinct.count,
      languages: Array.from(this.#languages, ([language, rows]) => ({ language, rows })).sort(
        (a, b) => b.rows - a.rows
      )
    };
  }

  #addFindings(findings: readonly Finding[]): void {
    const told = new Set<CheckName>();
    for (const { check, severity } of findings) {
      const counts = this.#byCheck.get(check);
      if (!counts) continue;
      counts.findings += 1;
      if (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(counts.severity)) counts.severity = severity;
      if (!told.has(check)) counts.rows += 1;
      told.add(check);
    }
  }

  #addPoint(): void {
    if (!this.#countsWords) return;
    this.#vocabulary.rows.push(this.#rows);
    this.#vocabulary.words.push(this.#distinct.count);
  }
}

function binOf(length: number): number {
  let bin = Math.max(0, Math.floor(Math.log2(Math.max(1, length) / FIRST_EDGE) * EDGES_AN_OCTAVE));
  // Edges are rounded; the logarithm is not.
  while (edgeOf(bin) < length) bin += 1;
  return bin;
}

function edgeOf(bin: number): number {
  return Math.round(FIRST_EDGE * 2 ** (bin / EDGES_AN_OCTAVE));
}
